import {
  accessSync,
  closeSync,
  constants,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { AssentError, messageOf, toHex } from '../base/index.ts';
import { FileMarkFile, syncDirectory } from './file-mark-file.ts';
import { Journal } from './journal.ts';
import { storageFormat } from './journal-records.ts';
import type { Identity } from './journal-scan.ts';
import { checkTables } from './level-files/index.ts';
import { LevelStore } from './level-store.ts';
import { storageError } from './storage-errors.ts';
import type { Store } from './store.ts';

/**
 * A node's open data directory:
 *
 *     owner.json     format, ledger and node: for people, and the sign that the rest was completely made
 *     database/      LevelDB, with its lock
 *     signer-mark    the two slots of the signer's mark
 *     running        there from a start to a clean end
 */
export interface DataDirectory {
  readonly path: string;
  readonly store: Store;
  readonly journal: Journal;
  /** Finishes what was appended and gives up the lock. */
  close(): Promise<void>;
}

/**
 * Opens a node's data directory, or makes one in an empty or missing folder. Errors: `storage-permission`,
 * `storage-locked`, `storage-foreign`, `storage-format-unknown`, `storage-damaged`, `storage-full`, `storage-failed`.
 */
export async function openDataDirectory(path: string, identity: Identity): Promise<DataDirectory> {
  prepareFolder(path);
  const made = checkOwner(path, identity);
  const running = join(path, 'running');
  // A damaged table can end the process that merges it with others. Then its next start says which it is.
  const damage = made && existsSync(running) ? await damageOfTables(path) : undefined;
  const store = await LevelStore.open(join(path, 'database'), { create: !made });
  try {
    if (damage !== undefined) throw damage;
    const markFile = FileMarkFile.open(join(path, 'signer-mark'), { create: !made });
    try {
      const journal = Journal.open(store, markFile, identity);
      await new Promise<void>((resolve, reject) =>
        journal.redo((error) => (error === undefined ? resolve() : reject(error))),
      );
      if (journal.lastNumber === 0) await refuseForeignContent(store, path);
      if (!made) writeOwner(path, identity);
      closeSync(openSync(running, 'w', 0o600));
      const close = async (): Promise<void> => {
        await journal.close();
        rmSync(running, { force: true });
      };
      return { path, store, journal, close };
    } catch (error) {
      await markFile.close();
      throw error;
    }
  } catch (error) {
    await store.close();
    throw error;
  }
}

/** Thrown once nobody else turned out to be at work on the tables. */
async function damageOfTables(path: string): Promise<unknown> {
  try {
    for await (const _ of checkTables(join(path, 'database')));
    return undefined;
  } catch (error) {
    return error;
  }
}

function prepareFolder(path: string): void {
  try {
    mkdirSync(path, { recursive: true, mode: 0o700 });
    accessSync(path, constants.R_OK | constants.W_OK | constants.X_OK);
  } catch (error) {
    throw storageError(error, path);
  }
}

/** Whether the directory was completely made before. Another owner is refused before anything is touched. */
function checkOwner(path: string, identity: Identity): boolean {
  const owner = readOwner(path);
  if (owner === undefined) return false;
  if (owner.format !== storageFormat)
    throw new AssentError(
      'storage-format-unknown',
      `${path} has the format ${owner.format}; this version reads ${storageFormat}.`,
      { path, format: owner.format },
    );
  if (owner.ledgerId !== toHex(identity.ledgerId))
    throw new AssentError('storage-foreign', `${path} belongs to the ledger ${owner.ledgerId}.`, {
      path,
      ledgerId: owner.ledgerId,
    });
  if (owner.nodeKey !== toHex(identity.nodeKey))
    throw new AssentError('storage-foreign', `${path} belongs to the node with the key ${owner.nodeKey}.`, {
      path,
      nodeKey: owner.nodeKey,
    });
  return true;
}

export interface Owner {
  readonly format: string;
  readonly ledgerId: string;
  readonly nodeKey: string;
}

/** What the directory says of itself; undefined while it is not completely made. Throws `storage-damaged`. */
export function readOwner(path: string): Owner | undefined {
  const file = join(path, 'owner.json');
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw storageError(error, file);
  }
  try {
    const { format, ledgerId, nodeKey } = JSON.parse(text) as Record<string, unknown>;
    return { format: String(format), ledgerId: String(ledgerId), nodeKey: String(nodeKey) };
  } catch (error) {
    throw new AssentError('storage-damaged', `${file} is unreadable: ${messageOf(error)}.`, { path: file });
  }
}

/** The last step of making a directory; renamed into place, so that it is there completely or not at all. */
export function writeOwner(path: string, identity: Identity): void {
  const file = join(path, 'owner.json');
  const owner: Owner = {
    format: storageFormat,
    ledgerId: toHex(identity.ledgerId),
    nodeKey: toHex(identity.nodeKey),
  };
  try {
    const descriptor = openSync(`${file}.new`, 'w', 0o600);
    try {
      writeSync(descriptor, `${JSON.stringify(owner, undefined, 2)}\n`);
      fsyncSync(descriptor);
    } finally {
      closeSync(descriptor);
    }
    renameSync(`${file}.new`, file);
    syncDirectory(path);
  } catch (error) {
    throw storageError(error, file);
  }
}

/** A database without a journal that holds something is not ours, or lost its beginning. */
async function refuseForeignContent(store: Store, path: string): Promise<void> {
  const [first] = await store.range({ from: new Uint8Array(0), to: Uint8Array.of(0xff), limit: 1 });
  if (first === undefined) return;
  throw new AssentError('storage-format-unknown', `${path} holds a database that this program did not write.`, {
    path,
  });
}
