import { type Command, Option } from 'commander';
import { AssentError } from '../../base/index.ts';
import { signAccessRequest } from '../../client/index.ts';
import { type Action, actions, categories, type PurposeOfUse, type Role, roles } from '../../contracts/index.ts';
import { accessLogOf } from '../../demo/index.ts';
import type { Context } from '../context.ts';
import { claimOf } from '../keys/claims.ts';
import { didOf, gatewayOf, identityOfKey, personNamed } from '../keys/people.ts';
import { commitTo, eventIdOf } from '../ledger/commit.ts';
import { gatewayClaims, noClaims } from '../ledger/gateway-claims.ts';
import { committedReport, submitAs } from '../ledger/submit.ts';
import { accessLogTable } from '../output/access-table.ts';
import { paintDecision } from '../output/style.ts';
import { relativeText } from '../output/words.ts';
import type { Report, Session } from '../session.ts';
import { addAccessAdditions } from './access-additions.ts';
import { recordBatch } from './access-batch.ts';
import { addAccessWaiting } from './access-waiting.ts';
import { addTransactionList } from './transaction-list.ts';
import { listOf, purposeOption, time } from './values.ts';

const examples = `
The agent's key signs the request; the custodian's gateway (--as, else the one in the keystore) records it with the
decision. Every request is logged, denials included.

Examples:
  $ assent access record --agent amara --subject ada --domain st-mary --purpose TREAT --resource "the allergies"
  $ assent access record --domain st-mary --batch accesses.ndjson
  $ assent access break-glass --as noor --subject ada --domain st-mary --category allergies --justification "unconscious"
  $ assent access log ada
  $ assent access list --agent noor --organisation st-mary --from 7d
  $ assent access review ada --domain st-mary --entry 2 --outcome justified --findings "no other way" --as pia
  $ assent access overdue
  $ assent access dispute ada --domain st-mary --entry 4 --reason "I was not there"`;

const requestValidityMs = 10 * 60_000;

interface RequestFlags {
  readonly subject: string;
  readonly domain: string;
  readonly role?: string;
  readonly organisation?: string;
  readonly eventId?: string;
}

interface RecordFlags extends Partial<RequestFlags> {
  readonly agent?: string;
  readonly purpose?: PurposeOfUse;
  readonly action?: string;
  readonly resource?: string;
  readonly batch?: string;
  readonly facts?: string;
  readonly inEmergencyCategory?: boolean;
}

interface GlassFlags extends RequestFlags {
  readonly category: readonly string[];
  readonly justification: string;
  readonly until: number;
}

export function addAccess(program: Command, session: Session): void {
  const access = program
    .command('access')
    .description('requests for records, and who made them')
    .addHelpText('after', examples);
  claimOptions(access.command('record'))
    .description('ask for a record, or with --batch for many: the decision and its entry in the log in one')
    .option('--subject <who>', 'whose record, by key or DID')
    .option('--domain <name>', "the record's custodian")
    .option('--agent <name>', 'who asks: a key, since the request is signed')
    .addOption(purposeOption('what for'))
    .addOption(new Option('--action <action>', 'to do what (default: access)').choices(actions))
    .option('--resource <text>', 'what is asked for; the ledger gets a salted commitment to it')
    .option('--batch <file>', 'accesses of the domain, a JSON object a line, under one signature of the gateway')
    .option(
      '--facts <file>',
      'JSON of what the record is (labels, class, codes, date …): the sealed clauses are looked at with it',
    )
    .option('--in-emergency-category', 'the record is in a category that was named when the glass was broken')
    .action(session.run(record));
  requestOptions(access.command('break-glass'))
    .description('open categories of a person for an emergency, as --as; the person sees it at once')
    .requiredOption('--category <names>', `what to open: ${categories.slice(0, 3).join(', ')} …`, listOf)
    .requiredOption('--justification <text>', 'why; the ledger gets a salted commitment to it')
    .addOption(new Option('--until <time>', 'when it ends').default(undefined, '4h').argParser(time))
    .action(session.run(breakGlass));
  access
    .command('log [subject]')
    .description('who asked for what of a person, oldest first; by key or DID')
    .action(session.run(log));
  addTransactionList(access, session, 'access');
  addAccessAdditions(access, session);
  addAccessWaiting(access, session);
}

function requestOptions(command: Command): Command {
  return claimOptions(command)
    .requiredOption('--subject <who>', 'whose record, by key or DID')
    .requiredOption('--domain <name>', "the record's custodian");
}

function claimOptions(command: Command): Command {
  return command
    .addOption(new Option('--role <role>', 'the role to claim (default: the only one held)').choices(roles))
    .option('--organisation <member>', 'whose credential (default: the only one held)')
    .option('--event-id <hex>', '32 hexadecimal digits that name the event for ever, for a retry (default: random)');
}

async function record(context: Context, flags: RecordFlags): Promise<Report> {
  const domain = context.required(flags.domain, "--domain NAME, the record's custodian");
  const { batch, domain: _, ...said } = flags;
  if (batch !== undefined) {
    const [more] = Object.keys(said);
    if (more === undefined) return recordBatch(context, batch, domain);
    throw new AssentError(
      'usage',
      `In a batch each line says what is asked: give it there, not as an option (${more}).`,
    );
  }
  const purpose = context.required(flags.purpose, '--purpose CODE, what for');
  const resource = context.required(flags.resource, '--resource TEXT, what is asked for');
  const who = context.required(flags.subject, '--subject WHO, whose record');
  const asking = context.required(flags.agent, '--agent NAME, who asks');
  const { action = 'access' } = flags;
  const home = await context.home('write');
  const agent = await identityOfKey(home, asking, undefined);
  const gateway = await gatewayOf(home, context.options.as, domain);
  const claim = await claimOf(context.client(), agent.did, flags);
  const subject = didOf(home, who, domain);
  const eventId = eventIdOf(home, flags.eventId);
  const request = signAccessRequest(home.ledgerId, agent, {
    eventId,
    role: claim.role as Role,
    organisation: claim.organisation,
    subject,
    domain,
    resource: commitTo(home, 'access-resource', eventId, resource),
    purpose,
    action: action as Action,
    validUntil: context.nowMs + requestValidityMs,
  });
  const asked = { agent: agent.did, subject, domain, role: claim.role, purpose, action };
  const { results, inEmergencyCategory, unopened } =
    flags.facts === undefined ? noClaims : await gatewayClaims(context, home, flags.facts, asked);
  const payload = {
    ...request,
    results,
    inEmergencyCategory: inEmergencyCategory || flags.inEmergencyCategory === true,
  };
  const receipt = await submitAs(home, gateway, 'access.record', payload, 'committed');
  const { decision } = receipt.result.output as { readonly decision: string };
  const text = `${paintDecision(context.style, decision)}: the request of ${asking} is in the log of ${who}.`;
  const missing = unopened.length === 0 ? '' : ` ${unopened.length} of the consents could not be opened here.`;
  return committedReport(context.style, receipt, text + missing, { decision, eventId });
}

async function breakGlass(context: Context, flags: GlassFlags): Promise<Report> {
  const home = await context.home('write');
  const { domain } = flags;
  const agent = await identityOfKey(
    home,
    context.required(context.options.as, "--as NAME, the emergency physician's key"),
    undefined,
  );
  const claim = await claimOf(context.client(), agent.did, flags);
  const eventId = eventIdOf(home, flags.eventId);
  const expiresAt = flags.until ?? time('4h');
  const receipt = await submitAs(home, agent, 'access.breakGlass', {
    eventId,
    domain,
    subject: didOf(home, flags.subject, domain),
    ...claim,
    categories: flags.category,
    justification: commitTo(home, 'justification', eventId, flags.justification),
    expiresAt,
  });
  const end = relativeText(expiresAt - context.nowMs);
  const text = `The glass is broken for ${flags.category.join(', ')}; it ends ${end} by itself and must be reviewed.`;
  return committedReport(context.style, receipt, text, { eventId, expiresAt });
}

async function log(context: Context, subject: string | undefined): Promise<Report> {
  const who = context.required(subject ?? context.options.as, 'a person: by key or DID');
  const home = await context.home('read');
  const domains = (await context.client().domains()).domains.map(({ name }) => name);
  const { dids } = await personNamed(home, who, domains);
  const entries = await accessLogOf(home, dids);
  return { json: { entries }, text: accessLogTable(context.style, entries, context.nowMs) };
}
