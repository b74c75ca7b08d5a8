import { equalBytes, present, toHex } from '../../../base/index.ts';
import { type Decision, decideOpen, impossibleClaim } from '../../decision/decide.ts';
import type { RequestFacts } from '../../decision/question.ts';
import type { ApplyContext } from '../../engine/contract.ts';
import { type Domain, domainOf, subjectsOf } from '../../enrolment/state.ts';
import { isDeactivated } from '../../identity/state.ts';
import { accessesRecorded, namedConsents } from '../entries.ts';
import { decisionInput, type Requester, requesterOf } from '../evaluate.ts';
import { EventBook, type EventOwner } from '../events.ts';
import type { AccessBatch, BatchAccess, BatchItem } from './batch.ts';
import { LogAppends } from './log-appends.ts';
import { type AccessRefusals, type EntryRefusal, refusalsOf } from './refusals.ts';
import type { BatchEntry } from './statement.ts';

type Context = ApplyContext<AccessBatch>;

interface Recorded {
  readonly outcome: Decision | EntryRefusal;
  /** In the subject's log; -1: not recorded. */
  readonly place: number;
  readonly isNew: boolean;
}

/** What one access of the batch comes to, whichever of its resources. */
interface Judged {
  readonly access: BatchAccess;
  /** Whose events these are. */
  readonly owner: EventOwner;
  readonly refusals: AccessRefusals;
  readonly decision: Decision;
  readonly encode: (entry: BatchItem & { readonly batchPlace: number }) => Uint8Array;
}

/** What an asker of the batch comes to, whomever it asks about. */
interface Asker {
  readonly owner: EventOwner;
  readonly requester: Requester;
  readonly isDeactivated: boolean;
  readonly encode: ReturnType<typeof accessesRecorded>;
}

/** Records the entries in their order and says what each came to. */
export function recordEntries(context: Context, entries: readonly BatchEntry[]): Record<string, unknown> {
  const domain = present(domainOf(context.state, context.payload.domain), 'a rule checked that the domain is known');
  const askers = context.payload.askers.map((facts) => askerOf(context, domain, facts));
  const logs = new LogAppends(context);
  const book = new EventBook(context.state);
  let judged: Judged | undefined;
  const recorded = entries.map((entry, batchPlace) => {
    if (judged?.access !== entry.access) judged = judge(context, domain, askers, entry.access);
    return recordEntry(entry, batchPlace, judged, book, logs);
  });
  logs.finish();
  book.finish(context.state);
  const recordedCount = recorded.filter(({ isNew }) => isNew).length;
  const refusedCount = recorded.filter(({ place }) => place === -1).length;
  return {
    recorded: recordedCount,
    duplicates: recorded.length - recordedCount - refusedCount,
    refused: refusedCount,
    outcomes: recorded.map(({ outcome }) => outcome),
    entries: recorded.map(({ place }) => place),
  };
}

function askerOf(context: Context, domain: Domain, facts: RequestFacts): Asker {
  const { payload, state, sender, transaction, block, ruleSet } = context;
  const { agent } = facts;
  const encode = accessesRecorded({
    transaction: transaction.id,
    at: block.timestamp,
    ruleSet,
    ...facts,
    domain: payload.domain,
    gateway: sender,
  });
  const requester = requesterOf(state, domain, facts, block.timestamp);
  const ended = isDeactivated(state, agent, block.timestamp);
  const owner = [payload.domain, toHex(agent)] as const;
  return { owner, requester, isDeactivated: ended, encode };
}

/** The decision does not depend on the batch's other entries: what they write, no decision reads. */
function judge({ state }: Context, domain: Domain, askers: readonly Asker[], access: BatchAccess): Judged {
  const asker = present(askers[access.asker], 'a rule checked that the asker is listed');
  const { owner, requester } = asker;
  const subjects = subjectsOf(state, domain.name, access.subject);
  const input = decisionInput(state, requester, domain.name, access, subjects);
  const outcome = decideOpen(input);
  const { decision, reason, opening } = outcome;
  const refusals = refusalsOf(domain, access, {
    isLinked: subjects.length > 0,
    isDeactivated: asker.isDeactivated,
    hasImpossibleClaim: impossibleClaim(input, outcome) !== undefined,
  });
  const encode = asker.encode({
    subject: access.subject,
    decision,
    reason,
    consents: namedConsents(outcome),
    ...(opening === undefined ? {} : { breakGlass: opening.id }),
  });
  return { access, owner, refusals, decision, encode };
}

/** As `access.record`: what its rules say first, or its effect. */
function recordEntry(
  { access, item, asked }: BatchEntry,
  batchPlace: number,
  { owner, refusals, decision, encode }: Judged,
  book: EventBook,
  logs: LogAppends,
): Recorded {
  const event = { owner, id: toHex(item.eventId) };
  const before = book.get(event);
  if (before !== undefined && !equalBytes(before.digest, asked)) return refused('event-conflict');
  const refusal = before === undefined ? refusals.ifNew : refusals.ifKnown;
  if (refusal !== undefined) return refused(refusal);
  if (before !== undefined)
    return { outcome: present(before.decision, 'an access was decided'), place: before.entry, isNew: false };
  const { eventId, resource, request } = item;
  const place = logs.append(access.subject, encode({ eventId, resource, request, batchPlace }));
  book.add(event, { digest: asked, entry: place, decision });
  return { outcome: decision, place, isNew: true };
}

function refused(outcome: EntryRefusal): Recorded {
  return { outcome, place: -1, isNew: false };
}
