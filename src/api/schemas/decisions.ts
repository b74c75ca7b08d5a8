import { z } from 'zod';
import { type JsonValue, jsonValue, timestampMs, wholeNumber } from './primitives.ts';
import { type ExplanationView, explanationView } from './replay.ts';
import type { ContractObject } from './subjects.ts';

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

/** What the rules would decide now. Advisory: it is not logged and releases nothing (contracts.md, "The consent decision"). */
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

export const decisionRequest: z.ZodType<DecisionRequest, DecisionRequest> = z
  .object({
    at: z.exactOptional(z.strictObject({ height: z.int().min(1) })),
    view: z.exactOptional(explanationView),
  })
  .catchall(jsonValue);

export const decisionView: z.ZodType<DecisionView, DecisionView> = z.object({
  decision: z.string(),
  height: wholeNumber,
  at: timestampMs,
  ruleset: z.string(),
  advisory: z.literal(true),
  explanation: jsonValue,
});
