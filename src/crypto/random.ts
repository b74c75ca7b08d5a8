import { assert, type Random } from '../base/index.ts';
import { SEED_BYTES } from './signature.ts';
import { sodium } from './sodium.ts';

/** Cryptographically strong random bytes. */
export function randomBytes(lengthBytes: number): Uint8Array {
  const bytes = new Uint8Array(lengthBytes);
  if (lengthBytes > 0) sodium.randombytes_buf(bytes);
  return bytes;
}

/** A fresh 32-byte Ed25519 seed. */
export function generateSeed(): Uint8Array {
  return randomBytes(SEED_BYTES);
}

/** The operating system's randomness. */
export const systemRandom: Random = {
  bytes: randomBytes,
  below(bound) {
    assert(Number.isInteger(bound) && bound > 0 && bound <= 0xffff_ffff, 'a bound is a positive 32-bit integer');
    return sodium.randombytes_uniform(bound);
  },
};
