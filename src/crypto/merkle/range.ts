import { assert, equalBytes } from '../../base/index.ts';
import { HASH_BYTES } from '../hash.ts';
import { nodeHash, splitPoint } from './node.ts';
import { merkleRoot, type RootOf } from './tree.ts';

/*
 * Leaves [start, end) of an RFC 9162 tree, proved together: that they stand at these places, and that nothing stands
 * between them. The tree is walked from its root, left before right. A subtree that has none of the leaves is one hash
 * of the path; below a subtree that has some the walk goes on.
 */

/** Claim: these leaves, and no others, stand at the places from `start` on of the tree of `size` leaves with this root. */
export interface RangeProof {
  readonly leafHashes: readonly Uint8Array[];
  readonly start: number;
  readonly size: number;
  /** Roots of the subtrees without any of the leaves, from left to right. */
  readonly path: readonly Uint8Array[];
  readonly root: Uint8Array;
}

/** The path of leaves [start, end), of which there is one at least. */
export function rangePath(leafHashes: readonly Uint8Array[], start: number, end: number): Uint8Array[] {
  return rangePathBy((first, last) => merkleRoot(leafHashes.slice(first, last)), start, end, leafHashes.length);
}

/** {@link rangePath} in a tree of `size` leaves whose nodes stand somewhere else than in memory. */
export function rangePathBy(rootOf: RootOf, start: number, end: number, size: number): Uint8Array[] {
  assert(start >= 0 && start < end && end <= size, 'the leaves are in the tree');
  const path: Uint8Array[] = [];
  const walk = (first: number, last: number): void => {
    if (end <= first || last <= start) path.push(rootOf(first, last));
    else if (last - first > 1) {
      const middle = first + splitPoint(last - first);
      walk(first, middle);
      walk(middle, last);
    }
  };
  walk(0, size);
  return path;
}

/** Answers false for anything malformed. */
export function verifyRange({ leafHashes, start, size, path, root }: RangeProof): boolean {
  const end = start + leafHashes.length;
  // Without leaves it says nothing; and of the empty tree there is nothing to say.
  if (leafHashes.length === 0 || !Number.isSafeInteger(size) || !Number.isSafeInteger(start)) return false;
  if (start < 0 || end > size) return false;
  if (![...leafHashes, ...path, root].every((hash) => hash.length === HASH_BYTES)) return false;
  let used = 0;
  const walk = (first: number, last: number): Uint8Array | undefined => {
    if (end <= first || last <= start) return path[used++];
    if (last - first === 1) return leafHashes[first - start];
    const middle = first + splitPoint(last - first);
    const left = walk(first, middle);
    const right = left && walk(middle, last);
    return left && right && nodeHash(left, right);
  };
  const computed = walk(0, size);
  return computed !== undefined && used === path.length && equalBytes(computed, root);
}
