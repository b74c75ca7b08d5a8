import { assert } from '../base/index.ts';
import { randomBytes } from './random.ts';
import { sodium } from './sodium.ts';

/** Length of a key for {@link seal}. */
export const SEALING_KEY_BYTES = 32;
/** Length of the salt of {@link passphraseKey}. */
export const PASSPHRASE_SALT_BYTES = 16;
/** What sealing adds to the plain bytes: nonce and authenticator. */
export const SEALING_OVERHEAD_BYTES: number = 24 + 16;

const NONCE_BYTES = 24;

/** What Argon2id shall cost (RFC 9106: t = operations, m = memoryBytes / 1024, p = 1). */
export interface PassphraseCost {
  readonly operations: number;
  readonly memoryBytes: number;
}

/** Memory outside the reach of swap, core dumps and neighbouring objects, zeroed when collected. */
export function secureBytes(lengthBytes: number): Uint8Array {
  return sodium.sodium_malloc(lengthBytes);
}

/** Overwrites a secret with zeros. */
export function wipe(secret: Uint8Array): void {
  sodium.sodium_memzero(secret);
}

/** A 32-byte key from a passphrase, by Argon2id (RFC 9106), in guarded memory. */
export async function passphraseKey(
  passphrase: Uint8Array,
  salt: Uint8Array,
  cost: PassphraseCost,
): Promise<Uint8Array> {
  assert(salt.length === PASSPHRASE_SALT_BYTES, 'the salt of a passphrase is 16 bytes');
  const key = secureBytes(SEALING_KEY_BYTES);
  const { operations, memoryBytes } = cost;
  await sodium.crypto_pwhash_async(key, passphrase, salt, operations, memoryBytes, sodium.crypto_pwhash_ALG_ARGON2ID13);
  return key;
}

/** XChaCha20-Poly1305 under a fresh random nonce: nonce, ciphertext, authenticator. `associated` is authenticated too. */
export function seal(key: Uint8Array, plain: Uint8Array, associated: Uint8Array): Uint8Array {
  const sealed = new Uint8Array(plain.length + SEALING_OVERHEAD_BYTES);
  const nonce = randomBytes(NONCE_BYTES);
  sealed.set(nonce);
  const body = sealed.subarray(NONCE_BYTES);
  sodium.crypto_aead_xchacha20poly1305_ietf_encrypt(body, plain, associated, null, nonce, key);
  return sealed;
}

/** The plain bytes, or undefined when they were not sealed with this key and this associated data. */
export function unseal(key: Uint8Array, sealed: Uint8Array, associated: Uint8Array): Uint8Array | undefined {
  if (sealed.length < SEALING_OVERHEAD_BYTES) return undefined;
  const plain = new Uint8Array(sealed.length - SEALING_OVERHEAD_BYTES);
  const nonce = sealed.subarray(0, NONCE_BYTES);
  try {
    const body = sealed.subarray(NONCE_BYTES);
    sodium.crypto_aead_xchacha20poly1305_ietf_decrypt(plain, null, body, associated, nonce, key);
  } catch {
    return undefined; // The library says "not authentic" by throwing; the lengths above are right.
  }
  return plain;
}
