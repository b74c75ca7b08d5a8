import { type Command, Option } from 'commander';
import { actions, categories, includedPurposes, type Purpose, purposes, roles } from '../../contracts/index.ts';
import type { Home } from '../../demo/index.ts';
import type { Context } from '../context.ts';
import { claimOf } from '../keys/claims.ts';
import { didOf, identityOfKey, personNamed } from '../keys/people.ts';
import { type ConsentState, consentsOf, findConsent } from '../ledger/consents.ts';
import { committedReport, submitAs } from '../ledger/submit.ts';
import { paintDecision } from '../output/style.ts';
import { facts, table } from '../output/table.ts';
import { shortDid, shortHash, timeText, whenText } from '../output/words.ts';
import type { Report, Session } from '../session.ts';
import { listOf, time } from './values.ts';

const examples = `
A person grants and revokes with their own key (--as); nobody else can. What is not said does not constrain.

Examples:
  $ assent consent grant --as ada --domain st-mary --actor member:st-mary --purpose TREAT --until 365d
  $ assent consent grant --as ada --domain st-mary --deny --actor role:researcher
  $ assent consent list ada
  $ assent consent check --subject ada --domain st-mary --agent amara --purpose TREAT
  $ assent consent revoke CONSENT --as ada`;

interface GrantFlags {
  readonly domain: string;
  readonly deny?: boolean;
  readonly actor?: readonly string[];
  readonly purpose?: readonly string[];
  readonly action?: readonly string[];
  readonly category?: readonly string[];
  readonly from?: number;
  readonly until?: number;
}

export function addConsent(program: Command, session: Session): void {
  const consent = program
    .command('consent')
    .description('what people permit and refuse')
    .addHelpText('after', examples);
  consent
    .command('grant')
    .description('permit, or with --deny refuse')
    .requiredOption('--domain <name>', 'the custodian that it is said to')
    .option('--deny', 'refuse instead of permitting')
    .option('--actor <who>', 'a key, a DID, member:NAME or role:ROLE; several with commas', listOf)
    .option('--purpose <codes>', `among ${purposes.slice(0, 4).join(', ')} …`, listOf)
    .option('--action <actions>', `among ${actions.join(', ')}`, listOf)
    .option('--category <names>', `where the domain has them open: ${categories.slice(0, 3).join(', ')} …`, listOf)
    .option('--from <time>', 'when it begins (default: at once)', time)
    .option('--until <time>', 'when it ends', time)
    .action(session.run(grant));
  consent
    .command('revoke <consent>')
    .description('take a consent back; the beginning of its id will do')
    .action(session.run(revoke));
  consent.command('list [subject]').description("a person's consents, by key or DID").action(session.run(list));
  consent
    .command('show <consent>')
    .description("one consent of a person's (--as NAME, or --subject)")
    .option('--subject <who>', 'the person, by key or DID')
    .action(session.run(show));
  consent
    .command('check')
    .description(
      'what would be decided now; exits 0 for permit and 1 for anything else. Logs nothing, releases nothing',
    )
    .requiredOption('--subject <who>', 'whose record, by key or DID')
    .requiredOption('--domain <name>', "the record's custodian")
    .requiredOption('--agent <who>', 'who would ask, by key or DID')
    .addOption(new Option('--purpose <code>', 'what for').choices(purposes).makeOptionMandatory())
    .addOption(new Option('--action <action>', 'to do what').choices(actions).default('access'))
    .addOption(new Option('--role <role>', 'the role to claim (default: the only one held)').choices(roles))
    .option('--organisation <member>', 'whose credential (default: the only one held)')
    .action(session.run(check));
}

async function grant(context: Context, flags: GrantFlags): Promise<Report> {
  const home = await context.home('read');
  const { domain, from, until } = flags;
  const sender = identityOfKey(home, context.required(context.options.as, "--as NAME, the person's key"), domain);
  const period = { ...(from === undefined ? {} : { from }), ...(until === undefined ? {} : { until }) };
  const provision = {
    type: flags.deny === true ? 'deny' : 'permit',
    ...(Object.keys(period).length === 0 ? {} : { period }),
    ...(flags.actor === undefined ? {} : { actors: flags.actor.map((actor) => actorOf(home, actor)) }),
    ...(flags.purpose === undefined ? {} : { purposes: flags.purpose }),
    ...(flags.action === undefined ? {} : { actions: flags.action }),
    ...(flags.category === undefined ? {} : { categories: flags.category }),
  };
  const receipt = await submitAs(home, sender, 'consent.grant', { domain, provision });
  const text = `The consent ${shortHash(receipt.id)} is in force in ${domain}.`;
  const includes = flags.deny === true ? '' : includesText(flags.purpose);
  return committedReport(context.style, receipt, text + includes, { consent: receipt.id, provision });
}

/** HL7's purposes contain others: whoever grants one is told what they grant with it. */
function includesText(granted: readonly string[] | undefined): string {
  const lines = (granted ?? []).flatMap((purpose) => {
    const included = includedPurposes(purpose as Purpose).filter((other) => other !== purpose);
    return included.length === 0 ? [] : [` ${purpose} includes ${included.join(', ')}.`];
  });
  return lines.join('');
}

function actorOf(home: Home, text: string): string {
  return /^(member|role):/.test(text) ? text : didOf(home, text, undefined);
}

async function revoke(context: Context, reference: string): Promise<Report> {
  const home = await context.home('read');
  const as = context.required(context.options.as, "--as NAME, the person's key");
  const found = await find(context, home, as, reference);
  const sender = identityOfKey(home, as, found.domain);
  const receipt = await submitAs(home, sender, 'consent.revoke', { consent: found.id });
  return committedReport(context.style, receipt, `The consent ${shortHash(found.id)} is revoked.`, {
    consent: found.id,
  });
}

async function find(context: Context, home: Home, who: string, reference: string): Promise<ConsentState> {
  const domains = (await context.client().domains()).domains.map(({ name }) => name);
  const { dids } = await personNamed(home, who, domains);
  return findConsent(context.client(), dids, reference);
}

async function list(context: Context, subject: string | undefined): Promise<Report> {
  const who = context.required(subject ?? context.options.as, 'a person: by key or DID');
  const home = await context.home('read');
  const domains = (await context.client().domains()).domains.map(({ name }) => name);
  const { dids, title } = await personNamed(home, who, domains);
  const consents = await consentsOf(context.client(), dids);
  const { style, nowMs } = context;
  const text = table(
    style,
    ['consent', 'domain', 'effect', 'to whom', 'what for', 'until', 'state'],
    consents.map((consent) => [
      shortHash(consent.id),
      consent.domain,
      paintDecision(style, consent.provision.type),
      consent.provision.actors?.map(shortDid).join(', ') ?? 'anybody',
      consent.provision.purposes?.join(', ') ?? 'any purpose',
      consent.provision.period?.until === undefined ? '' : timeText(consent.provision.period.until),
      stateText(consent, nowMs),
    ]),
  );
  return { json: { consents }, text: consents.length === 0 ? `${title} has said nothing so far.` : text };
}

async function show(context: Context, reference: string, flags: { subject?: string }): Promise<Report> {
  const home = await context.home('read');
  const who = context.required(flags.subject ?? context.options.as, '--subject or --as: whose consent it is');
  const consent = await find(context, home, who, reference);
  const { provision } = consent;
  const { style, nowMs } = context;
  const text = facts(style, [
    ['consent', consent.id],
    ['domain', consent.domain],
    ['subject', consent.subject],
    ['effect', paintDecision(style, provision.type)],
    ['to whom', provision.actors?.join(', ') ?? 'anybody'],
    ['what for', provision.purposes?.join(', ') ?? 'any purpose'],
    ['to do', provision.actions?.join(', ') ?? 'anything'],
    ['from', provision.period?.from === undefined ? undefined : timeText(provision.period.from)],
    ['until', provision.period?.until === undefined ? undefined : timeText(provision.period.until)],
    ['categories', provision.categories?.join(', ') ?? (provision.sealed === undefined ? undefined : 'sealed')],
    ['key held by', consent.keyHolder],
    ['granted', whenText(consent.grantedAt, nowMs)],
    ['state', stateText(consent, nowMs)],
  ]);
  return { json: consent, text };
}

function stateText({ revokedAt, provision: { period } }: ConsentState, nowMs: number): string {
  if (revokedAt !== undefined) return `revoked ${whenText(revokedAt, nowMs)}`;
  if (period?.until !== undefined && period.until <= nowMs) return 'ended';
  return period?.from !== undefined && period.from > nowMs ? 'not yet' : 'in force';
}

interface CheckFlags {
  readonly subject: string;
  readonly domain: string;
  readonly agent: string;
  readonly purpose: string;
  readonly action: string;
  readonly role?: string;
  readonly organisation?: string;
}

async function check(context: Context, flags: CheckFlags): Promise<Report> {
  const { domain, purpose, action } = flags;
  const allDids = [flags.subject, flags.agent].every((text) => text.startsWith('did:'));
  const home = allDids ? undefined : await context.home('read');
  const toDid = (text: string, where?: string): string => (home === undefined ? text : didOf(home, text, where));
  const agent = toDid(flags.agent);
  const claim = await claimOf(context.client(), agent, flags);
  const view = await context
    .client()
    .decide({ agent, ...claim, subject: toDid(flags.subject, domain), domain, purpose, action });
  const { style } = context;
  const { reason, consents = [] } = view.explanation as {
    reason?: string;
    consents?: { consent: string; results: string[]; determining: boolean }[];
  };
  const lines = consents.map(
    ({ consent, results, determining }) =>
      `  consent ${shortHash(consent)}: ${results.join(' or ')}${determining ? ', which decides' : ''}`,
  );
  const text = [
    `${paintDecision(style, view.decision)} (${reason ?? 'no reason given'}), at height ${view.height}`,
    ...lines,
  ].join('\n');
  return { json: view, text, exitCode: view.decision === 'permit' ? 0 : 1 };
}
