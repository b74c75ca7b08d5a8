import { z } from 'zod';
import { toHex } from '../../base/index.ts';
import { type Contract, defineContract } from '../engine/contract.ts';
import { exampleDid, exampleHex } from '../engine/example.ts';
import { commitment, did, eventId, name, timestamp } from '../engine/leaves.ts';
import { type EntryType, entryType } from '../engine/stream-entry.ts';
import { domainIsKnown, isLinked, senderIsGateway, subjectIsLinked } from '../rules.ts';
import { enteredInError, recordEnteredInError } from './entered-in-error.ts';
import { anchored, isSameRecord } from './state.ts';

/** The most that fits a transaction of 64 KiB with room to spare. */
export const anchorItemsMax = 300;

/** Salted commitments to one entry of a record. */
const anchorItem = {
  eventId: eventId(),
  /** Over the exact source bytes of the element. */
  source: commitment(),
  /** Over its RFC 8785 canonical form without `meta`, for servers that serialise anew. */
  canonical: commitment(),
};

export interface RecordAnchored {
  readonly domain: string;
  readonly at: number;
  readonly eventId: Uint8Array;
  readonly source: Uint8Array;
  readonly canonical: Uint8Array;
}

/** In `timeline:<subject hex>`, or in `records:<domain>` for a record about no person. Its type and date are sealed. */
export const recordAnchored: EntryType<RecordAnchored> = entryType(
  'record-anchored',
  z.strictObject({ domain: name(), at: timestamp(), ...anchorItem }),
);

const recordHistory = [recordAnchored, recordEnteredInError];

/** Commitments to records that stay with their custodian (docs/contracts.md, `record`). */
export const record: Contract = defineContract({
  namespace: 'record',
  summary: 'Salted commitments to records that stay with their custodian: proof of what was there, and since when.',
  streams: { 'timeline:<subject hex>': recordHistory, 'records:<domain>': recordHistory },
  kinds: {
    'record.anchor': {
      summary:
        "A custodian's gateway anchors entries of a record: proof of what they said, and of when they were there.",
      effects: [
        'Of each entry two salted commitments stay on the ledger, under the event id that the gateway chose; nothing of its content, type or date.',
        "For each an entry `record-anchored` in the subject's timeline, or among the domain's records where they are about no person.",
        'An event id that was used before adds nothing; the output counts those that said the same, and those that did not.',
      ],
      example: {
        domain: 'st-mary',
        subject: exampleDid('subject'),
        items: [
          { eventId: exampleHex('event', 16), source: exampleHex('source'), canonical: exampleHex('canonical form') },
        ],
      },
      schema: z.strictObject({
        domain: name(),
        /** Absent: the record is about no person, an organisation for instance. */
        subject: did().exactOptional(),
        items: z.array(z.strictObject(anchorItem)).min(1).max(anchorItemsMax),
      }),
      output: z.strictObject({
        anchored: z.int().min(0),
        /** Anchored before, exactly so. */
        skipped: z.int().min(0),
        /** Their event id was used before for another person, domain or content; not anchored. */
        conflicting: z.int().min(0),
      }),
      rules: [
        domainIsKnown,
        senderIsGateway,
        {
          ...subjectIsLinked,
          permits(context) {
            const { domain, subject } = context.payload;
            return subject === undefined || isLinked(context, domain, subject);
          },
        },
      ],
      apply({ payload, state, senderHex, block, emit }) {
        const { domain, subject, items } = payload;
        const stream = subject === undefined ? `records:${domain}` : `timeline:${toHex(subject)}`;
        const counts = { anchored: 0, skipped: 0, conflicting: 0 };
        const at = block.timestamp;
        for (const item of items) {
          const eventHex = toHex(item.eventId);
          const { source, canonical } = item;
          const anew = { domain, ...(subject === undefined ? {} : { subject }), source, canonical, at };
          const before = anchored.get(state, senderHex, eventHex);
          if (before !== undefined) {
            counts[isSameRecord(before, anew) ? 'skipped' : 'conflicting'] += 1;
            continue;
          }
          anchored.put(state, [senderHex, eventHex], anew);
          emit(stream, recordAnchored.encode({ domain, at, ...item }));
          counts.anchored += 1;
        }
        return counts;
      },
    },
    'record.enteredInError': enteredInError,
  },
});
