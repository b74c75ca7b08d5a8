import { z } from 'zod';
import type { QueryInput } from './primitives.ts';

/**
 * How new an answer is.
 * - `linearizable`: it holds everything that was acknowledged, by any node, before the request came. Takes a majority.
 * - `local`: it holds what the asked node has applied. Takes nobody else.
 */
export type ReadConsistency = 'linearizable' | 'local';

/**
 * Of a decision also `in-force`: it holds everything that was answered to be in force, by any node, before the request
 * came. Takes nobody else while the node holds a lease, and is linearizable where it does not.
 */
export type Consistency = ReadConsistency | 'in-force';

/** Part of the query of every route that reads the ledger. */
export interface ConsistencyQuery {
  readonly consistency: Consistency;
}

/** The newest block whose effects an answer certainly holds. */
export interface ReadPoint {
  readonly height: number;
  /** The block's certified time, milliseconds since the Unix epoch. */
  readonly timestamp: number;
}

/** Of routes that do not say otherwise. Leaves the rest of the query to the route's own schema. */
export const consistencyQuery: z.ZodType<ConsistencyQuery, QueryInput<ConsistencyQuery>> = z.object({
  consistency: z.enum(['linearizable', 'local']).default('linearizable'),
});

/** Of decisions. */
export const decisionConsistencyQuery: z.ZodType<ConsistencyQuery, QueryInput<ConsistencyQuery>> = z.object({
  consistency: z.enum(['in-force', 'linearizable', 'local']).default('in-force'),
});

/** Headers of every answer of a route that reads the ledger, with what they say. */
export const consistencyHeaders = {
  'assent-consistency': 'How new the answer is: linearizable or local; of a decision also in-force.',
  'assent-applied-height':
    'Height of the newest block that the answering node had applied when it began to read; of an advisory decision, of the newest certified block that it had executed.',
  'assent-applied-time':
    'Certified time of this block (RFC 3339). On an idle ledger it is old though nothing is missing.',
} as const;
