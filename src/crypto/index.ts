/**
 * Cryptography: SHA-256 and Ed25519 with one verdict on a signature (libsodium's), domain-separated messages, RFC 9162
 * Merkle trees, commitments, identifiers, sealing, randomness. Browsers import `portable.ts`, which this extends.
 */

export { createSigner, verifySignature } from './node-signature.ts';
export * from './portable.ts';
export { generateSeed, randomBytes, systemRandom } from './random.ts';
export {
  PASSPHRASE_SALT_BYTES,
  type PassphraseCost,
  passphraseKey,
  SEALING_KEY_BYTES,
  SEALING_OVERHEAD_BYTES,
  seal,
  secureBytes,
  unseal,
  wipe,
} from './sealing.ts';
