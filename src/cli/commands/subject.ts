import { type Command, Option } from 'commander';
import type { ContractObject } from '../../api/index.ts';
import { toHex } from '../../base/index.ts';
import type { AssentClient } from '../../client/index.ts';
import { keyHolders } from '../../contracts/index.ts';
import { COMMITMENT_SALT_BYTES, commit } from '../../crypto/index.ts';
import { encodeCanonical } from '../../ledger/index.ts';
import type { Context } from '../context.ts';
import { didOf, gatewayOf, peopleIn, personNamed } from '../keys/people.ts';
import { committedReport, submitAs } from '../ledger/submit.ts';
import { table } from '../output/table.ts';
import { shortDid, whenText } from '../output/words.ts';
import type { Report, Session } from '../session.ts';
import { addSubjectActs } from './subject-acts.ts';

const examples = `
A custodian's gateway links a person to a chart. The chart's number stays in the keystore: the ledger holds a salted
commitment to it.

Examples:
  $ assent subject link ada --domain st-mary --chart 4711
  $ assent subject merge ada did:assent:z6Mk… --domain st-mary --reason "registered twice"
  $ assent subject list
  $ assent subject show ada`;

interface LinkFlags {
  readonly domain: string;
  readonly chart: string;
  readonly keyHolder: string;
}

export function addSubject(program: Command, session: Session): void {
  const subject = program
    .command('subject')
    .description('people, as the domains know them')
    .addHelpText('after', examples);
  subject
    .command('link <subject>')
    .description('link a person to a chart of a domain; by key or DID')
    .requiredOption('--domain <name>', 'the domain')
    .requiredOption('--chart <number>', 'the chart; not put on the ledger')
    .addOption(new Option('--key-holder <who>', "who holds the person's key").choices(keyHolders).default('subject'))
    .action(session.run(link));
  addSubjectActs(subject, session);
  subject
    .command('list')
    .description('the people whose keys are here, and the domains that know them')
    .action(session.run((context) => show(context, undefined)));
  subject
    .command('show <subject>')
    .description('one person, by key or DID')
    .action(session.run((context, text: string) => show(context, text)));
}

async function link(context: Context, text: string, { domain, chart, keyHolder }: LinkFlags): Promise<Report> {
  const home = await context.home('write');
  const subject = didOf(home, text, domain);
  const gateway = await gatewayOf(home, context.options.as, domain);
  const salt = home.random.bytes(COMMITMENT_SALT_BYTES);
  const body = encodeCanonical([1, 'chart', chart]);
  const commitment = commit(salt, body);
  const labels = { kind: 'chart', ledger: toHex(home.ledgerId), domain, subject };
  home.keystore.appendOpenings([{ commitment, salt, body, labels }]);
  const payload = { domain, subject, chart: toHex(commitment), keyHolder };
  const receipt = await submitAs(home, gateway, 'enrolment.link', payload);
  return committedReport(context.style, receipt, `${text} is linked to a chart of ${domain}.`, { subject });
}

async function show(context: Context, text: string | undefined): Promise<Report> {
  const home = await context.home('read');
  const client = context.client();
  const names = (await client.domains()).domains.map(({ name }) => name);
  const people = text === undefined ? await peopleIn(home, names) : [await personNamed(home, text, names)];
  const links = [];
  for (const { title, key, dids } of people)
    for (const did of dids)
      for (const domain of names) {
        // A subject has one domain; the others answer not-found.
        const view = await client.link(domain, did).catch(() => undefined);
        if (view === undefined) continue;
        const history = text === undefined ? {} : { history: await historyOf(client, did) };
        links.push({ title, key, domain, subject: did, link: view.link, ...history });
      }
  const rows = links.map(({ title, key, domain, subject, link: about }) => [
    title,
    key ?? '',
    domain,
    text === undefined ? shortDid(subject) : subject,
    String(about['keyHolder']),
    whenText(Number(about['linkedAt']), context.nowMs),
    mergeText(about),
  ]);
  const table_ = table(context.style, ['person', 'key', 'domain', 'DID', 'key held by', 'linked', 'merged'], rows);
  return { json: { subjects: links }, text: rows.length === 0 ? 'No domain knows anybody whose key is here.' : table_ };
}

async function historyOf(client: AssentClient, did: string): Promise<ContractObject[]> {
  const history: ContractObject[] = [];
  for await (const { entry } of client.entries('enrolment', did)) history.push(entry);
  return history;
}

function mergeText({ mergedInto, absorbed }: ContractObject): string {
  if (mergedInto !== undefined) return `into ${shortDid(String(mergedInto))}`;
  return ((absorbed ?? []) as readonly string[]).map((did) => `with ${shortDid(did)}`).join(', ');
}
