import { z } from 'zod';
import { toHex } from '../../../base/index.ts';
import type { WritableState } from '../../engine/contract.ts';
import { did, name, timestamp, transactionId } from '../../engine/leaves.ts';
import { type StateRecord, stateRecord } from '../../engine/state-record.ts';
import type { StateView } from '../../ledger-types.ts';
import { type Role, roles } from '../../tables/codes.ts';

export const reviewOutcomes = ['justified', 'not-justified', 'escalated'] as const;
export type ReviewOutcome = (typeof reviewOutcomes)[number];

/** A broken glass as far as its review goes. */
export interface Opening {
  /** The transaction that opened it. */
  readonly id: Uint8Array;
  readonly agent: Uint8Array;
  readonly role: Role;
  readonly organisation: string;
  readonly openedAt: number;
  readonly reviewBy: number;
  /** Number in the list of what waits for a review. */
  readonly task: number;
  /** The last one. */
  readonly review?: {
    readonly by: Uint8Array;
    readonly at: number;
    readonly outcome: ReviewOutcome;
    /** Disputes of the entry that had been raised by then. */
    readonly disputes: number;
  };
}

/** What was said afterwards of one entry of a subject's log. The entry itself never changes. */
export interface Marks {
  readonly corrections: number;
  /** Ever raised. */
  readonly disputes: number;
  /** The one that is not answered yet. */
  readonly dispute?: { readonly by: Uint8Array; readonly raisedAt: number; readonly task: number };
  /** Only of a broken glass. */
  readonly opening?: Opening;
}

export const marks: StateRecord<Marks> = stateRecord(
  'access/marks',
  z.strictObject({
    corrections: z.int().min(0),
    disputes: z.int().min(0),
    dispute: z.strictObject({ by: did(), raisedAt: timestamp(), task: z.int().min(0) }).exactOptional(),
    opening: z
      .strictObject({
        id: transactionId(),
        agent: did(),
        role: z.enum(roles),
        organisation: name(),
        openedAt: timestamp(),
        reviewBy: timestamp(),
        task: z.int().min(0),
        review: z
          .strictObject({ by: did(), at: timestamp(), outcome: z.enum(reviewOutcomes), disputes: z.int().min(0) })
          .exactOptional(),
      })
      .exactOptional(),
  }),
);

export function marksOf(state: StateView, subject: Uint8Array, entry: number): Marks {
  return marks.get(state, toHex(subject), `${entry}`) ?? { corrections: 0, disputes: 0 };
}

export function putMarks(state: WritableState, subject: Uint8Array, entry: number, changed: Marks): void {
  marks.put(state, [toHex(subject), `${entry}`], changed);
}
