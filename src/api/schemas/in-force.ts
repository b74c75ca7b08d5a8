import { z } from 'zod';
import { nodeIdText, wholeNumber } from './primitives.ts';

/** A node that has not said that it decides on a block. */
export interface OtherNode {
  readonly nodeId: string;
  /** The member that runs it, null where the ledger does not name it yet. */
  readonly member: string | null;
  /**
   * `barred`: a majority of the voters promises that it decides nothing by itself before it has caught up. `unknown`: it
   * may still decide by itself on an older state.
   */
  readonly standing: 'barred' | 'unknown';
}

/** Whether a block is in force: no node decides by itself without it any more. */
export interface InForceView {
  readonly height: number;
  /** Then no other's standing is unknown. The reverse holds but for two seconds after the ledger's nodes changed. */
  readonly inForce: boolean;
  /** Empty where all nodes said that they decide on the block, or a newer one. */
  readonly others: readonly OtherNode[];
}

export const inForceView: z.ZodType<InForceView, InForceView> = z.object({
  height: wholeNumber,
  inForce: z.boolean(),
  others: z.array(
    z.object({ nodeId: nodeIdText, member: z.string().nullable(), standing: z.enum(['barred', 'unknown']) }),
  ),
});
