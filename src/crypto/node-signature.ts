import { assert } from '../base/index.ts';
import { PUBLIC_KEY_BYTES } from './key-text.ts';
import { SEED_BYTES, SIGNATURE_BYTES, type Signer } from './signature.ts';
import { sodium } from './sodium.ts';

/** A signer whose secret key lives in libsodium's guarded memory. The caller may wipe the 32-byte seed afterwards. */
export function createSigner(seed: Uint8Array): Signer {
  assert(seed.length === SEED_BYTES, 'an Ed25519 seed is 32 bytes');
  const publicKey = new Uint8Array(sodium.crypto_sign_PUBLICKEYBYTES);
  const secretKey = sodium.sodium_malloc(sodium.crypto_sign_SECRETKEYBYTES);
  sodium.crypto_sign_seed_keypair(publicKey, secretKey, seed);
  return {
    publicKey,
    sign(message) {
      const signature = new Uint8Array(SIGNATURE_BYTES);
      sodium.crypto_sign_detached(signature, message, secretKey);
      return signature;
    },
  };
}

/**
 * Whether the signature is valid: libsodium's word is the verdict of the ledger (protocol.md §1). Cofactorless;
 * non-canonical S, A, R and small-order A, R are refused.
 */
export function verifySignature(publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean {
  if (publicKey.length !== PUBLIC_KEY_BYTES || signature.length !== SIGNATURE_BYTES) return false;
  return sodium.crypto_sign_verify_detached(signature, message, publicKey);
}
