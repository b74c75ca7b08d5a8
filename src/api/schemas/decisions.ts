import { z } from 'zod';
import { type JsonValue, jsonValue, timestampMs, wholeNumber } from './primitives.ts';
import { type ExplanationView, explanationView } from './replay.ts';
import type { ContractObject } from './subjects.ts';
import { type OutcomeView, outcomeShape } from './transactions.ts';

/**
 * The request of a decision in the JSON form that the active rule set defines (subject, requester, organisation, purpose,
 * action, …). The rule set checks it; a mismatch is `request-invalid` with the path that is wrong. Beside it, for the
 * node: after which block and for whom.
 */
export type DecisionRequest = ContractObject & {
  /** After this block, at its time; absent: now. */
  readonly at?: { readonly height: number };
  /** Absent: `full`. */
  readonly view?: ExplanationView;
};

/** Questions that are answered together, from one state. */
export interface DecisionBatch {
  readonly questions: readonly DecisionRequest[];
}

/** Signed `access.record` transactions: each is answered when its entry is certified. */
export interface DecisionCommit {
  readonly commit: true;
  /** Hexadecimal, as they are posted to `/v1/transactions`. */
  readonly transactions: readonly string[];
}

export type DecisionBody = DecisionRequest | DecisionBatch | DecisionCommit;

/** What the rules would decide now. Advisory: it is not logged and releases nothing (docs/decision.md). */
export interface DecisionView {
  readonly decision: string;
  /** Height of the state that was asked. */
  readonly height: number;
  /** The time the rules were given: the later of the head's and the node's, or that of the block that was asked for. */
  readonly at: number;
  readonly ruleset: string;
  readonly advisory: true;
  /** How the decision came about, in the JSON form of the rule set. */
  readonly explanation: JsonValue;
}

/** One answer for each question, in their order. */
export interface DecisionList {
  readonly decisions: readonly DecisionView[];
}

/** What a transaction came to, with the decision of its entry where it has one. */
export interface CommittedDecision extends OutcomeView {
  readonly decision?: string;
  /** Place of the entry in the subject's log, from 0. */
  readonly entry?: number;
  /** It was recorded before; the entry is that of then. */
  readonly duplicate?: boolean;
}

export interface CommittedDecisionList {
  readonly outcomes: readonly CommittedDecision[];
}

export type DecisionReply = DecisionView | DecisionList | CommittedDecisionList;

/** Questions or transactions of one request. */
export const decisionsPerRequestMax = 100;

export const decisionRequest: z.ZodType<DecisionRequest, DecisionRequest> = z
  .object({
    at: z.exactOptional(z.strictObject({ height: z.int().min(1) })),
    view: z.exactOptional(explanationView),
  })
  .catchall(jsonValue)
  .refine(
    (body) => !['questions', 'commit', 'transactions'].some((name) => name in body),
    'one question has none of these',
  );

const decisionBatch = z.strictObject({ questions: z.array(decisionRequest).min(1).max(decisionsPerRequestMax) });

const decisionCommit = z.strictObject({
  commit: z.literal(true),
  transactions: z
    .array(z.string().regex(/^([0-9a-f]{2})+$/, 'expected lower-case hexadecimal'))
    .min(1)
    .max(decisionsPerRequestMax),
});

export const decisionBody: z.ZodType<DecisionBody, DecisionBody> = z.union([
  decisionBatch,
  decisionCommit,
  decisionRequest,
]);

export const decisionView: z.ZodType<DecisionView, DecisionView> = z.object({
  decision: z.string(),
  height: wholeNumber,
  at: timestampMs,
  ruleset: z.string(),
  advisory: z.literal(true),
  explanation: jsonValue,
});

export const decisionReply: z.ZodType<DecisionReply, DecisionReply> = z.union([
  decisionView,
  z.object({ decisions: z.array(decisionView) }),
  z.object({
    outcomes: z.array(
      z.object({
        ...outcomeShape,
        decision: z.exactOptional(z.string()),
        entry: z.exactOptional(wholeNumber),
        duplicate: z.exactOptional(z.boolean()),
      }),
    ),
  }),
]);
