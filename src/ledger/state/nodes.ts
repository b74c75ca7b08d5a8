import { assert } from '../../base/index.ts';
import { HASH_BYTES, sha256 } from '../../crypto/portable.ts';

/**
 * Nodes of the sparse Merkle tree over SHA-256(state key), with compact leaves: a subtree of one key is that key's leaf,
 * at whatever depth. Nodes are immutable but for what is known of the store: a node in a child's place may become a stub, which
 * has the same hash, and a page is stored at some time.
 */
export type TreeNode = Leaf | Inner;
export type Child = TreeNode | Stub | undefined;

export interface Leaf {
  readonly type: 'leaf';
  readonly keyHash: Uint8Array;
  readonly valueHash: Uint8Array;
  readonly hash: Uint8Array;
}

export interface Inner {
  readonly type: 'inner';
  left: Child;
  right: Child;
  readonly hash: Uint8Array;
  /** At a page's depth: the page in this place in the store is this node's, and the same holds for all pages below. */
  isStored: boolean;
}

/** An inner node that is in the store and not in memory. */
export interface Stub {
  readonly type: 'stub';
  readonly hash: Uint8Array;
}

/** Root and child hash of an empty subtree. */
export const emptyHash: Uint8Array = new Uint8Array(HASH_BYTES);

// Filled anew for every node; hashing is synchronous, so no two nodes ever share it.
const hashInput = new Uint8Array(1 + 2 * HASH_BYTES);

function hashPair(prefix: 0x00 | 0x01, first: Uint8Array, second: Uint8Array): Uint8Array {
  hashInput[0] = prefix;
  hashInput.set(first, 1);
  hashInput.set(second, 1 + HASH_BYTES);
  return sha256(hashInput);
}

export function hashOf(child: Child): Uint8Array {
  return child === undefined ? emptyHash : child.hash;
}

/** H(0x00 || H(key) || H(value)). */
export function leaf(keyHash: Uint8Array, valueHash: Uint8Array): Leaf {
  return { type: 'leaf', keyHash, valueHash, hash: hashPair(0x00, keyHash, valueHash) };
}

/** H(0x01 || left || right). */
export function inner(left: Child, right: Child): Inner {
  assert(left !== undefined || right !== undefined, 'an inner node has a child');
  return { type: 'inner', left, right, hash: hashPair(0x01, hashOf(left), hashOf(right)), isStored: false };
}

/** The subtree over two: one that has a single key is that key's leaf. A stub stands for an inner node. */
export function joined(left: Child, right: Child): Child {
  if (left !== undefined && right !== undefined) return inner(left, right);
  const only = left ?? right;
  return only === undefined || only.type === 'leaf' ? only : inner(left, right);
}

/** Bit `depth` of a key hash, most significant first. */
export function bitAt(keyHash: Uint8Array, depth: number): 0 | 1 {
  return (((keyHash[depth >>> 3] as number) >>> (7 - (depth & 7))) & 1) as 0 | 1;
}
