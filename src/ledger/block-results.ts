import { AssentError, uint64Bytes } from '../base/index.ts';
import { type Operation, prefixedKey } from '../storage/index.ts';
import { decodeCanonical, encodeCanonical } from './codec/index.ts';
import { ledgerLimits } from './limits.ts';

/*
 * The results of a block together, for whoever goes through the chain: receipts lie by their ids, and each look for one of
 * an older block has LevelDB rewrite sooner the newer tables that it passes.
 */

/** Each is bounded by what its transaction may write. */
const resultsLimits = { bytesMax: 64 * 1024 * 1024, depthMax: 2, countMax: ledgerLimits.blockTransactionsMax + 1 };

/** What is kept of a block's results; nothing where it has none. */
export function resultsOperations(height: number, resultBytes: readonly Uint8Array[]): Operation[] {
  if (resultBytes.length === 0) return [];
  return [{ type: 'put', key: resultsKey(height), value: encodeResults(resultBytes) }];
}

export function resultsKey(height: number): Uint8Array {
  return prefixedKey('blockResults', uint64Bytes(height));
}

/** Canonical list of results, each as it stands under `resultsRoot`, in the order of their transactions. */
export function encodeResults(resultBytes: readonly Uint8Array[]): Uint8Array {
  return encodeCanonical(resultBytes);
}

/** Inverse of {@link encodeResults}. Throws `storage-damaged`; what they say is for the caller to check. */
export function decodeResults(bytes: Uint8Array): Uint8Array[] {
  try {
    const results = decodeCanonical(bytes, resultsLimits);
    if (Array.isArray(results) && results.every((result) => result instanceof Uint8Array)) return results;
  } catch (error) {
    throw damaged(error);
  }
  throw damaged();
}

function damaged(cause?: unknown): AssentError {
  return new AssentError('storage-damaged', 'the stored results of a block were changed on disk', {}, { cause });
}
