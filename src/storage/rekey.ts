import { AssentError, equalBytes, toHex } from '../base/index.ts';
import { type DataDirectory, openDataDirectory, readOwner, writeOwner } from './data-directory.ts';
import { nodeKey } from './journal-records.ts';
import type { Operation } from './store.ts';

/** A batch, and the signer's mark that belongs to it. */
export interface RekeyBatch {
  readonly operations: readonly Operation[];
  readonly mark: Uint8Array;
}

/** `changed`; `unchanged` where that was done before; `declined` where `prepare` gave no batch: nothing was touched. */
export type RekeyOutcome = 'changed' | 'unchanged' | 'declined';

/**
 * Hands a stopped node's directory over to another key, in one batch with what else changes: from then on only the new
 * key opens it. A run that was interrupted is finished. Errors: those of {@link openDataDirectory}; `storage-foreign` also for a directory of a third key.
 */
export async function rekeyDataDirectory(
  path: string,
  keys: { readonly ledgerId: Uint8Array; readonly from: Uint8Array; readonly to: Uint8Array },
  prepare: (directory: DataDirectory) => Promise<RekeyBatch | undefined>,
): Promise<RekeyOutcome> {
  const { ledgerId, from, to } = keys;
  if (readOwner(path)?.nodeKey === toHex(to)) return 'unchanged';
  try {
    const directory = await openDataDirectory(path, { ledgerId, nodeKey: from });
    try {
      // Opening wrote the batch again where a crash had left it in the mark file alone.
      if (!equalBytes(directory.store.get(nodeKey) ?? from, to)) {
        const batch = await prepare(directory);
        if (batch === undefined) return 'declined';
        await hand(directory, to, batch);
      }
    } finally {
      await directory.close();
    }
  } catch (error) {
    // The batch was the last thing that an interrupted run did.
    if (!(error instanceof AssentError) || error.data['nodeKey'] !== toHex(to)) throw error;
  }
  writeOwner(path, { ledgerId, nodeKey: to });
  return 'changed';
}

function hand({ journal }: DataDirectory, to: Uint8Array, { operations, mark }: RekeyBatch): Promise<void> {
  const owner: Operation = { type: 'put', key: nodeKey, value: to };
  return new Promise((resolve, reject) =>
    journal.append([...operations, owner], mark, (error) => (error === undefined ? resolve() : reject(error))),
  );
}
