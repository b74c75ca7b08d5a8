import { z } from 'zod';
import {
  hashText,
  type JsonValue,
  jsonValue,
  nameText,
  type QueryInput,
  timestampMs,
  wholeNumber,
} from './primitives.ts';
import { type ContractObject, contractObject, eventIdText } from './subjects.ts';
import { type ResultView, resultView } from './transactions.ts';

/** For whom an explanation is: `requester` leaves out whatever would tell of consents and hidden labels. */
export type ExplanationView = 'full' | 'requester';

export const explanationView: z.ZodType<ExplanationView, ExplanationView> = z.enum(['full', 'requester']);

export interface ExplainQuery {
  readonly view: ExplanationView;
  /** Only the decision on this event, 32 hexadecimal digits; absent: the first ones. */
  readonly event?: string;
}

/** The most decisions that one explanation has: a batch makes up to a thousand. */
export const explainedDecisionsMax = 50;

/** What became of one rule. */
export interface RuleView {
  readonly rule: string;
  readonly code: string;
  readonly sentence: string;
  readonly verdict: 'permitted' | 'refused' | 'not-reached';
  /** Keys of the state that it looked at, and whether something was there. */
  readonly reads: readonly { readonly key: string; readonly found: boolean }[];
  /** What it noted. */
  readonly saw: readonly { readonly what: string; readonly value: string | number | boolean }[];
}

/** A committed transaction, executed once more at its place in the chain. */
export interface TransactionExplanation {
  readonly id: string;
  readonly kind: string;
  readonly height: number;
  /** Place in the block, from 0: what those before it wrote counts. */
  readonly index: number;
  /** The block's time. */
  readonly at: number;
  readonly ruleset: string;
  readonly view: ExplanationView;
  /** What the ledger says became of it. */
  readonly result: ResultView;
  /** Whether executing it again came to exactly that. Where not, a node or its disk is not what it should be. */
  readonly agrees: boolean;
  /** Where they differ. */
  readonly recomputed?: ResultView;
  /** In their order. */
  readonly rules: readonly RuleView[];
  /** Keys of the state that it wrote. */
  readonly writes: readonly string[];
  /** The decisions that it had made, in the JSON form of the rule set: with what was asked, and the gateway found. */
  readonly decisions: readonly JsonValue[];
  /** How many it had made: those that are not here are asked for by their event. */
  readonly decisionCount: number;
}

export interface WhatIfRequest {
  /** The candidate, in the JSON form of a domain's policy. */
  readonly policy: JsonValue;
  /** Only decisions at this time or later; absent: from the first that this node can recompute. */
  readonly from?: number;
  /** Only decisions before this time. */
  readonly until?: number;
  /** Block at which to go on: `next` of the page before. */
  readonly next?: number;
}

/** What one decision came to. */
export interface OutcomeOfDecision {
  /** Absent where the entry would have been refused. */
  readonly decision?: string;
  readonly reason?: string;
  /** Consents that settled it. */
  readonly determining?: readonly string[];
  /** What failed before any consent was looked at. */
  readonly gate?: JsonValue;
  /** Why nothing would have been recorded. */
  readonly refused?: { readonly code: string; readonly sentence: string };
}

/** A decision of the log that would have been another one. */
export interface DecisionDifference {
  readonly id: string;
  readonly height: number;
  readonly index: number;
  /** The entry as the ledger has it. */
  readonly entry: ContractObject;
  readonly recorded: OutcomeOfDecision;
  readonly candidate: OutcomeOfDecision;
}

/** A transaction that came to something else when it was executed again under the recorded policy. */
export interface ReplayMismatch {
  readonly id: string;
  readonly height: number;
  readonly index: number;
  readonly recorded: ResultView;
  readonly recomputed: ResultView;
}

/** A slice of the period. */
export interface WhatIfPage {
  readonly domain: string;
  /** The blocks that this slice looked at; absent where the period has none. */
  readonly blocks?: { readonly from: number; readonly to: number };
  /** The newest block's height, to tell how far it is. */
  readonly head: number;
  /** Decisions of the domain that were recomputed. */
  readonly decisions: number;
  readonly differences: readonly DecisionDifference[];
  readonly mismatches: readonly ReplayMismatch[];
  /** Where the next slice begins; absent at the end. */
  readonly next?: number;
}

export const explainQuery: z.ZodType<ExplainQuery, QueryInput<ExplainQuery>> = z.strictObject({
  view: explanationView.default('full'),
  event: z.exactOptional(eventIdText),
});

const ruleView = z.object({
  rule: z.string(),
  code: z.string(),
  sentence: z.string(),
  verdict: z.enum(['permitted', 'refused', 'not-reached']),
  reads: z.array(z.object({ key: z.string(), found: z.boolean() })),
  saw: z.array(z.object({ what: z.string(), value: z.union([z.string(), z.number(), z.boolean()]) })),
});

export const transactionExplanation: z.ZodType<TransactionExplanation, TransactionExplanation> = z.object({
  id: hashText,
  kind: z.string(),
  height: wholeNumber,
  index: wholeNumber,
  at: timestampMs,
  ruleset: z.string(),
  view: explanationView,
  result: resultView,
  agrees: z.boolean(),
  recomputed: z.exactOptional(resultView),
  rules: z.array(ruleView),
  writes: z.array(z.string()),
  decisions: z.array(jsonValue),
  decisionCount: wholeNumber,
});

export const whatIfRequest: z.ZodType<WhatIfRequest, WhatIfRequest> = z.strictObject({
  policy: jsonValue,
  from: z.exactOptional(timestampMs),
  until: z.exactOptional(timestampMs),
  next: z.exactOptional(z.int().min(1)),
});

const outcomeOfDecision = z.object({
  decision: z.exactOptional(z.string()),
  reason: z.exactOptional(z.string()),
  determining: z.exactOptional(z.array(z.string())),
  gate: z.exactOptional(jsonValue),
  refused: z.exactOptional(z.object({ code: z.string(), sentence: z.string() })),
});

const transactionPlace = { id: hashText, height: wholeNumber, index: wholeNumber };

export const whatIfPage: z.ZodType<WhatIfPage, WhatIfPage> = z.object({
  domain: nameText,
  blocks: z.exactOptional(z.object({ from: wholeNumber, to: wholeNumber })),
  head: wholeNumber,
  decisions: wholeNumber,
  differences: z.array(
    z.object({ ...transactionPlace, entry: contractObject, recorded: outcomeOfDecision, candidate: outcomeOfDecision }),
  ),
  mismatches: z.array(z.object({ ...transactionPlace, recorded: resultView, recomputed: resultView })),
  next: z.exactOptional(wholeNumber),
});
