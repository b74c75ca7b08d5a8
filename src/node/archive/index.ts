/** A node's history beside the chain that it works with: written into the archive, read from it, and given up for it. */
export { type ArchiveStatus, HistoryKeeper, type KeeperOptions, type PruneOutcome } from './keeper.ts';
export { NodeArchive } from './node-archive.ts';
export { keepBlocksMin, type PruneBound, type Retention } from './retention.ts';
export { Turns } from './turns.ts';
