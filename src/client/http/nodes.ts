import type { ReadConsistency } from '../../api/index.ts';
import type { Clock, Random } from '../../base/index.ts';
import type { Fetch } from './transport.ts';

/** What the parts of the client share: where the nodes are, which one answered last, and how to reach them. */
export interface Nodes {
  readonly urls: readonly string[];
  /** Index of the node that answered last; the next request begins there. */
  preferred: number;
  /** Of reads that do not say. */
  readonly consistency: ReadConsistency | undefined;
  readonly fetch: Fetch;
  readonly clock: Clock;
  readonly random: Random;
}
