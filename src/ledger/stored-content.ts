import { equalBytes, latin1Text } from '../base/index.ts';
import type { MerkleFrontier } from '../crypto/portable.ts';
import type { Store } from '../storage/index.ts';
import { readAppliedRecord } from './chain-store.ts';
import { readPruned } from './pruning/pruned.ts';
import type { ChainPointFacts } from './state/chain-point.ts';
import { partDepth } from './state/pages.ts';
import { decodePart, pageReader, partCount, partKey, TreeParts } from './state/parts.ts';
import type { StateSpace } from './state/state-space.ts';
import { rootPath, TreeWalk } from './state/tree-walk.ts';

/** What a store holds beside the blocks, as far as it follows from them. */
export interface StoredSummary {
  readonly height: number;
  /** 0, or the block of the snapshot that the store began with. */
  readonly originHeight: number;
  /** Where it has its state and tree. */
  readonly space: StateSpace;
  /** Undo records begin above this block. */
  readonly pastFrom: number;
  /** Blocks up to here were given up, with their receipts and past values: they are in the archive. */
  readonly prunedThrough: number;
  /** Values in the state. */
  readonly values: number;
  /** Pages of the state tree. */
  readonly pages: number;
}

/** What the applied record says of a point that was computed elsewhere; names the field that is another. */
export function differenceOfApplied(store: Pick<Store, 'get'>, facts: ChainPointFacts): string | undefined {
  const stored = readAppliedRecord(store);
  if (stored.height !== facts.height) return 'height';
  if (stored.term !== facts.term) return 'term';
  if (stored.timestamp !== facts.timestamp) return 'time';
  for (const name of ['hash', 'stateRoot', 'configurationHash'] as const)
    if (!equalBytes(stored[name], facts[name])) return name;
  if (!sameFrontier(stored.history, facts.history)) return 'history';
  const minutes = [...stored.idBuckets];
  const isSame = ([minute, bucket]: (typeof minutes)[number]): boolean => {
    const own = facts.idBuckets.get(minute);
    return own !== undefined && sameFrontier(bucket, own);
  };
  return minutes.length === facts.idBuckets.size && minutes.every(isSame) ? undefined : 'executed ids';
}

function sameFrontier(left: MerkleFrontier, right: MerkleFrontier): boolean {
  if (left.size !== right.size || left.peaks.length !== right.peaks.length) return false;
  return left.peaks.every((peak, index) => equalBytes(peak, right.peaks[index] as Uint8Array));
}

/** So many leaves are visited in one slice. */
const sliceLeaves = 4096;

/**
 * Walks the whole stored tree, in slices: the tree of the applied block, whose root must be the one that is recorded, and
 * under each part the pages that were written with it. Throws `storage-damaged`.
 */
export function* walkStored(store: Store): Generator<undefined, StoredSummary> {
  const { height, origin, pastFrom, deltasFrom, stateRoot } = readAppliedRecord(store);
  const { space } = origin;
  const read = pageReader(store, space);
  const { root } = TreeParts.open(store, space, { height, deltasFrom, rootHash: latin1Text(stateRoot) });
  const values = yield* countLeaves(new TreeWalk(root, read));
  let pages = 0;
  for (let part = 0; part < partCount; part++) {
    const { child } = decodePart(store.get(partKey(space, part)));
    const walk = new TreeWalk(child, read, partDepth, String.fromCharCode(part) + rootPath.slice(1));
    yield* countLeaves(walk);
    pages += walk.pages;
  }
  const prunedThrough = readPruned(store).through;
  return { height, originHeight: origin.height, space, pastFrom, prunedThrough, values, pages };
}

function* countLeaves(walk: TreeWalk): Generator<undefined, number> {
  let count = 0;
  while (walk.next() !== undefined) {
    count += 1;
    if (count % sliceLeaves === 0) yield;
  }
  return count;
}
