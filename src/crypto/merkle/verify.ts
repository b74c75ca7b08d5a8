import { equalBytes } from '../../base/index.ts';
import { HASH_BYTES } from '../hash.ts';
import { emptyRoot, nodeHash } from './node.ts';
import { isSubtree } from './subtree.ts';

/** Claim: the leaf stands at `index` of the tree of `size` leaves with this root. */
export interface InclusionProof {
  readonly leafHash: Uint8Array;
  readonly index: number;
  readonly size: number;
  readonly path: readonly Uint8Array[];
  readonly root: Uint8Array;
}

/** Claim: the tree (size1, root1) is a prefix of the tree (size2, root2). */
export interface ConsistencyProof {
  readonly size1: number;
  readonly root1: Uint8Array;
  readonly size2: number;
  readonly root2: Uint8Array;
  readonly path: readonly Uint8Array[];
}

/** Claim: the tree over leaves [start, end) has root `subtreeRoot` and stands there in the tree (size, root). */
export interface SubtreeConsistencyProof {
  readonly start: number;
  readonly end: number;
  readonly subtreeRoot: Uint8Array;
  readonly size: number;
  readonly root: Uint8Array;
  readonly path: readonly Uint8Array[];
}

/** RFC 9162 §2.1.3.2. Answers false for anything malformed. */
export function verifyInclusion(proof: InclusionProof): boolean {
  const { leafHash, index, size, path, root } = proof;
  if (leafHash.length !== HASH_BYTES) return false;
  return verifySubtreeConsistency({ start: index, end: index + 1, subtreeRoot: leafHash, size, root, path });
}

/** Inclusion of leaf `index` of the whole tree in the subtree [start, end), whose root is given. */
export function verifySubtreeInclusion(proof: {
  readonly leafHash: Uint8Array;
  readonly index: number;
  readonly start: number;
  readonly end: number;
  readonly path: readonly Uint8Array[];
  readonly root: Uint8Array;
}): boolean {
  const { leafHash, index, start, end, path, root } = proof;
  if (!isSubtree(start, end)) return false;
  return verifyInclusion({ leafHash, index: index - start, size: end - start, path, root });
}

/** RFC 9162 §2.1.4.2. Nothing is consistent with the empty tree: such a claim says nothing and is refused. */
export function verifyConsistency(proof: ConsistencyProof): boolean {
  const { size1, root1, size2, root2, path } = proof;
  if (size1 === 0) return false;
  return verifySubtreeConsistency({ start: 0, end: size1, subtreeRoot: root1, size: size2, root: root2, path });
}

/**
 * draft-ietf-plants-merkle-tree-certs, "Verifying a Subtree Consistency Proof": RFC 9162 §2.1.4.2 with a start other
 * than 0 allowed. `fn`, `sn` and `tn` are, at one level, the subtree's first node, its last, and the tree's last.
 */
export function verifySubtreeConsistency(proof: SubtreeConsistencyProof): boolean {
  const { start, end, subtreeRoot, size, root, path } = proof;
  if (!Number.isSafeInteger(size) || !(end <= size)) return false;
  if (start === end) return isSafeIndex(start) && path.length === 0 && equalBytes(subtreeRoot, emptyRoot);
  if (start === 0 && end === size) return end > 0 && path.length === 0 && equalBytes(subtreeRoot, root);
  if (!isSubtree(start, end)) return false;
  if (![subtreeRoot, root, ...path].every((hash) => hash.length === HASH_BYTES)) return false;

  let fn = start;
  let sn = end - 1;
  let tn = size - 1;
  const climb = (): void => {
    fn = Math.floor(fn / 2);
    sn = Math.floor(sn / 2);
    tn = Math.floor(tn / 2);
  };
  // Levels without a proof hash: up to the first node that both trees share and that the verifier cannot compute.
  const reachesEnd = sn === tn;
  while (fn !== sn && (reachesEnd || isOdd(sn))) climb();

  // The subtree is one node of the tree, known to the verifier; or the path starts with its last complete node.
  const [seed, ...rest] = fn === sn ? [subtreeRoot, ...path] : path;
  if (seed === undefined) return false;
  let fr = seed;
  let sr = seed;
  for (const sibling of rest) {
    if (tn === 0) return false;
    if (isOdd(sn) || sn === tn) {
      if (fn < sn) fr = nodeHash(sibling, fr);
      sr = nodeHash(sibling, sr);
      // A lone last node moves up unchanged until it is a right child.
      while (!isOdd(sn)) climb();
    } else {
      sr = nodeHash(sr, sibling);
    }
    climb();
  }
  return tn === 0 && equalBytes(fr, subtreeRoot) && equalBytes(sr, root);
}

function isSafeIndex(value: number): boolean {
  return Number.isSafeInteger(value) && value >= 0;
}

function isOdd(value: number): boolean {
  return value % 2 === 1;
}
