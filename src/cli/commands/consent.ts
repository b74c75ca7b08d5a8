import { type Command, Option } from 'commander';
import type { ReachView } from '../../api/index.ts';
import { AssentError } from '../../base/index.ts';
import { actions, roles } from '../../contracts/index.ts';
import type { Home } from '../../demo/index.ts';
import type { Context } from '../context.ts';
import { claimOf } from '../keys/claims.ts';
import { didOf, identityOfKey, personNamed } from '../keys/people.ts';
import { type ConsentState, consentsOf, findConsent } from '../ledger/consents.ts';
import { committedReport, submitAs } from '../ledger/submit.ts';
import { consentLines, decisionLine, type ExplainedDecision } from '../output/decision-text.ts';
import { reachText } from '../output/reach.ts';
import { paintDecision } from '../output/style.ts';
import { facts, table } from '../output/table.ts';
import { shortDid, shortHash, timeText, whenText } from '../output/words.ts';
import type { Report, Session } from '../session.ts';
import { addConsentChanges } from './consent-change.ts';
import { addConsentLint } from './consent-lint.ts';
import { purposeOption, wholeNumber } from './values.ts';

const examples = `
A person grants and revokes with their own key (--as); nobody else can. What is not said does not constrain.

Examples:
  $ assent consent grant --as ada --domain st-mary --actor member:st-mary --purpose TREAT --until 365d
  $ assent consent grant --as ada --domain st-mary --deny --actor role:researcher
  $ assent consent list ada
  $ assent consent check --subject ada --domain st-mary --agent amara --purpose TREAT
  $ assent consent check --subject ada --domain st-mary --agent amara --purpose TREAT --at 120
  $ assent consent amend CONSENT --as ada --actor member:st-mary --purpose ETREAT
  $ assent consent import consent.json --as ada --domain st-mary --map references.json
  $ assent consent lint consent.json
  $ assent consent revoke CONSENT --as ada`;

export function addConsent(program: Command, session: Session): void {
  const consent = program
    .command('consent')
    .description('what people permit and refuse')
    .addHelpText('after', examples);
  addConsentChanges(consent, session);
  addConsentLint(consent, session);
  consent
    .command('revoke <consent>')
    .description('take a consent back; the beginning of its id will do')
    .option('--everywhere', 'wait until every node says that it has it, and tell which have not')
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
      'what would be decided now, or at a past block; exits 0 for permit and 1 for anything else. Logs nothing, releases nothing',
    )
    .requiredOption('--subject <who>', 'whose record, by key or DID')
    .requiredOption('--domain <name>', "the record's custodian")
    .requiredOption('--agent <who>', 'who would ask, by key or DID')
    .addOption(purposeOption('what for').makeOptionMandatory())
    .addOption(new Option('--action <action>', 'to do what').choices(actions).default('access'))
    .addOption(new Option('--role <role>', 'the role to claim (default: the only one held)').choices(roles))
    .option('--organisation <member>', 'whose credential (default: the only one held)')
    .option('--at <height>', 'after this block, at its time, instead of now', wholeNumber(1, Number.MAX_SAFE_INTEGER))
    .addOption(
      new Option('--view <whom>', 'requester: leaves out what would tell of consents and hidden labels')
        .choices(['full', 'requester'])
        .default('full'),
    )
    .action(session.run(check));
}

async function revoke(context: Context, reference: string, flags: { everywhere?: boolean }): Promise<Report> {
  const home = await context.home('read');
  const as = context.required(context.options.as, "--as NAME, the person's key");
  const found = await findOwnConsent(context, home, as, reference);
  const sender = await identityOfKey(home, as, found.domain);
  const receipt = await submitAs(home, sender, 'consent.revoke', { consent: found.id });
  const { held } = receipt.result.output as { readonly held: 'permits' | 'denials' };
  const opened = held === 'denials' ? ' It held a denial: what that alone kept closed may be open now.' : '';
  const text = `The consent ${shortHash(found.id)} is revoked.${opened}`;
  if (flags.everywhere !== true) return committedReport(context.style, receipt, text, { consent: found.id, held });
  const reach = await reachOrWhyNot(context, receipt.height);
  const where = reach instanceof AssentError ? `Which nodes have it is not known: ${reach.message}` : reachText(reach);
  const more = reach instanceof AssentError ? {} : { reach };
  return committedReport(context.style, receipt, `${text} ${where}`, { consent: found.id, held, ...more });
}

/** What is revoked is revoked, whether or not a node answers now. */
async function reachOrWhyNot(context: Context, height: number): Promise<ReachView | AssentError> {
  try {
    return await context.client().reach(height);
  } catch (error) {
    if (error instanceof AssentError) return error;
    throw error;
  }
}

/** The only consent of this person whose id begins so. Throws `not-found`, `usage`. */
export async function findOwnConsent(
  context: Context,
  home: Home,
  who: string,
  reference: string,
): Promise<ConsentState> {
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
  const consent = await findOwnConsent(context, home, who, reference);
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
    ['exceptions', consent.nested.length === 0 ? undefined : `${consent.nested.length} (--json shows them)`],
    ['version', `${consent.version}`],
    ['key held by', consent.keyHolder],
    ['on behalf, by', consent.delegate],
    ['granted', whenText(consent.grantedAt, nowMs)],
    ['state', stateText(consent, nowMs)],
  ]);
  return { json: consent, text };
}

function stateText({ revokedAt, supersededBy, provision: { period } }: ConsentState, nowMs: number): string {
  if (supersededBy !== undefined) return `superseded by ${shortHash(supersededBy)}`;
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
  readonly at?: number;
  readonly view: 'full' | 'requester';
}

async function check(context: Context, flags: CheckFlags): Promise<Report> {
  const { domain, purpose, action } = flags;
  const allDids = [flags.subject, flags.agent].every((text) => text.startsWith('did:'));
  const home = allDids ? undefined : await context.home('read');
  const toDid = (text: string, where?: string): string => (home === undefined ? text : didOf(home, text, where));
  const agent = toDid(flags.agent);
  const claim = await claimOf(context.client(), agent, flags);
  const view = await context.client().decide({
    agent,
    ...claim,
    subject: toDid(flags.subject, domain),
    domain,
    purpose,
    action,
    view: flags.view,
    ...(flags.at !== undefined && { at: { height: flags.at } }),
  });
  const { style } = context;
  const explained = view.explanation as unknown as ExplainedDecision;
  const when = flags.at === undefined ? '' : `, ${timeText(view.at)}`;
  const head = `${decisionLine(style, explained)}, at height ${view.height}${when}`;
  const text = [head, ...consentLines(explained)].join('\n');
  return { json: view, text, exitCode: view.decision === 'permit' ? 0 : 1 };
}
