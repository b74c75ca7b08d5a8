import { assert, concatBytes, type Random, utf8 } from '../../base/index.ts';
import { domainPrefix, hkdfSha256, SEED_BYTES, sha256 } from '../../crypto/portable.ts';

const keyPrefix = domainPrefix('demo-key');
const randomPrefix = domainPrefix('demo-random');

/** The seed of a key of the demo: HKDF-SHA-256 of the demo's seed, with the key's name as info. */
export function derivedSeed(seed: Uint8Array, name: string): Uint8Array {
  return hkdfSha256(seed, undefined, concatBytes(keyPrefix, utf8(name)), SEED_BYTES);
}

/** Randomness that is the same for the same seed and label: SHA-256 in counter mode. */
export function seededRandom(seed: Uint8Array, label: string): Random {
  const key = sha256(randomPrefix, seed, utf8(label));
  let counter = 0;
  let block: Uint8Array = new Uint8Array();
  const next = (): number => {
    if (block.length === 0) block = sha256(key, utf8(String(counter++)));
    const [byte = 0] = block;
    block = block.subarray(1);
    return byte;
  };
  return {
    bytes: (length) => Uint8Array.from({ length }, next),
    below(bound) {
      assert(Number.isInteger(bound) && bound > 0 && bound <= 0x1_0000, 'a bound is a positive 17-bit integer');
      // 32 bits make the bias of the remainder too small to matter for names and dates.
      return (next() * 0x1_00_00_00 + next() * 0x1_00_00 + next() * 0x1_00 + next()) % bound;
    },
  };
}

/** One of the items. */
export function pick<T>(random: Random, items: readonly T[]): T {
  return items[random.below(items.length)] as T;
}
