import { AssentError } from '../../base/index.ts';
import {
  type CanonicalValue,
  decodeCanonical,
  encodeCanonical,
  ledgerLimits,
  UnverifiedTransaction,
  type VerifiedTransaction,
} from '../../ledger/index.ts';

/** Frames from the node that took transactions to the leader: `[version, [signed transaction, …]]`. */
const forwardingVersion = 1;
const frameLimits = { bytesMax: 512 * 1024, depthMax: 2, countMax: 8192 };

/** Bytes of transactions that one frame carries at most. */
export const forwardingBytesMax: number = ledgerLimits.blockTransactionBytesMax;

export function encodeForwarded(transactions: readonly VerifiedTransaction[]): Uint8Array {
  return encodeCanonical([forwardingVersion, transactions.map((transaction) => transaction.bytes)]);
}

/** Throws `frame-invalid`, `encoding-invalid`, or the code of a malformed transaction. */
export function decodeForwarded(frame: Uint8Array): UnverifiedTransaction[] {
  const value = decodeCanonical(frame, frameLimits);
  if (!isList(value) || value.length !== 2 || value[0] !== forwardingVersion) throw invalid();
  const items = value[1];
  if (items === undefined || !isList(items)) throw invalid();
  return items.map((item) => {
    if (!(item instanceof Uint8Array)) throw invalid();
    return new UnverifiedTransaction(item);
  });
}

function isList(value: CanonicalValue): value is readonly CanonicalValue[] {
  return Array.isArray(value);
}

function invalid(): AssentError {
  return new AssentError('frame-invalid', 'a forwarding frame has another shape');
}
