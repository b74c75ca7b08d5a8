import { createRequire } from 'node:module';

/** The part of libsodium that is used here, as sodium-native (which ships no types) exposes it. */
interface Sodium {
  readonly crypto_sign_PUBLICKEYBYTES: number;
  readonly crypto_sign_SECRETKEYBYTES: number;
  readonly crypto_pwhash_ALG_ARGON2ID13: number;
  readonly crypto_aead_xchacha20poly1305_ietf_ABYTES: number;
  sodium_malloc(size: number): Uint8Array;
  sodium_memzero(bytes: Uint8Array): void;
  randombytes_buf(target: Uint8Array): void;
  randombytes_uniform(bound: number): number;
  crypto_sign_seed_keypair(publicKey: Uint8Array, secretKey: Uint8Array, seed: Uint8Array): void;
  crypto_sign_detached(signature: Uint8Array, message: Uint8Array, secretKey: Uint8Array): void;
  crypto_sign_verify_detached(signature: Uint8Array, message: Uint8Array, publicKey: Uint8Array): boolean;
  crypto_pwhash_async(
    key: Uint8Array,
    passphrase: Uint8Array,
    salt: Uint8Array,
    operations: number,
    memoryBytes: number,
    algorithm: number,
  ): Promise<void>;
  crypto_aead_xchacha20poly1305_ietf_encrypt(
    sealed: Uint8Array,
    plain: Uint8Array,
    associated: Uint8Array | null,
    secretNonce: null,
    nonce: Uint8Array,
    key: Uint8Array,
  ): number;
  /** Throws when the bytes were not sealed with this key, nonce and associated data. */
  crypto_aead_xchacha20poly1305_ietf_decrypt(
    plain: Uint8Array,
    secretNonce: null,
    sealed: Uint8Array,
    associated: Uint8Array | null,
    nonce: Uint8Array,
    key: Uint8Array,
  ): number;
}

export const sodium: Sodium = createRequire(import.meta.url)('sodium-native');
