import { AssentError, assert, concatBytes, equalBytes } from '../../base/index.ts';
import { sha256 } from '../../crypto/portable.ts';

/**
 * Nodes of the sparse Merkle tree over SHA-256(state key), with compact leaves: a subtree of one key is that key's leaf,
 * at whatever depth. Nodes are immutable but for one thing: a stub in a child's place may become the node it stands for,
 * and back, since both have the same hash.
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
}

/** A node that is in the store and not in memory. */
export interface Stub {
  readonly type: 'stub';
  readonly hash: Uint8Array;
}

/** Root and child hash of an empty subtree. */
export const emptyHash: Uint8Array = new Uint8Array(32);
const leafPrefix = Uint8Array.of(0x00);
const innerPrefix = Uint8Array.of(0x01);
const encodedNodeBytes = 65;

export function hashOf(child: Child): Uint8Array {
  return child === undefined ? emptyHash : child.hash;
}

export function leaf(keyHash: Uint8Array, valueHash: Uint8Array): Leaf {
  return { type: 'leaf', keyHash, valueHash, hash: sha256(leafPrefix, keyHash, valueHash) };
}

export function inner(left: Child, right: Child): Inner {
  assert(left !== undefined || right !== undefined, 'an inner node has a child');
  return { type: 'inner', left, right, hash: sha256(innerPrefix, hashOf(left), hashOf(right)) };
}

/** 65 bytes: what is hashed. */
export function encodeNode(node: TreeNode): Uint8Array {
  return node.type === 'leaf'
    ? concatBytes(leafPrefix, node.keyHash, node.valueHash)
    : concatBytes(innerPrefix, hashOf(node.left), hashOf(node.right));
}

/** Reads a stored node and checks that it has the hash its parent states. Throws `storage-damaged`. */
export function decodeNode(bytes: Uint8Array | undefined, expectedHash: Uint8Array): TreeNode {
  if (bytes === undefined || bytes.length !== encodedNodeBytes || !equalBytes(sha256(bytes), expectedHash)) {
    throw new AssentError('storage-damaged', 'a node of the state tree is missing or was changed on disk');
  }
  const first = bytes.subarray(1, 33);
  const second = bytes.subarray(33, 65);
  if (bytes[0] === 0x00) return { type: 'leaf', keyHash: first, valueHash: second, hash: expectedHash };
  return { type: 'inner', left: stub(first), right: stub(second), hash: expectedHash };
}

export function stub(hash: Uint8Array): Stub | undefined {
  return equalBytes(hash, emptyHash) ? undefined : { type: 'stub', hash };
}

/** Bit `depth` of a key hash, most significant first. */
export function bitAt(keyHash: Uint8Array, depth: number): 0 | 1 {
  return (((keyHash[depth >>> 3] as number) >>> (7 - (depth & 7))) & 1) as 0 | 1;
}

/** A node's place: its depth in one byte, then the leading bits of the key hash, padded with zeros. */
export function pathOf(keyHash: Uint8Array, depth: number): Uint8Array {
  assert(depth <= 255, 'two SHA-256 hashes never share their first 255 bits');
  const whole = depth >>> 3;
  const rest = depth & 7;
  const path = new Uint8Array(1 + whole + (rest === 0 ? 0 : 1));
  path[0] = depth;
  path.set(keyHash.subarray(0, whole), 1);
  if (rest !== 0) path[1 + whole] = (keyHash[whole] as number) & (0xff << (8 - rest));
  return path;
}
