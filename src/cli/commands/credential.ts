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
  $ assent credential suspend CREDENTIAL --as member/st-mary
  $ assent credential join amara ward-4 --as member/st-mary`;

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
  for (const [verb, description, done] of [
    ['suspend', 'stop a role from counting for a while', 'is suspended'],
    ['resume', 'let a suspended role count again', 'counts again'],
    ['revoke', 'take a role back; its id is in `credential list --json`', 'is revoked'],
  ] as const)
    credential
      .command(`${verb} <credential>`)
      .description(description)
      .action(session.run((context, id: string) => change(context, verb, id, done)));
  credential
    .command('join <agent> <group>')
    .description('put an agent into a group of the member: a ward, a care team')
    .option('--from <time>', 'when it begins (default: at once)', time)
    .option('--until <time>', 'when it ends (default: when the agent leaves)', time)
    .action(session.run(join));
  credential
    .command('leave <agent> <group>')
    .description('take an agent out of a group of the member')
    .action(session.run(leave));
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

async function change(context: Context, verb: string, id: string, done: string): Promise<Report> {
  const home = await context.home('read');
  const receipt = await submitAs(home, memberIn(context, home), `credential.${verb}`, { credential: id });
  return committedReport(context.style, receipt, `The credential ${shortHash(id)} ${done}.`);
}

async function join(
  context: Context,
  agent: string,
  group: string,
  { from, until }: { readonly from?: number; readonly until?: number },
): Promise<Report> {
  const home = await context.home('read');
  const period = { ...(from === undefined ? {} : { from }), ...(until === undefined ? {} : { until }) };
  const receipt = await submitAs(home, memberIn(context, home), 'credential.joinGroup', {
    agent: didOf(home, agent, undefined),
    group,
    ...(Object.keys(period).length === 0 ? {} : { period }),
  });
  return committedReport(context.style, receipt, `${agent} is in the group ${group}.`);
}

async function leave(context: Context, agent: string, group: string): Promise<Report> {
  const home = await context.home('read');
  const payload = { agent: didOf(home, agent, undefined), group };
  const receipt = await submitAs(home, memberIn(context, home), 'credential.leaveGroup', payload);
  return committedReport(context.style, receipt, `${agent} is not in the group ${group} any more.`);
}

async function list(context: Context, agent: string): Promise<Report> {
  const did = agent.startsWith('did:') ? agent : didOf(await context.home('read'), agent, undefined);
  const reply = await context.client().credentials(did);
  const credentials = table(
    context.style,
    ['role', 'organisation', 'domain', 'from', 'until', 'now', 'credential'],
    reply.credentials.map((credential) => [
      String(credential['role']),
      String(credential['organisation']),
      String(credential['domain'] ?? ''),
      timeText(Number(credential['from'])),
      credential['until'] === undefined ? '' : timeText(Number(credential['until'])),
      credential['inForce'] === true
        ? 'counts'
        : credential['suspendedAt'] === undefined
          ? 'does not count'
          : 'suspended',
      String(credential['id']),
    ]),
  );
  const groups = table(
    context.style,
    ['group', 'organisation', 'from', 'until', 'now'],
    reply.groups.map((group) => [
      String(group['group']),
      String(group['organisation']),
      timeText(Number(group['from'])),
      group['until'] === undefined ? '' : timeText(Number(group['until'])),
      group['inForce'] === true ? 'counts' : 'does not count',
    ]),
  );
  const held = reply.credentials.length === 0 ? `${shortDid(did)} holds no credential.` : credentials;
  return { json: reply, text: reply.groups.length === 0 ? held : `${held}\n\n${groups}` };
}
