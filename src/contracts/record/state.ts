import { z } from 'zod';
import { toHex } from '../../base/index.ts';
import { commitment, timestamp } from '../engine/leaves.ts';
import { type StateRecord, stateRecord } from '../engine/state-record.ts';
import type { StateView } from '../ledger-types.ts';

/** What a sender anchored under an event id: salted commitments, and the block time at which they were. */
export interface AnchoredRecord {
  /** To the exact source bytes. */
  readonly source: Uint8Array;
  /** To the RFC 8785 canonical form without `meta`. */
  readonly canonical: Uint8Array;
  readonly at: number;
}

export const anchored: StateRecord<AnchoredRecord> = stateRecord(
  'record/event',
  z.strictObject({ source: commitment(), canonical: commitment(), at: timestamp() }),
);

export function recordOf(state: StateView, sender: Uint8Array, eventId: Uint8Array): AnchoredRecord | undefined {
  return anchored.get(state, toHex(sender), toHex(eventId));
}
