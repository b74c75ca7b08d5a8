import { z } from 'zod';
import { equalBytes, present, toHex } from '../../base/index.ts';
import type { KindDefinition, RuleContext } from '../engine/contract.ts';
import { exampleDid, exampleHex } from '../engine/example.ts';
import { commitment, did, eventId, name, timestamp } from '../engine/leaves.ts';
import { type EntryType, entryType } from '../engine/stream-entry.ts';
import { pastLinkOf } from '../enrolment/links.ts';
import { senderIsOfCustodian } from '../enrolment/rules.ts';
import { domainIsKnown, subjectIsLinked } from '../rules.ts';
import { type AnchoredRecord, anchored, recordOf } from './state.ts';

/** At a time. */
export const errorItemsMax = 300;

interface EnteredInError {
  readonly domain: string;
  readonly subject?: Uint8Array;
  readonly anchoredBy: Uint8Array;
  readonly eventIds: readonly Uint8Array[];
  readonly reason: Uint8Array;
}

export interface RecordEnteredInError {
  readonly domain: string;
  readonly at: number;
  readonly anchoredBy: Uint8Array;
  readonly eventId: Uint8Array;
  readonly by: Uint8Array;
  readonly reason: Uint8Array;
}

/** In the stream in which the record was anchored. */
export const recordEnteredInError: EntryType<RecordEnteredInError> = entryType(
  'record-entered-in-error',
  z.strictObject({
    domain: name(),
    at: timestamp(),
    anchoredBy: did(),
    eventId: eventId(),
    by: did(),
    reason: commitment(),
  }),
);

function isOf({ payload }: RuleContext<EnteredInError>, record: AnchoredRecord | undefined): boolean {
  if (record?.domain !== payload.domain) return false;
  const { subject } = payload;
  if (subject === undefined || record.subject === undefined) return subject === record.subject;
  return equalBytes(subject, record.subject);
}

/**
 * `record.enteredInError`: records that were anchored for the wrong subject, or should not have been anchored at all. They
 * stay where they are, marked. For the right subject they are anchored anew: under other event ids and with commitments
 * salted anew, since the same ones would tell each of the two who the other is.
 */
export const enteredInError: KindDefinition<z.ZodObject & z.ZodType<EnteredInError>> = {
  summary: 'A custodian marks anchored records as entered in error.',
  effects: [
    'Each record keeps its place and its commitments, and says since when it counts as entered in error.',
    'A record that was marked before stays as it was.',
  ],
  example: {
    domain: 'st-mary',
    subject: exampleDid('subject'),
    anchoredBy: exampleDid('gateway'),
    eventIds: [exampleHex('event', 16)],
    reason: exampleHex('reason'),
  },
  schema: z.strictObject({
    domain: name(),
    /** Absent: the records are about no person. */
    subject: did().exactOptional(),
    /** Who anchored them. */
    anchoredBy: did(),
    eventIds: z.array(eventId()).min(1).max(errorItemsMax),
    /** Salted commitment to why. */
    reason: commitment(),
  }),
  output: z.strictObject({
    marked: z.int().min(0),
    /** Marked before. */
    skipped: z.int().min(0),
  }),
  rules: [
    domainIsKnown,
    senderIsOfCustodian,
    {
      ...subjectIsLinked,
      permits: ({ payload, state }) =>
        payload.subject === undefined || pastLinkOf(state, payload.domain, payload.subject) !== undefined,
    },
    {
      name: 'records-are-anchored',
      code: 'record-unknown',
      sentence: 'One of the records was not anchored so, for this person and by this gateway.',
      permits: (context) =>
        context.payload.eventIds.every((id) => isOf(context, recordOf(context.state, context.payload.anchoredBy, id))),
    },
  ],
  apply({ payload, state, sender, block, emit }) {
    const { domain, subject, anchoredBy, eventIds, reason } = payload;
    const stream = subject === undefined ? `records:${domain}` : `timeline:${toHex(subject)}`;
    const counts = { marked: 0, skipped: 0 };
    const at = block.timestamp;
    for (const id of eventIds) {
      const record = present(recordOf(state, anchoredBy, id), 'a rule checked that it is anchored');
      if (record.enteredInErrorAt !== undefined) {
        counts.skipped += 1;
        continue;
      }
      anchored.put(state, [toHex(anchoredBy), toHex(id)], { ...record, enteredInErrorAt: at });
      emit(stream, recordEnteredInError.encode({ domain, at, anchoredBy, eventId: id, by: sender, reason }));
      counts.marked += 1;
    }
    return counts;
  },
};
