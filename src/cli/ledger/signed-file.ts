import type { SignedTransaction } from '../../client/index.ts';
import { UnverifiedTransaction } from '../../ledger/index.ts';

/** Reads a signed transaction as it travels. Throws `encoding-invalid`, `transaction-malformed`, `transaction-too-large`. */
export function readSigned(bytes: Uint8Array): SignedTransaction {
  const { idHex, kind, validUntil } = new UnverifiedTransaction(bytes);
  return { id: idHex, kind, validUntil, bytes };
}
