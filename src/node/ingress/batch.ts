import { requestLimits } from '../../api/index.ts';
import { AssentError } from '../../base/index.ts';
import { decodeCanonical } from '../../ledger/portable.ts';

const batchLimits = {
  bytesMax: requestLimits.batchBytesMax,
  depthMax: 1,
  countMax: requestLimits.batchTransactionsMax + 1,
};

/** The signed transactions of a batch, as views of its bytes. Throws `encoding-invalid` or `encoding-too-large`. */
export function readBatch(body: Uint8Array): readonly Uint8Array[] {
  const value = decodeCanonical(body, batchLimits);
  if (Array.isArray(value) && value.length > 0 && value.every((item) => item instanceof Uint8Array)) return value;
  throw new AssentError('encoding-invalid', 'A batch is an array of transactions, each as binary.');
}
