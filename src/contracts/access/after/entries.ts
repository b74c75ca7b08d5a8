import { z } from 'zod';
import type { PurposeOfUse } from '../../../decision/index.ts';
import { type Decision, decisions } from '../../decision/decide.ts';
import type { ApplyContext } from '../../engine/contract.ts';
import { commitment, did, eventId, name, timestamp, transactionId } from '../../engine/leaves.ts';
import { type EntryType, entryType } from '../../engine/stream-entry.ts';
import { type Action, actions, type Role, roles } from '../../tables/codes.ts';
import { purpose } from '../../tables/purpose.ts';
import type { Addition } from './event.ts';
import { type ReviewOutcome, reviewOutcomes } from './marks.ts';

/** What is added to a log afterwards. Each is in `access:<subject hex>` and a leaf of the subject's log. */

interface AdditionHead extends Addition {
  readonly transaction: Uint8Array;
  /** Block time. */
  readonly at: number;
  readonly ruleSet: string;
  /** Who added it. */
  readonly by: Uint8Array;
}

const head = {
  transaction: transactionId(),
  eventId: eventId(),
  at: timestamp(),
  ruleSet: z.string().max(64),
  subject: did(),
  domain: name(),
  by: did(),
};

/** Place of an entry in the same log, from 0. */
const place = z.int().min(0);

export function headOf({ payload, sender, transaction, block, ruleSet }: ApplyContext<Addition>): AdditionHead {
  const { eventId: event, subject, domain } = payload;
  return { transaction: transaction.id, eventId: event, at: block.timestamp, ruleSet, subject, domain, by: sender };
}

export const correctionKinds = [
  'wrong-subject',
  'wrong-agent',
  'wrong-purpose',
  'wrong-action',
  'wrong-resource',
  'wrong-time',
  'recorded-twice',
] as const;
export type CorrectionKind = (typeof correctionKinds)[number];

export interface EntryCorrected extends AdditionHead {
  readonly entry: number;
  readonly kind: CorrectionKind;
  readonly purpose?: PurposeOfUse;
  readonly action?: Action;
  readonly occurredAt?: number;
  readonly reason: Uint8Array;
  readonly counterpart?: Uint8Array;
}

export const entryCorrected: EntryType<EntryCorrected> = entryType(
  'entry-corrected',
  z.strictObject({
    ...head,
    entry: place,
    kind: z.enum(correctionKinds),
    purpose: purpose().exactOptional(),
    action: z.enum(actions).exactOptional(),
    occurredAt: timestamp().exactOptional(),
    reason: commitment(),
    counterpart: commitment().exactOptional(),
  }),
);

export interface AccessRecordedLate extends AdditionHead {
  readonly agent: Uint8Array;
  readonly role: Role;
  readonly organisation: string;
  readonly purpose: PurposeOfUse;
  readonly action: Action;
  readonly resource: Uint8Array;
  readonly occurredAt: number;
  readonly decision: Decision;
  readonly reason: Uint8Array;
  readonly counterpart?: Uint8Array;
}

export const accessRecordedLate: EntryType<AccessRecordedLate> = entryType(
  'access-recorded-late',
  z.strictObject({
    ...head,
    agent: did(),
    role: z.enum(roles),
    organisation: name(),
    purpose: purpose(),
    action: z.enum(actions),
    resource: commitment(),
    occurredAt: timestamp(),
    decision: z.enum(decisions),
    reason: commitment(),
    counterpart: commitment().exactOptional(),
  }),
);

export interface GlassReviewed extends AdditionHead {
  /** Of the broken glass. */
  readonly entry: number;
  readonly outcome: ReviewOutcome;
  readonly findings: Uint8Array;
  /** Until when it was due: a review after that came late. */
  readonly reviewBy: number;
}

export const glassReviewed: EntryType<GlassReviewed> = entryType(
  'glass-reviewed',
  z.strictObject({
    ...head,
    entry: place,
    outcome: z.enum(reviewOutcomes),
    findings: commitment(),
    reviewBy: timestamp(),
  }),
);

export interface EntryDisputed extends AdditionHead {
  readonly entry: number;
  readonly reason: Uint8Array;
}

export const entryDisputed: EntryType<EntryDisputed> = entryType(
  'entry-disputed',
  z.strictObject({ ...head, entry: place, reason: commitment() }),
);

export const answerOutcomes = ['upheld', 'rejected', 'corrected'] as const;
export type AnswerOutcome = (typeof answerOutcomes)[number];

export interface DisputeAnswered extends AdditionHead {
  /** The one that was disputed. */
  readonly entry: number;
  readonly outcome: AnswerOutcome;
  readonly answer: Uint8Array;
}

export const disputeAnswered: EntryType<DisputeAnswered> = entryType(
  'dispute-answered',
  z.strictObject({ ...head, entry: place, outcome: z.enum(answerOutcomes), answer: commitment() }),
);
