import { concatBytes, uint64Bytes } from '../../base/index.ts';
import { PUBLIC_KEY_BYTES, SIGNATURE_BYTES, signedMessage } from '../../crypto/portable.ts';
import { bytes, count, type Field, record } from './fields.ts';

/** What a witness signs: that it saw this block certified, and consistent with all that it had cosigned before. */
export interface CosignatureStatement {
  readonly height: number;
  /** SHA-256 of the header. */
  readonly blockHash: Uint8Array;
  /** The witness's clock, milliseconds since the Unix epoch. */
  readonly time: number;
}

/** As it stands in a checkpoint, whose block says height and hash. */
export interface Cosignature {
  /** Ed25519 key, 32 bytes. */
  readonly witness: Uint8Array;
  readonly time: number;
  readonly signature: Uint8Array;
}

export const cosignatureField: Field<Cosignature> = record<Cosignature>({
  witness: bytes(PUBLIC_KEY_BYTES, PUBLIC_KEY_BYTES),
  time: count,
  signature: bytes(SIGNATURE_BYTES, SIGNATURE_BYTES),
});

/** What is signed; the body has 48 bytes: time u64 ‖ height u64 ‖ block hash. */
export function cosignatureMessage(
  ledgerId: Uint8Array,
  { time, height, blockHash }: CosignatureStatement,
): Uint8Array {
  return signedMessage('cosignature', ledgerId, concatBytes(uint64Bytes(time), uint64Bytes(height), blockHash));
}
