import { createPortableSigner, encodeDid, type Signer } from '../../crypto/portable.ts';

/** A key that can act on the ledger, with the DID that names it. */
export interface Identity {
  readonly did: string;
  /** The DID's inception key: 32 bytes. */
  readonly publicKey: Uint8Array;
  readonly signer: Signer;
}

/** Makes a signer of a 32-byte Ed25519 seed. Node has a faster one than the portable default. */
export type CreateSigner = (seed: Uint8Array) => Signer;

/** The identity whose key is this seed: an agent, a member, a gateway. Subjects derive theirs with a Wallet. */
export function identityOf(seed: Uint8Array, createSigner: CreateSigner = createPortableSigner): Identity {
  const signer = createSigner(seed);
  return { did: encodeDid(signer.publicKey), publicKey: signer.publicKey, signer };
}
