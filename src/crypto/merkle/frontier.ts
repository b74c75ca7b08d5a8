import { assert, present } from '../../base/index.ts';
import { HASH_BYTES } from '../hash.ts';
import { emptyRoot, nodeHash } from './node.ts';

/**
 * The right edge of an append-only RFC 9162 tree: the roots of its complete subtrees ("peaks"), largest first, one for
 * every 1 bit of the size. Enough to append and to know the root, in log(size) hashes.
 */
export class MerkleFrontier {
  #size: number;
  readonly #peaks: Uint8Array[];

  private constructor(size: number, peaks: Uint8Array[]) {
    this.#size = size;
    this.#peaks = peaks;
  }

  static empty(): MerkleFrontier {
    return new MerkleFrontier(0, []);
  }

  /** The frontier that {@link peaks} was read from. */
  static of(size: number, peaks: readonly Uint8Array[]): MerkleFrontier {
    assert(Number.isSafeInteger(size) && size >= 0, 'a size is a non-negative integer');
    assert(peaks.length === oneBits(size), 'one peak for every 1 bit of the size');
    assert(
      peaks.every((peak) => peak.length === HASH_BYTES),
      'peaks are hashes',
    );
    return new MerkleFrontier(size, [...peaks]);
  }

  get size(): number {
    return this.#size;
  }

  /** Largest subtree first. */
  get peaks(): readonly Uint8Array[] {
    return this.#peaks;
  }

  append(leafHash: Uint8Array): void {
    assert(leafHash.length === HASH_BYTES, 'a leaf hash is 32 bytes');
    let node = leafHash;
    // As in binary addition: every trailing 1 bit of the size is a peak that the new one merges with.
    for (let carry = this.#size; carry % 2 === 1; carry = Math.floor(carry / 2)) {
      node = nodeHash(present(this.#peaks.pop(), 'every 1 bit has its peak'), node);
    }
    this.#peaks.push(node);
    this.#size += 1;
  }

  root(): Uint8Array {
    return this.#peaks.length === 0 ? emptyRoot : this.#peaks.reduceRight((right, left) => nodeHash(left, right));
  }

  clone(): MerkleFrontier {
    return new MerkleFrontier(this.#size, [...this.#peaks]);
  }
}

function oneBits(value: number): number {
  let count = 0;
  for (let rest = value; rest > 0; rest = Math.floor(rest / 2)) count += rest % 2;
  return count;
}
