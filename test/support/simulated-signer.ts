import { hash } from 'node:crypto';
import { equalBytes } from '../../src/base/index.ts';
import { createSigner, type Signer, type VerifySignature, verifySignature } from '../../src/crypto/index.ts';

/** A signature scheme for a run: the fast one proves nothing to an attacker, but is deterministic and binds key and message. */
export interface SignatureScheme {
  readonly name: 'fast' | 'ed25519';
  createSigner(seed: Uint8Array): Signer;
  readonly verify: VerifySignature;
}

/** A "signature" is SHA-256 over key and message, twice: no secret, microseconds instead of 50. */
export const fastSignatures: SignatureScheme = {
  name: 'fast',
  createSigner: (seed) => ({ publicKey: seed.slice(), sign: (message) => fastSignature(seed, message) }),
  verify: (publicKey, message, signature) =>
    publicKey.length === 32 && signature.length === 64 && equalBytes(fastSignature(publicKey, message), signature),
};

export const realSignatures: SignatureScheme = { name: 'ed25519', createSigner, verify: verifySignature };

function fastSignature(publicKey: Uint8Array, message: Uint8Array): Uint8Array {
  const digest = hash('sha256', Buffer.concat([publicKey, message]), 'buffer');
  const signature = new Uint8Array(64);
  signature.set(digest);
  signature.set(digest, 32);
  return signature;
}
