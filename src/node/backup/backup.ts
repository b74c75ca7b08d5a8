import { AssentError, equalBytes, fromHex, present } from '../../base/index.ts';
import { readAppliedPlace } from '../../ledger/index.ts';
import {
  type ArchiveStore,
  isOfDatabase,
  keyPrefixes,
  openDataDirectory,
  readOwner,
  recordFile,
  type Store,
  type StoreSnapshot,
} from '../../storage/index.ts';
import { decodeHardState, hardStateKey } from '../replica/records.ts';
import { type BackupHead, backupKind, encodeEntries, encodeHead } from './format.ts';

/** Blocks are large; nothing else is. */
const blocksAtOnce = 4;
const entriesAtOnce = 512;
const recordBytes = 1024 * 1024;

export interface BackupFile extends Pick<BackupHead, 'height' | 'hash'> {
  readonly name: string;
}

/**
 * Writes all that a node has of its ledger, as of one moment, into a file, while the node goes on; of the node's own it
 * holds neither the key nor what was promised with it. `pause` lies between the slices. Throws what the file's place
 * throws, and `block-unknown` before the first block.
 */
export async function writeBackup(
  place: ArchiveStore,
  store: Store,
  identity: Pick<BackupHead, 'ledgerId' | 'nodeKey'>,
  options: { readonly name?: string; readonly pause?: () => Promise<void> } = {},
): Promise<BackupFile> {
  const { pause = async () => undefined } = options;
  const snapshot = store.snapshot();
  try {
    const applied = readAppliedPlace(snapshot);
    if (applied.height === 0) throw new AssentError('block-unknown', 'There is no block yet that could be backed up.');
    const name = options.name ?? `backup-${String(applied.height).padStart(12, '0')}`;
    const promised = snapshot.get(hardStateKey);
    const term = promised === undefined ? 0 : decodeHardState(promised).term;
    await place.put(name, recordFile(backupKind, records(snapshot, { ...identity, ...applied, term }, pause)));
    return { ...applied, name };
  } finally {
    await snapshot.close();
  }
}

/** The same of a stopped node's data directory. Throws `storage-locked` while it runs, `storage-damaged` where it has lost something. */
export async function backupStopped(directory: string, place: ArchiveStore, name: string): Promise<BackupFile> {
  const owner = readOwner(directory);
  if (owner === undefined) throw new AssentError('storage-foreign', `${directory} is no data directory of a node.`);
  const identity = {
    ledgerId: present(fromHex(owner.ledgerId), 'the owner file names a ledger'),
    nodeKey: present(fromHex(owner.nodeKey), 'the owner file names a key'),
  };
  const opened = await openDataDirectory(directory, identity);
  try {
    if (opened.journal.lost)
      throw new AssentError(
        'storage-damaged',
        `The database in ${directory} lost its end: it is no source of a backup.`,
      );
    return await writeBackup(place, opened.store, identity, { name });
  } finally {
    await opened.close();
  }
}

async function* records(
  snapshot: StoreSnapshot,
  head: BackupHead,
  pause: () => Promise<void>,
): AsyncGenerator<Uint8Array> {
  yield encodeHead(head);
  const to = Uint8Array.of(0xff);
  for (let from = new Uint8Array(); ; ) {
    await pause();
    const limit = from[0] === keyPrefixes.block ? blocksAtOnce : entriesAtOnce;
    const found = await snapshot.keys({ from, to, limit });
    // A page ends with its prefix, so that no more blocks than a few come at once.
    const keys = found
      .filter((key) => key[0] === found[0]?.[0])
      .slice(0, found[0]?.[0] === keyPrefixes.block ? blocksAtOnce : limit);
    const last = keys.at(-1);
    if (last === undefined) return;
    from = new Uint8Array([...last, 0]);
    const kept = keys.filter((key) => !isOfDatabase(key) && !equalBytes(key, hardStateKey));
    yield* entryRecords(kept, await snapshot.getMany(kept));
  }
}

function* entryRecords(
  keys: readonly Uint8Array[],
  values: readonly (Uint8Array | undefined)[],
): Generator<Uint8Array> {
  let entries: [Uint8Array, Uint8Array][] = [];
  let bytes = 0;
  for (const [index, key] of keys.entries()) {
    const value = present(values[index], 'a snapshot of the store does not change');
    entries.push([key, value]);
    bytes += key.length + value.length;
    if (bytes < recordBytes) continue;
    yield encodeEntries(entries);
    entries = [];
    bytes = 0;
  }
  if (entries.length > 0) yield encodeEntries(entries);
}
