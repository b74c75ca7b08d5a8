import { equalBytes, utf8 } from '../base/index.ts';
import { HASH_BYTES, sha256 } from '../crypto/portable.ts';
import type { StateKey } from './types/execution.ts';

/** What stands over a key in the state tree (protocol.md §7): enough to compute the root again. */
export interface StateProof {
  /** What stands beside the way from the root down, the root's child first; undefined where nothing does. */
  readonly siblings: readonly (Uint8Array | undefined)[];
  /** Where the way ends at the leaf of another key: proves that this key is not there. */
  readonly other?: StateLeaf | undefined;
}

export interface StateLeaf {
  /** SHA-256 of the key. */
  readonly keyHash: Uint8Array;
  /** SHA-256 of the value. */
  readonly valueHash: Uint8Array;
}

/** Depth of the tree: a bit of the key's hash a level. */
export const stateProofSiblingsMax = 256;

const nothing = new Uint8Array(HASH_BYTES);
const leafPrefix = Uint8Array.of(0x00);
const innerPrefix = Uint8Array.of(0x01);

/**
 * Whether the state with this root has the value under the key, or nothing where `value` is undefined. Answers false for
 * anything malformed.
 */
export function verifyState(
  root: Uint8Array,
  key: StateKey,
  value: Uint8Array | undefined,
  { siblings, other }: StateProof,
): boolean {
  if (siblings.length > stateProofSiblingsMax) return false;
  const keyHash = sha256(utf8(key));
  if (value !== undefined && other !== undefined) return false;
  const leaf = value === undefined ? other : { keyHash, valueHash: sha256(value) };
  if (leaf !== undefined && value === undefined) {
    // The leaf of another key stands on this key's way only as far as their hashes are the same.
    if (leaf.keyHash.length !== HASH_BYTES || leaf.valueHash.length !== HASH_BYTES) return false;
    if (equalBytes(leaf.keyHash, keyHash)) return false;
    for (let depth = 0; depth < siblings.length; depth++)
      if (bitAt(leaf.keyHash, depth) !== bitAt(keyHash, depth)) return false;
  }
  let hash = leaf === undefined ? nothing : sha256(leafPrefix, leaf.keyHash, leaf.valueHash);
  for (let depth = siblings.length - 1; depth >= 0; depth--) {
    const sibling = siblings[depth] ?? nothing;
    if (sibling.length !== HASH_BYTES) return false;
    hash = bitAt(keyHash, depth) === 0 ? sha256(innerPrefix, hash, sibling) : sha256(innerPrefix, sibling, hash);
  }
  return equalBytes(hash, root);
}

/** Bit `depth` of a key hash, most significant first. */
function bitAt(keyHash: Uint8Array, depth: number): number {
  return ((keyHash[depth >>> 3] as number) >>> (7 - (depth & 7))) & 1;
}
