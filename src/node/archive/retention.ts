import { type Ledger, ledgerLimits } from '../../ledger/index.ts';
import type { ConfigurationHistories } from '../replica/index.ts';
import type { NodeArchive } from './node-archive.ts';

/** What a node keeps of its history beside the archive, at least: all of what is stated holds. */
export interface Retention {
  /** The newest blocks, so many. */
  readonly keepBlocks?: number | undefined;
  /** The blocks of the last so many days of the chain. */
  readonly keepDays?: number | undefined;
}

/** Fewer are never kept: peers that lag a little, and consensus itself, read them. */
export const keepBlocksMin = 1024;
/** Nor are younger blocks given up: executed ids are void after one window, and what is read beside may still be of the one before. */
const keepMsMin = 2 * ledgerLimits.validityWindowMs;
const dayMs = 86_400_000;

/** Why no more can be pruned. */
export type PruneBound = 'kept' | 'recent' | 'not-archived' | 'configuration-not-proved';

export interface PruneTarget {
  /** The highest block that can be given up; below the first kept block where none can. */
  readonly through: number;
  readonly bound: PruneBound;
}

/** How far history can be given up now: what is archived, old enough by the policy and not needed for a proof. */
export function pruneTarget(
  ledger: Pick<Ledger, 'applied' | 'firstBlockHeight' | 'block'>,
  archive: Pick<NodeArchive, 'coveredThrough'>,
  history: Pick<ConfigurationHistories, 'unprovedFrom'>,
  { keepBlocks = 0, keepDays = 0 }: Retention,
): PruneTarget {
  const { height, timestamp } = ledger.applied;
  const keptMs = Math.max(keepDays * dayMs, keepMsMin);
  const bounds: PruneTarget[] = [
    { bound: 'kept', through: height - Math.max(keepBlocks, keepBlocksMin) },
    { bound: 'not-archived', through: archive.coveredThrough(ledger.firstBlockHeight) },
    { bound: 'configuration-not-proved', through: (history.unprovedFrom ?? Number.POSITIVE_INFINITY) - 1 },
  ];
  const target = bounds.reduce((lowest, other) => (other.through < lowest.through ? other : lowest));
  if (target.through < ledger.firstBlockHeight) return target;
  const old = lastBefore(ledger, timestamp - keptMs, target.through);
  return old < target.through ? { bound: 'recent', through: old } : target;
}

/** The highest block up to `highest` that is older than this time: times rise along the chain. */
function lastBefore(ledger: Pick<Ledger, 'firstBlockHeight' | 'block'>, timeMs: number, highest: number): number {
  let below = ledger.firstBlockHeight - 1;
  for (let above = highest + 1; above - below > 1; ) {
    const middle = Math.floor((below + above) / 2);
    const block = ledger.block(middle);
    if (block !== undefined && block.header.timestamp < timeMs) below = middle;
    else above = middle;
  }
  return below;
}
