import { AssentError, equalBytes } from '../../base/index.ts';
import type { Operation, Store } from '../../storage/index.ts';

export function isDamage(error: unknown): error is AssentError {
  return error instanceof AssentError && error.code === 'storage-damaged';
}

/** The damage that a look comes across. */
export function damageOf(look: () => void): AssentError | undefined {
  try {
    look();
    return undefined;
  } catch (error) {
    if (isDamage(error)) return error;
    throw error;
  }
}

/** What this node wrote and does not verify any more is damaged. */
export function asDamage(check: () => void): void {
  try {
    check();
  } catch (error) {
    if (!(error instanceof AssentError)) throw error;
    throw new AssentError('storage-damaged', error.message, error.data, { cause: error });
  }
}

/** Whether the record stands in the store as it was put. */
export function isStored(store: Pick<Store, 'get'>, record: Operation): boolean {
  const stored = store.get(record.key);
  return record.type === 'put' && stored !== undefined && equalBytes(stored, record.value);
}
