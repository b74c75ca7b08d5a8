import { type Command, Option } from 'commander';
import { actions, answerOutcomes, correctionKinds, decisions, reviewOutcomes, roles } from '../../contracts/index.ts';
import type { Home } from '../../demo/index.ts';
import type { Context } from '../context.ts';
import { claimOf } from '../keys/claims.ts';
import { didOf, gatewayOf, identityOfKey } from '../keys/people.ts';
import { commitTo, eventIdOf } from '../ledger/commit.ts';
import { committedReport, submitAs } from '../ledger/submit.ts';
import type { Report, Session } from '../session.ts';
import { purposeOption, time, wholeNumber } from './values.ts';

interface AdditionFlags {
  readonly domain: string;
  readonly eventId?: string;
}

interface PlaceFlags extends AdditionFlags {
  readonly entry: number;
}

/** Verbs that add to a log what is to be said afterwards; no entry is ever changed. */
export function addAccessAdditions(access: Command, session: Session): void {
  ofEntry(access.command('review <subject>'), 'the broken glass')
    .description('say whether a glass was broken with good reason, as a privacy officer (--as)')
    .addOption(new Option('--outcome <outcome>', 'what came out').choices(reviewOutcomes).makeOptionMandatory())
    .requiredOption('--findings <text>', 'what was found; the ledger gets a salted commitment to it')
    .action(session.run(review));
  ofEntry(access.command('dispute <subject>'), 'the entry')
    .description('say that an entry is wrong or was not right, as the person or as who acts for them (--as)')
    .requiredOption('--reason <text>', 'why; the ledger gets a salted commitment to it')
    .action(session.run(dispute));
  ofEntry(access.command('answer <subject>'), 'the disputed entry')
    .description("answer a person's dispute, as a privacy officer (--as)")
    .addOption(new Option('--outcome <outcome>', 'what came out').choices(answerOutcomes).makeOptionMandatory())
    .requiredOption('--answer <text>', 'the answer; the ledger gets a salted commitment to it')
    .action(session.run(answer));
  ofEntry(access.command('correct <subject>'), 'the entry')
    .description('say what is wrong with an entry, as the custodian; the entry stays')
    .addOption(new Option('--kind <kind>', 'what is wrong').choices(correctionKinds).makeOptionMandatory())
    .addOption(purposeOption('the right one, of a wrong purpose'))
    .addOption(new Option('--action <action>', 'the right one, of a wrong action').choices(actions))
    .addOption(new Option('--occurred-at <time>', 'when it happened, of a wrong time').argParser(time))
    .requiredOption('--reason <text>', 'why; the ledger gets a salted commitment to it')
    .option('--counterpart <text>', 'where the right entry is; the ledger gets a salted commitment to it')
    .action(session.run(correct));
  inDomain(access.command('record-late <subject>'))
    .description("record an access that happened and is not in the person's log, as the custodian")
    .requiredOption('--agent <who>', 'who accessed, by key or DID')
    .addOption(new Option('--role <role>', 'in which role (default: the only one held)').choices(roles))
    .option('--organisation <member>', 'by whose credential (default: the only one held)')
    .addOption(purposeOption('what for').makeOptionMandatory())
    .addOption(new Option('--action <action>', 'to do what').choices(actions).default('access'))
    .requiredOption('--resource <text>', 'what was accessed; the ledger gets a salted commitment to it')
    .addOption(new Option('--occurred-at <time>', 'when it happened').argParser(time).makeOptionMandatory())
    .addOption(new Option('--decision <decision>', 'what was done').choices(decisions).default('permit'))
    .requiredOption('--reason <text>', 'why only now; the ledger gets a salted commitment to it')
    .option('--counterpart <text>', 'where it was recorded wrongly; the ledger gets a salted commitment to it')
    .action(session.run(recordLate));
}

function inDomain(command: Command): Command {
  return command
    .requiredOption('--domain <name>', 'the custodian whose log it is')
    .option('--event-id <hex>', '32 hexadecimal digits that name the event for ever, for a retry (default: random)');
}

function ofEntry(command: Command, which: string): Command {
  return inDomain(command).requiredOption(
    '--entry <place>',
    `the place of ${which} in the log, as access log shows it`,
    wholeNumber(0, Number.MAX_SAFE_INTEGER),
  );
}

/** What every addition says: its event, the domain and whose log. */
function additionOf(home: Home, subject: string, { domain, eventId }: AdditionFlags) {
  return { eventId: eventIdOf(home, eventId), domain, subject: didOf(home, subject, domain) };
}

async function asOfficer(context: Context, kind: string, flags: AdditionFlags, payloadOf: (home: Home) => object) {
  const home = await context.home('write');
  const name = context.required(context.options.as, "--as NAME, the privacy officer's key");
  return submitAs(home, await identityOfKey(home, name, flags.domain, 'privacy-officer'), kind, payloadOf(home));
}

async function review(
  context: Context,
  subject: string,
  { outcome, findings, ...flags }: PlaceFlags & { outcome: string; findings: string },
): Promise<Report> {
  const receipt = await asOfficer(context, 'access.reviewBreakGlass', flags, (home) => {
    const addition = additionOf(home, subject, flags);
    const committed = commitTo(home, 'findings', addition.eventId, findings);
    return { ...addition, entry: flags.entry, outcome, findings: committed };
  });
  return committedReport(context.style, receipt, `Entry ${flags.entry} of ${subject} is reviewed: ${outcome}.`);
}

async function answer(
  context: Context,
  subject: string,
  { outcome, answer: text, ...flags }: PlaceFlags & { outcome: string; answer: string },
): Promise<Report> {
  const receipt = await asOfficer(context, 'access.answerDispute', flags, (home) => {
    const addition = additionOf(home, subject, flags);
    const committed = commitTo(home, 'answer', addition.eventId, text);
    return { ...addition, entry: flags.entry, outcome, answer: committed };
  });
  return committedReport(context.style, receipt, `The dispute of entry ${flags.entry} is answered: ${outcome}.`);
}

async function dispute(
  context: Context,
  subject: string,
  { reason, ...flags }: PlaceFlags & { reason: string },
): Promise<Report> {
  const home = await context.home('write');
  const sender = await identityOfKey(home, context.options.as ?? subject, flags.domain);
  const addition = additionOf(home, subject, flags);
  const committed = commitTo(home, 'dispute', addition.eventId, reason);
  const receipt = await submitAs(home, sender, 'access.dispute', {
    ...addition,
    entry: flags.entry,
    reason: committed,
  });
  const text = `Entry ${flags.entry} is disputed; the privacy officer of ${flags.domain} has to answer.`;
  return committedReport(context.style, receipt, text, { eventId: addition.eventId });
}

interface CorrectFlags extends PlaceFlags {
  readonly kind: string;
  readonly purpose?: string;
  readonly action?: string;
  readonly occurredAt?: number;
  readonly reason: string;
  readonly counterpart?: string;
}

async function correct(context: Context, subject: string, flags: CorrectFlags): Promise<Report> {
  const home = await context.home('write');
  const addition = additionOf(home, subject, flags);
  const { entry, kind, purpose, action, occurredAt } = flags;
  const receipt = await submitAs(home, await gatewayOf(home, context.options.as, flags.domain), 'access.correct', {
    ...addition,
    entry,
    kind,
    ...(purpose !== undefined && { purpose }),
    ...(action !== undefined && { action }),
    ...(occurredAt !== undefined && { occurredAt }),
    reason: commitTo(home, 'correction', addition.eventId, flags.reason),
    ...counterpartOf(home, addition.eventId, flags.counterpart),
  });
  const text = `Entry ${entry} stays in the log of ${subject}; after it stands what is wrong with it (${kind}).`;
  return committedReport(context.style, receipt, text, { eventId: addition.eventId });
}

/** Each log has its own salt, or it would lead to the other person's. */
function counterpartOf(home: Home, eventId: string, text: string | undefined): { counterpart?: string } {
  return text === undefined ? {} : { counterpart: commitTo(home, 'counterpart', eventId, text) };
}

interface LateFlags extends AdditionFlags {
  readonly agent: string;
  readonly role?: string;
  readonly organisation?: string;
  readonly purpose: string;
  readonly action: string;
  readonly resource: string;
  readonly occurredAt: number;
  readonly decision: string;
  readonly reason: string;
  readonly counterpart?: string;
}

async function recordLate(context: Context, subject: string, flags: LateFlags): Promise<Report> {
  const home = await context.home('write');
  const addition = additionOf(home, subject, flags);
  const agent = didOf(home, flags.agent, undefined);
  const { purpose, action, occurredAt, decision } = flags;
  const receipt = await submitAs(home, await gatewayOf(home, context.options.as, flags.domain), 'access.recordLate', {
    ...addition,
    agent,
    ...(await claimOf(context.client(), agent, flags)),
    purpose,
    action,
    resource: commitTo(home, 'access-resource', addition.eventId, flags.resource),
    occurredAt,
    decision,
    reason: commitTo(home, 'late-entry', addition.eventId, flags.reason),
    ...counterpartOf(home, addition.eventId, flags.counterpart),
  });
  const text = `The access of ${flags.agent} is in the log of ${subject}, recorded late.`;
  return committedReport(context.style, receipt, text, { eventId: addition.eventId });
}
