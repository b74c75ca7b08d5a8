import { existsSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { dirname } from 'node:path';
import { AssentError } from '../../base/index.ts';
import { type DataDirectory, type Operation, openDataDirectory, syncDirectory } from '../../storage/index.ts';
import type { NodeConfig } from '../config/index.ts';
import type { Identity } from '../opening.ts';

/** Throws `storage-foreign` where the node has a data directory already. */
export function demandNoDirectory({ directory }: NodeConfig): void {
  if (existsSync(directory) && readdirSync(directory).length > 0)
    throw new AssentError('storage-foreign', `${directory} holds something already; nothing was changed.`);
}

/**
 * Makes the data directory of a node that has none. It is there when `fill` and then, on the directory opened anew, `check`
 * have ended well, and not before: what an interrupted run left is removed by the next.
 */
export async function makeDirectory(
  config: NodeConfig,
  identity: Identity,
  fill: (directory: DataDirectory) => Promise<void>,
  check: (directory: DataDirectory) => Promise<void>,
): Promise<void> {
  const staging = `${config.directory}.restoring`;
  rmSync(staging, { recursive: true, force: true });
  try {
    for (const step of [fill, check]) {
      const { genesis, key } = identity;
      const ids = { ledgerId: genesis.ledgerId, nodeKey: key.signer.publicKey };
      const directory = await openDataDirectory(staging, ids);
      try {
        await step(directory);
      } finally {
        await directory.close();
      }
    }
    // An empty folder may have been there.
    rmSync(config.directory, { recursive: true, force: true });
    renameSync(staging, config.directory);
    syncDirectory(dirname(config.directory));
  } finally {
    rmSync(staging, { recursive: true, force: true });
  }
}

/** One batch, durable when this resolves. */
export function appendTo(
  { journal }: Pick<DataDirectory, 'journal'>,
  operations: readonly Operation[],
  mark?: Uint8Array,
): Promise<void> {
  return new Promise((resolve, reject) =>
    journal.append(operations, mark, (error) => (error === undefined ? resolve() : reject(error))),
  );
}

/** Nobody goes on under a key that may have promised what a restored disk does not know. */
export function usedKey(nodeId: string): AssentError {
  const message = `The key of ${nodeId} is, or was, that of a node of the ledger; nothing was written.`;
  return new AssentError('key-not-new', message, { nodeId });
}
