/**
 * The part of cryptography that runs anywhere, browsers included: hashes, commitments, Merkle trees, identifiers, and
 * an Ed25519 signer and verifier whose bytes and verdicts equal those of the node.
 */
export { COMMITMENT_SALT_BYTES, commit, verifyCommitment } from './commitment.ts';
export { constantTimeEqual } from './constant-time.ts';
export { decodeDid, encodeDid } from './did.ts';
export { domainPrefix, type SignedKind, signedKinds, signedMessage } from './domain.ts';
export { HASH_BYTES, hkdfSha256, hmacSha256, sha256, sha256Latin1 } from './hash.ts';
export { PUBLIC_KEY_BYTES } from './key-text.ts';
export * from './merkle/index.ts';
export { decodeNodeId, encodeNodeId, type NodeId } from './node-id.ts';
export { createPortableSigner, verifySignaturePortable } from './portable-signature.ts';
export { SEED_BYTES, SIGNATURE_BYTES, type Signer, type VerifySignature } from './signature.ts';
