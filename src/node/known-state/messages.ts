import type { PackedValues } from './packed-values.ts';

/** Which state it is, and under which rules the next block runs. */
export interface StateFacts {
  readonly height: number;
  /** Of the block, milliseconds since the Unix epoch. */
  readonly timestamp: number;
  readonly ruleSet: string;
}

/**
 * Values of the newest certified state. Whoever keeps them is told of every change, until the generation after the next
 * begins: then it has forgotten them.
 */
export interface StateValues {
  readonly facts: StateFacts;
  readonly generation: number;
  readonly values: PackedValues;
}

/** The state is another one now: of what was given out in this generation and the one before, all that changed. */
export interface StateNews extends StateValues {
  readonly type: 'state';
}
