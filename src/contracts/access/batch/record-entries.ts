import { equalBytes, present, toHex } from '../../../base/index.ts';
import { HASH_BYTES } from '../../../crypto/portable.ts';
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

type Context = ApplyContext<AccessBatch>;

interface Recorded {
  readonly outcome: Decision | EntryRefusal;
  /** In the subject's log; -1: not recorded. */
  readonly place: number;
  readonly isNew: boolean;
}

type Entry = BatchItem & { readonly batchPlace: number };

/** What one access of the batch comes to, whichever of its resources. */
interface Judged {
  readonly subject: Uint8Array;
  /** Whose events these are. */
  readonly owner: EventOwner;
  readonly refusals: AccessRefusals;
  readonly decision: Decision;
  readonly encode: (entry: Entry) => Uint8Array;
}

/** What an asker of the batch comes to, whomever it asks about. */
interface Asker {
  readonly owner: EventOwner;
  readonly requester: Requester;
  readonly isDeactivated: boolean;
  readonly encode: ReturnType<typeof accessesRecorded>;
}

/**
 * Records the entries in their order and says what each came to. `asked`: of each the hash of all that was asked, 32 bytes.
 */
export function recordEntries(context: Context, asked: Uint8Array): Record<string, unknown> {
  const { payload, state } = context;
  const domain = present(domainOf(state, payload.domain), 'a rule checked that the domain is known');
  const askers = payload.askers.map((facts) => askerOf(context, domain, facts));
  const logs = new LogAppends(context);
  const book = new EventBook(state);
  const outcomes: Recorded['outcome'][] = [];
  const entries: number[] = [];
  let [recordedCount, refusedCount] = [0, 0];
  for (const access of payload.accesses) {
    const judged = judge(context, domain, askers, access);
    for (const item of access.items) {
      const batchPlace = entries.length;
      const digest = asked.subarray(batchPlace * HASH_BYTES, (batchPlace + 1) * HASH_BYTES);
      const { outcome, place, isNew } = recordEntry({ ...item, batchPlace }, digest, judged, book, logs);
      outcomes.push(outcome);
      entries.push(place);
      if (isNew) recordedCount += 1;
      if (place === -1) refusedCount += 1;
    }
  }
  logs.finish();
  book.finish(state);
  const duplicates = entries.length - recordedCount - refusedCount;
  return { recorded: recordedCount, duplicates, refused: refusedCount, outcomes, entries };
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
  return { subject: access.subject, owner, refusals, decision, encode };
}

/** As `access.record`: what its rules say first, or its effect. */
function recordEntry(
  entry: Entry,
  asked: Uint8Array,
  { subject, owner, refusals, decision, encode }: Judged,
  book: EventBook,
  logs: LogAppends,
): Recorded {
  const event = { owner, id: toHex(entry.eventId) };
  const before = book.get(event);
  if (before !== undefined && !equalBytes(before.digest, asked)) return refused('event-conflict');
  const refusal = before === undefined ? refusals.ifNew : refusals.ifKnown;
  if (refusal !== undefined) return refused(refusal);
  if (before !== undefined)
    return { outcome: present(before.decision, 'an access was decided'), place: before.entry, isNew: false };
  const place = logs.append(subject, encode(entry));
  book.add(event, { digest: asked, entry: place, decision });
  return { outcome: decision, place, isNew: true };
}

function refused(outcome: EntryRefusal): Recorded {
  return { outcome, place: -1, isNew: false };
}
