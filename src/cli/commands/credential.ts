import { type Command, Option } from 'commander';
import { roles } from '../../contracts/index.ts';
import type { Context } from '../context.ts';
import { memberIn } from '../keys/member.ts';
import { didOf } from '../keys/people.ts';
import { committedReport, submitAs } from '../ledger/submit.ts';
import { table } from '../output/table.ts';
import { shortDid, shortHash, timeText } from '../output/words.ts';
import type { Report, Session } from '../session.ts';
import { time } from './values.ts';

const examples = `
A member gives its agents their roles; --as names the member's key. Agents are named by key or DID.

Examples:
  $ assent credential issue amara --role clinician --until 365d --as member/st-mary
  $ assent credential list amara
  $ assent credential revoke CREDENTIAL --as member/st-mary`;

interface IssueFlags {
  readonly role: string;
  readonly domain?: string;
  readonly from?: number;
  readonly until?: number;
}

export function addCredential(program: Command, session: Session): void {
  const credential = program.command('credential').description('roles of agents').addHelpText('after', examples);
  credential
    .command('issue <agent>')
    .description('give an agent a role')
    .addOption(new Option('--role <role>', 'the role').choices(roles).makeOptionMandatory())
    .option('--domain <name>', 'of a gateway: the one domain it serves')
    .option('--from <time>', 'when it begins (default: at once)', time)
    .option('--until <time>', 'when it ends (default: when it is revoked)', time)
    .action(session.run(issue));
  credential
    .command('revoke <credential>')
    .description('take a role back; its id is in `credential list --json`')
    .action(
      session.run(async (context, id: string) => {
        const home = await context.home('read');
        const member = memberIn(context, home);
        const receipt = await submitAs(home, member, 'credential.revoke', { credential: id });
        return committedReport(context.style, receipt, `The credential ${shortHash(id)} is revoked.`);
      }),
    );
  credential.command('list <agent>').description('what an agent holds, by key or DID').action(session.run(list));
}

async function issue(context: Context, agent: string, flags: IssueFlags): Promise<Report> {
  const home = await context.home('read');
  const member = memberIn(context, home);
  const { role, domain, from, until } = flags;
  const did = didOf(home, agent, domain);
  const period = { ...(from === undefined ? {} : { from }), ...(until === undefined ? {} : { until }) };
  const receipt = await submitAs(home, member, 'credential.issue', {
    agent: did,
    role,
    ...(domain === undefined ? {} : { domain }),
    ...(Object.keys(period).length === 0 ? {} : { period }),
  });
  return committedReport(
    context.style,
    receipt,
    `${agent} holds the role ${role}; the credential is ${shortHash(receipt.id)}.`,
    {
      credential: receipt.id,
      agent: did,
    },
  );
}

async function list(context: Context, agent: string): Promise<Report> {
  const did = agent.startsWith('did:') ? agent : didOf(await context.home('read'), agent, undefined);
  const reply = await context.client().credentials(did);
  const text = table(
    context.style,
    ['role', 'organisation', 'domain', 'from', 'until', 'credential'],
    reply.credentials.map((credential) => [
      String(credential['role']),
      String(credential['organisation']),
      String(credential['domain'] ?? ''),
      timeText(Number(credential['from'])),
      credential['until'] === undefined ? '' : timeText(Number(credential['until'])),
      String(credential['id']),
    ]),
  );
  return { json: reply, text: reply.credentials.length === 0 ? `${shortDid(did)} holds no credential.` : text };
}
