import { z } from 'zod';
import { type ErrorDetail, errorDetail } from './errors.ts';
import { type InForceView, inForceView } from './in-force.ts';
import {
  didText,
  hashText,
  type JsonValue,
  jsonValue,
  type QueryInput,
  queryNumber,
  timestampMs,
  waitTimeoutMsMax,
  wholeNumber,
} from './primitives.ts';
import { type ReachView, reachView } from './reach.ts';

/** What a transaction came to. A refusal by a rule is a result like any other and has its place in a block. */
export interface ResultView {
  readonly ok: boolean;
  readonly code?: string;
  readonly rule?: string;
  readonly sentence?: string;
  readonly output?: JsonValue;
}

/** Where a transaction stands, for ever: the same bytes, posted to any node at any time, get the same receipt. */
export interface ReceiptView {
  readonly id: string;
  readonly height: number;
  /** Place in the block, from 0. */
  readonly index: number;
  /** The block's certified time. */
  readonly timestamp: number;
  readonly blockHash: string;
  readonly result: ResultView;
}

/** What a committed transaction said. */
export interface TransactionView {
  readonly kind: string;
  readonly sender: string;
  readonly validUntil: number;
  /** In the JSON form of its contract. */
  readonly payload: JsonValue;
}

/** A committed transaction: its receipt and its content. */
export interface TransactionReply {
  readonly id: string;
  readonly status: 'committed';
  readonly receipt: ReceiptView;
  readonly transaction: TransactionView;
}

/**
 * What a submission came to.
 * - `committed`: `receipt` says where and with what result.
 * - `accepted`: taken (`wait=none`); it may still expire unexecuted.
 * - `refused`: nothing happened; `error` says why.
 * - `unknown`: handed on, not seen committed in time; posting the same bytes again is safe.
 */
export interface OutcomeView {
  /** Absent when the bytes are no transaction. */
  readonly id?: string;
  readonly status: 'committed' | 'accepted' | 'refused' | 'unknown';
  readonly receipt?: ReceiptView;
  readonly error?: ErrorDetail;
}

/** One outcome for each transaction of the request, in its order. */
export interface SubmitReply {
  readonly outcomes: readonly OutcomeView[];
  /** With `wait=in-force`, of the last block of those that are committed; absent where the node could not find out. */
  readonly inForce?: InForceView;
  /** With `wait=everywhere`, of the last block of those that are committed; absent where the node could not find out. */
  readonly reach?: ReachView;
}

export interface TransactionParams {
  readonly id: string;
}

export interface WaitQuery {
  /** `committed`: answer when this node applied the commit. `none`: answer at once. */
  readonly wait: 'committed' | 'none';
  readonly timeoutMs: number;
}

export interface SubmitQuery extends Omit<WaitQuery, 'wait'> {
  /**
   * `committed`, `none`: as elsewhere. `in-force`: answer when no node decides without the commit any more: each says that
   * it decides on it, or holds no lease without which it decides nothing by itself; or when the time is up. `everywhere`:
   * answer when every node of the configuration says that it applied the commit, or when the time is up, with what each of
   * them said.
   */
  readonly wait: WaitQuery['wait'] | 'in-force' | 'everywhere';
  /** Id of the ledger that the transactions are signed for: a node of another one says so. */
  readonly ledger?: string;
}

export const resultView: z.ZodType<ResultView, ResultView> = z.object({
  ok: z.boolean(),
  code: z.exactOptional(z.string()),
  rule: z.exactOptional(z.string()),
  sentence: z.exactOptional(z.string()),
  output: z.exactOptional(jsonValue),
});

export const receiptView: z.ZodType<ReceiptView, ReceiptView> = z.object({
  id: hashText,
  height: wholeNumber,
  index: wholeNumber,
  timestamp: timestampMs,
  blockHash: hashText,
  result: resultView,
});

/** Fields of an {@link OutcomeView}. */
export const outcomeShape: {
  readonly id: z.ZodExactOptional<typeof hashText>;
  readonly status: z.ZodEnum<{ committed: 'committed'; accepted: 'accepted'; refused: 'refused'; unknown: 'unknown' }>;
  readonly receipt: z.ZodExactOptional<typeof receiptView>;
  readonly error: z.ZodExactOptional<typeof errorDetail>;
} = {
  id: z.exactOptional(hashText),
  status: z.enum(['committed', 'accepted', 'refused', 'unknown']),
  receipt: z.exactOptional(receiptView),
  error: z.exactOptional(errorDetail),
};

export const outcomeView: z.ZodType<OutcomeView, OutcomeView> = z.object(outcomeShape);

export const transactionReply: z.ZodType<TransactionReply, TransactionReply> = z.object({
  id: hashText,
  status: z.literal('committed'),
  receipt: receiptView,
  transaction: z.object({ kind: z.string(), sender: didText, validUntil: timestampMs, payload: jsonValue }),
});

export const submitReply: z.ZodType<SubmitReply, SubmitReply> = z.object({
  outcomes: z.array(outcomeView),
  inForce: z.exactOptional(inForceView),
  reach: z.exactOptional(reachView),
});

export const transactionParams: z.ZodType<TransactionParams, TransactionParams> = z.strictObject({ id: hashText });

export const submitQuery: z.ZodType<SubmitQuery, QueryInput<SubmitQuery>> = z.strictObject({
  ledger: z.exactOptional(hashText),
  wait: z.enum(['in-force', 'committed', 'everywhere', 'none']).default('in-force'),
  timeoutMs: queryNumber(1, waitTimeoutMsMax).default(10_000),
});

export const transactionQuery: z.ZodType<WaitQuery, QueryInput<WaitQuery>> = z.strictObject({
  wait: z.enum(['committed', 'none']).default('none'),
  timeoutMs: queryNumber(1, waitTimeoutMsMax).default(10_000),
});
