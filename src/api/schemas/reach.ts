import { z } from 'zod';
import { nodeIdText, type QueryInput, queryNumber, waitTimeoutMsMax, wholeNumber } from './primitives.ts';

export interface ReachParams {
  readonly height: number;
}

export interface ReachQuery {
  /** The longest that is waited for nodes that do not have the block. */
  readonly timeoutMs: number;
}

export interface ReachedNode {
  readonly nodeId: string;
  /** The member that runs it, null where the ledger does not name it yet. */
  readonly member: string | null;
  /** The newest block that the node said it has applied, null where it said nothing in time. */
  readonly applied: number | null;
  /** Whether it decides on the state after the block, or a newer one, from now on. */
  readonly reached: boolean;
}

/** Which nodes of the configuration have applied a block, as they say themselves. */
export interface ReachView {
  readonly height: number;
  /** All of them have. */
  readonly everywhere: boolean;
  readonly nodes: readonly ReachedNode[];
}

export const reachParams: z.ZodType<ReachParams, ReachParams> = z.strictObject({
  height: queryNumber(1, Number.MAX_SAFE_INTEGER),
});

export const reachQuery: z.ZodType<ReachQuery, QueryInput<ReachQuery>> = z.strictObject({
  timeoutMs: queryNumber(0, waitTimeoutMsMax).default(10_000),
});

export const reachView: z.ZodType<ReachView, ReachView> = z.object({
  height: wholeNumber,
  everywhere: z.boolean(),
  nodes: z.array(
    z.object({
      nodeId: nodeIdText,
      member: z.string().nullable(),
      applied: wholeNumber.nullable(),
      reached: z.boolean(),
    }),
  ),
});
