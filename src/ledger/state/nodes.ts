import { assert, putLatin1 } from '../../base/index.ts';
import { HASH_BYTES, sha256Latin1 } from '../../crypto/portable.ts';

/** 32 bytes as Latin-1 text, one character a byte: compared, ordered and kept at a fifth of an array's cost. */
export type HashText = string;

/**
 * Nodes of the sparse Merkle tree over SHA-256(state key), with compact leaves: a subtree of one key is that key's leaf,
 * at whatever depth. Nodes are immutable but for what is known of the store: a node in a child's place may become a stub,
 * which has the same hash, and a page is stored at some time.
 */
export type TreeNode = Leaf | Inner;
export type Child = TreeNode | Stub | undefined;

export interface Leaf {
  readonly type: 'leaf';
  readonly keyHash: HashText;
  readonly valueHash: HashText;
  readonly hash: HashText;
}

export interface Inner {
  readonly type: 'inner';
  left: Child;
  right: Child;
  readonly hash: HashText;
  /** At a page's depth: the page in this place in the store is this node's, and the same holds for all pages below. */
  isStored: boolean;
}

/** An inner node that is in the store and not in memory. */
export interface Stub {
  readonly type: 'stub';
  readonly hash: HashText;
}

/** Root and child hash of an empty subtree. */
export const emptyHash: HashText = '\0'.repeat(HASH_BYTES);

// Filled anew for every node; hashing is synchronous, so no two nodes ever share it.
const hashInput = new Uint8Array(1 + 2 * HASH_BYTES);

function hashPair(prefix: 0x00 | 0x01, first: HashText, second: HashText): HashText {
  hashInput[0] = prefix;
  putLatin1(hashInput, first, 1);
  putLatin1(hashInput, second, 1 + HASH_BYTES);
  return sha256Latin1(hashInput);
}

export function hashOf(child: Child): HashText {
  return child === undefined ? emptyHash : child.hash;
}

/** H(0x00 || H(key) || H(value)). */
export function leaf(keyHash: HashText, valueHash: HashText): Leaf {
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
export function bitAt(keyHash: HashText, depth: number): 0 | 1 {
  return ((keyHash.charCodeAt(depth >>> 3) >>> (7 - (depth & 7))) & 1) as 0 | 1;
}
