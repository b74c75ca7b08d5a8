import { prefixedKey, type Store } from '../../storage/index.ts';
import { decodeReceipt, type Receipt } from '../results.ts';

/** The permanent place and result of an executed transaction. Throws `storage-damaged`. */
export function readReceipt(store: Store, id: Uint8Array): Receipt | undefined {
  const bytes = store.get(prefixedKey('transactionPlace', id));
  return bytes === undefined ? undefined : decodeReceipt(id, bytes);
}
