import { equalBytes, present, toHex } from '../../../base/index.ts';
import { type Decision, decideOpen } from '../../decision/decide.ts';
import type { ApplyContext } from '../../engine/contract.ts';
import { domainOf } from '../../enrolment/state.ts';
import { accessesRecorded, namedConsents } from '../entries.ts';
import { decisionInput } from '../evaluate.ts';
import { EventBook } from '../events.ts';
import type { AccessBatch, BatchAccess, BatchItem } from './batch.ts';
import { LogAppends } from './log-appends.ts';
import { type AccessRefusals, type EntryRefusal, refusalsOf } from './refusals.ts';
import type { BatchEntry } from './statement.ts';

interface Recorded {
  readonly outcome: Decision | EntryRefusal;
  /** In the subject's log; -1: not recorded. */
  readonly place: number;
  readonly isNew: boolean;
}

/** What one access of the batch comes to, whichever of its resources. */
interface Judged {
  readonly access: BatchAccess;
  readonly agentHex: string;
  readonly refusals: AccessRefusals;
  readonly decision: Decision;
  readonly encode: (entry: BatchItem & { readonly batchPlace: number }) => Uint8Array;
}

/** Records the entries in their order and says what each came to. */
export function recordEntries(
  context: ApplyContext<AccessBatch>,
  entries: readonly BatchEntry[],
): Record<string, unknown> {
  const logs = new LogAppends(context);
  const book = new EventBook(context.state);
  let judged: Judged | undefined;
  const recorded = entries.map((entry, batchPlace) => {
    if (judged?.access !== entry.access) judged = judge(context, entry.access);
    return recordEntry(entry, batchPlace, judged, book, logs);
  });
  logs.finish();
  book.finish(context.state);
  return {
    recorded: recorded.filter(({ isNew }) => isNew).length,
    duplicates: recorded.filter(({ isNew, place }) => !isNew && place !== -1).length,
    refused: recorded.filter(({ place }) => place === -1).length,
    outcomes: recorded.map(({ outcome }) => outcome),
    entries: recorded.map(({ place }) => place),
  };
}

/** The decision does not depend on the batch's other entries: what they write, no decision reads. */
function judge(context: ApplyContext<AccessBatch>, access: BatchAccess): Judged {
  const { payload, state, sender, transaction, block, ruleSet } = context;
  const domain = present(domainOf(state, payload.domain), 'a rule checked that the domain is known');
  const asker = present(payload.askers[access.asker], 'a rule checked that the asker is listed');
  const input = decisionInput(state, domain, { ...asker, ...access }, block.timestamp);
  const outcome = decideOpen(input);
  const { decision, reason, opening } = outcome;
  const encode = accessesRecorded.sharing({
    transaction: transaction.id,
    at: block.timestamp,
    ruleSet,
    ...asker,
    subject: access.subject,
    domain: payload.domain,
    gateway: sender,
    decision,
    reason,
    consents: namedConsents(outcome),
    ...(opening === undefined ? {} : { breakGlass: opening.id }),
  });
  return { access, agentHex: toHex(asker.agent), refusals: refusalsOf(context, access, input), decision, encode };
}

/** As `access.record`: what its rules say first, or its effect. */
function recordEntry(
  { access, item, asked }: BatchEntry,
  batchPlace: number,
  { agentHex, refusals, decision, encode }: Judged,
  book: EventBook,
  logs: LogAppends,
): Recorded {
  const event = [agentHex, toHex(item.eventId)] as const;
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
