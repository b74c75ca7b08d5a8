import { assert } from '../../base/index.ts';
import { HASH_BYTES, sha256 } from '../hash.ts';

/** Root of the tree without leaves: the hash of nothing (RFC 9162 §2.1.1). */
export const emptyRoot: Uint8Array = sha256();

// Filled anew for every call; hashing is synchronous, so no two calls ever share it.
const nodeInput = new Uint8Array(1 + 2 * HASH_BYTES);
nodeInput[0] = 0x01;
const leafPrefix = Uint8Array.of(0x00);

/** H(0x00 || entry). */
export function leafHash(entry: Uint8Array): Uint8Array {
  return sha256(leafPrefix, entry);
}

/** H(0x01 || left || right). */
export function nodeHash(left: Uint8Array, right: Uint8Array): Uint8Array {
  assert(left.length === HASH_BYTES && right.length === HASH_BYTES, 'a tree node joins two hashes');
  nodeInput.set(left, 1);
  nodeInput.set(right, 1 + HASH_BYTES);
  return sha256(nodeInput);
}

/** The largest power of two below `size`: where a tree of `size` >= 2 leaves splits. */
export function splitPoint(size: number): number {
  assert(size >= 2, 'a tree splits from two leaves on');
  let split = 1;
  while (split * 2 < size) split *= 2;
  return split;
}
