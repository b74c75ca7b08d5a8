import { z } from 'zod';
import { equalBytes, toHex } from '../../base/index.ts';
import { commitment, did, name, timestamp } from '../engine/leaves.ts';
import { type StateRecord, stateRecord } from '../engine/state-record.ts';
import type { StateView } from '../ledger-types.ts';

/** What a sender anchored under an event id: whose, salted commitments, and the block time at which they were. */
export interface AnchoredRecord {
  readonly domain: string;
  /** Absent: about no person. */
  readonly subject?: Uint8Array;
  /** To the exact source bytes. */
  readonly source: Uint8Array;
  /** To the RFC 8785 canonical form without `meta`. */
  readonly canonical: Uint8Array;
  readonly at: number;
  /** Since when it counts as entered in error; its commitments stay. */
  readonly enteredInErrorAt?: number;
}

export const anchored: StateRecord<AnchoredRecord> = stateRecord(
  'record/event',
  z.strictObject({
    domain: name(),
    subject: did().exactOptional(),
    source: commitment(),
    canonical: commitment(),
    at: timestamp(),
    enteredInErrorAt: timestamp().exactOptional(),
  }),
);

/** Whether both say the same, whenever they were anchored. */
export function isSameRecord(left: AnchoredRecord, right: AnchoredRecord): boolean {
  const same = (one: Uint8Array | undefined, other: Uint8Array | undefined): boolean =>
    one === undefined || other === undefined ? one === other : equalBytes(one, other);
  return (
    left.domain === right.domain &&
    same(left.subject, right.subject) &&
    same(left.source, right.source) &&
    same(left.canonical, right.canonical)
  );
}

export function recordOf(state: StateView, sender: Uint8Array, eventId: Uint8Array): AnchoredRecord | undefined {
  return anchored.get(state, toHex(sender), toHex(eventId));
}
