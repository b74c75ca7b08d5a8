/** Length of an Ed25519 signature: R, then S. */
export const SIGNATURE_BYTES = 64;

/** Length of the seed that an Ed25519 key pair grows from (RFC 8032 §5.1.5). */
export const SEED_BYTES = 32;

/** Holds one Ed25519 key and signs with it; the key itself does not come out. */
export interface Signer {
  /** 32 bytes. */
  readonly publicKey: Uint8Array;
  /** The 64-byte signature of the message (RFC 8032 §5.1.6: deterministic). */
  sign(message: Uint8Array): Uint8Array;
}

/** The one verdict on a signature (protocol.md §1). Answers false, and never throws, for arguments of a wrong length. */
export type VerifySignature = (publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array) => boolean;
