import { copyFileSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { AssentError, fromHex } from '../base/index.ts';
import { type DataDirectory, openDataDirectory, readOwner } from './data-directory.ts';
import type { Identity } from './journal-scan.ts';
import { checkTables } from './level-files/index.ts';
import { claimLocation, releaseLocation } from './level-store.ts';
import { storageError } from './storage-errors.ts';

/** A stopped node's directory, open to be read; what is written goes to a copy that ends with it. */
export interface ReadingCopy {
  readonly identity: Identity;
  readonly directory: DataDirectory;
  close(): Promise<void>;
}

/**
 * Opens a stopped node's directory and changes no byte of it. LevelDB cannot be opened without being written: it begins
 * a new log, moves what the old one holds, and deletes what is superseded. So it is opened in a folder of its own, which
 * holds links to the tables, that never change, and copies of the small rest. Its lock file there is a link to the node's:
 * the node is locked out meanwhile.
 *
 * Makes all the checks that a start makes. Errors: those of {@link openDataDirectory}; `storage-locked` while a node runs
 * on the directory.
 */
export async function openForReading(path: string): Promise<ReadingCopy> {
  const identity = identityOf(path);
  const database = claimLocation(join(path, 'database'), false);
  const folder = mkdtempSync(join(tmpdir(), 'assent-reading-'));
  const release = (): void => {
    releaseLocation(database);
    rmSync(folder, { recursive: true, force: true });
  };
  try {
    const before = stateOfFiles(database);
    // Before LevelDB sees them.
    for await (const _ of checkTables(database));
    copyDirectory(path, database, folder);
    const directory = await openDataDirectory(folder, identity);
    if (stateOfFiles(database) !== before) {
      await directory.close();
      throw new AssentError('storage-locked', `A node ran on ${path} until now.`, { path });
    }
    const close = async (): Promise<void> => {
      await directory.close();
      release();
    };
    return { identity, directory, close };
  } catch (error) {
    release();
    const { code, message } = storageError(error, path);
    // What was wrong was met in the folder, and is true of the directory.
    throw new AssentError(code, message.replaceAll(folder, path), { path }, { cause: error });
  }
}

function identityOf(path: string): Identity {
  const owner = readOwner(path);
  if (owner === undefined)
    throw new AssentError('storage-damaged', `${path} is no node's data directory, or lost its owner.json.`, { path });
  const [ledgerId, nodeKey] = [fromHex(owner.ledgerId), fromHex(owner.nodeKey)];
  if (ledgerId?.length !== 32 || nodeKey?.length !== 32)
    throw new AssentError('storage-damaged', `${join(path, 'owner.json')} names no ledger and node.`, { path });
  return { ledgerId, nodeKey };
}

/** What LevelDB writes about itself for people. */
const passedOver = /^LOG(?:\.old)?$/;
/** Never written again once they are there. */
const linked = /^LOCK$|\.(?:ldb|sst)$/;

function copyDirectory(path: string, database: string, folder: string): void {
  mkdirSync(join(folder, 'database'), { mode: 0o700 });
  for (const name of ['owner.json', 'signer-mark'])
    if (existsSync(join(path, name))) copyFileSync(join(path, name), join(folder, name));
  for (const name of readdirSync(database)) {
    if (passedOver.test(name)) continue;
    const [from, to] = [join(database, name), join(folder, 'database', name)];
    if (linked.test(name)) symlinkSync(from, to);
    else copyFileSync(from, to);
  }
}

/** Changes with every file that comes, goes or grows. */
function stateOfFiles(database: string): string {
  const names = readdirSync(database).filter((name) => !passedOver.test(name));
  return names
    .map((name) => `${name} ${statSync(join(database, name)).size}`)
    .sort()
    .join('\n');
}
