import { assert, present } from '../../base/index.ts';
import { emptyRoot, nodeHash, splitPoint } from './node.ts';
import { isSubtree } from './subtree.ts';

/** MTH(D_n) over leaf hashes (RFC 9162 §2.1.1). */
export function merkleRoot(leafHashes: readonly Uint8Array[]): Uint8Array {
  return rangeRoot(leafHashes, 0, leafHashes.length);
}

/** PATH(m, D_n): the siblings from leaf `index` up to the root (RFC 9162 §2.1.3.1). */
export function inclusionPath(leafHashes: readonly Uint8Array[], index: number): Uint8Array[] {
  assert(index >= 0 && index < leafHashes.length, 'the leaf is in the tree');
  // One leaf is a subtree; its consistency with the whole is its inclusion.
  return subtreeConsistencyPath(leafHashes, index, index + 1);
}

/**
 * PATH of each of the leaves [from, to): every node is hashed once, where {@link inclusionPath} would hash the tree for
 * each.
 */
export function inclusionPaths(leafHashes: readonly Uint8Array[], from: number, to: number): Uint8Array[][] {
  assert(from >= 0 && from <= to && to <= leafHashes.length, 'the leaves are in the tree');
  const paths: Uint8Array[][] = Array.from({ length: to - from }, () => []);
  let level = leafHashes;
  for (let height = 0; level.length > 1; height++) {
    for (const [number, path] of paths.entries()) {
      const index = Math.floor((from + number) / 2 ** height);
      // A lone last node has no sibling: it moves up unchanged.
      const sibling = level[index % 2 === 0 ? index + 1 : index - 1];
      if (sibling !== undefined) path.push(sibling);
    }
    level = levelAbove(level);
  }
  return paths;
}

/** PROOF(m, D_n): that the tree of the first `size` leaves is a prefix of this one (RFC 9162 §2.1.4.1). */
export function consistencyPath(leafHashes: readonly Uint8Array[], size: number): Uint8Array[] {
  return subtreeConsistencyPath(leafHashes, 0, size);
}

/**
 * That leaves [start, end), as a tree of their own, stand at these places of the whole tree: PROOF of RFC 9162
 * §2.1.4.1 with a start other than 0 allowed (draft-ietf-plants-merkle-tree-certs, "Subtree Consistency Proofs").
 */
export function subtreeConsistencyPath(leafHashes: readonly Uint8Array[], start: number, end: number): Uint8Array[] {
  assert(isSubtree(start, end) && end <= leafHashes.length, 'the range is a subtree of the tree');
  const rootOf = (first: number, last: number): Uint8Array => rangeRoot(leafHashes, first, last);
  return subproof(rootOf, 0, leafHashes.length, start, end, true);
}

/** Root over the leaves [first, last) of a tree whose nodes stand somewhere else than in memory. */
export type RootOf = (first: number, last: number) => Uint8Array;

/** {@link subtreeConsistencyPath} in the tree of the first `size` leaves. Asks for log(size) roots. */
export function pathBy(rootOf: RootOf, start: number, end: number, size: number): Uint8Array[] {
  assert(isSubtree(start, end) && end <= size, 'the range is a subtree of the tree');
  return subproof(rootOf, 0, size, start, end, true);
}

/** SUBPROOF over leaves [first, last). `known`: the verifier has the subtree's root already. */
function subproof(
  rootOf: RootOf,
  first: number,
  last: number,
  start: number,
  end: number,
  known: boolean,
): Uint8Array[] {
  if (start === first && end === last) return known ? [] : [rootOf(first, last)];
  const middle = first + splitPoint(last - first);
  if (end <= middle) {
    const path = subproof(rootOf, first, middle, start, end, known);
    return [...path, rootOf(middle, last)];
  }
  // A subtree that reaches over the middle begins at `first`, and its left half is one node of the tree.
  const path =
    start >= middle
      ? subproof(rootOf, middle, last, start, end, known)
      : subproof(rootOf, middle, last, middle, end, false);
  return [...path, rootOf(first, middle)];
}

function rangeRoot(leafHashes: readonly Uint8Array[], first: number, last: number): Uint8Array {
  let level = leafHashes.slice(first, last);
  if (level.length === 0) return emptyRoot;
  // Level by level; a lone last node moves up unchanged, which yields the same tree as splitting from above.
  while (level.length > 1) level = levelAbove(level);
  return present(level[0], 'one node is left');
}

function levelAbove(level: readonly Uint8Array[]): Uint8Array[] {
  const above: Uint8Array[] = [];
  for (let index = 0; index < level.length; index += 2) {
    const left = present(level[index], 'index is below the length');
    const right = level[index + 1];
    above.push(right === undefined ? left : nodeHash(left, right));
  }
  return above;
}
