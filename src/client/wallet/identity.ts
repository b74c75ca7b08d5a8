import { toHex } from '../../base/index.ts';
import { possessionMessage } from '../../contracts/index.ts';
import { createPortableSigner, encodeDid, type Signer } from '../../crypto/portable.ts';

/** A key that can act on the ledger, with the DID that names it. */
export interface Identity {
  readonly did: string;
  /** The DID's inception key, 32 bytes: what stands as the sender of its transactions. */
  readonly publicKey: Uint8Array;
  /** Signs with the key that is current: the inception key until a rotation or a recovery. */
  readonly signer: Signer;
}

/** Makes a signer of a 32-byte Ed25519 seed. Node has a faster one than the portable default. */
export type CreateSigner = (seed: Uint8Array) => Signer;

/** The identity whose key is this seed: an agent, a member, a gateway. Subjects derive theirs with a Wallet. */
export function identityOf(seed: Uint8Array, createSigner: CreateSigner = createPortableSigner): Identity {
  const signer = createSigner(seed);
  return { did: encodeDid(signer.publicKey), publicKey: signer.publicKey, signer };
}

/** The same identity after its key was changed to the one of this signer. */
export function withKey(identity: Identity, signer: Signer): Identity {
  return { ...identity, signer };
}

/** What a new key says to become the key of an identity whose key has changed `sequence` times so far. */
export function provePossession(
  ledgerId: Uint8Array,
  subject: Uint8Array,
  sequence: number,
  newKey: Signer,
): { readonly newKey: string; readonly proof: string } {
  const message = possessionMessage(ledgerId, subject, sequence, newKey.publicKey);
  return { newKey: encodeDid(newKey.publicKey), proof: toHex(newKey.sign(message)) };
}
