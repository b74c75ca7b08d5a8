/**
 * Advisory decisions beside the main thread (docs/consensus.md, "Reads"): the HTTP thread decides on the part of the newest
 * certified state that it was given with earlier answers. Promises that what it decides on is the state after one certified
 * block, the newest one that this node told of.
 */
export { isBatch } from './advice.ts';
export { KnownState } from './known-state.ts';
export type { StateNews } from './messages.ts';
export { type Advice, StateFeed } from './state-feed.ts';
