import { existsSync, mkdirSync, realpathSync, renameSync, rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { AssentError, assert, type Logger, silentLogger } from '../../base/index.ts';
import { type PassphraseCost, SEED_BYTES, wipe } from '../../crypto/index.ts';
import { DIRECTORY_MODE, fileOperation, readFileIfPresent, replaceFile, syncDirectory } from './files.ts';
import { createHeader, openHeader, purposeKey, standardPassphraseCost } from './header.ts';
import { type KeyEntry, KeyFile } from './keys.ts';
import { WriterLock } from './lock.ts';
import { OpeningStore } from './openings.ts';
import type { Labels, Opening } from './records.ts';

export interface KeystoreOptions {
  /** Takes no lock, so that it can be read while another process writes. Writing through it is a bug. */
  readonly readOnly?: boolean;
  readonly logger?: Logger;
}

interface Parts {
  readonly lock: WriterLock | undefined;
  readonly keys: KeyFile;
  readonly openings: OpeningStore;
  /** Wiped on closing. */
  readonly secrets: readonly Uint8Array[];
}

/**
 * A directory, sealed under a passphrase, that holds named seeds and the openings of commitments. Everything it says it
 * keeps is durable when the call returns; what was changed, cut or moved on disk is noticed on opening.
 */
export class Keystore {
  readonly directory: string;
  readonly #parts: Parts;
  #state: 'open' | 'failed' | 'closed' = 'open';

  private constructor(directory: string, parts: Parts) {
    this.directory = directory;
    this.#parts = parts;
  }

  static exists(directory: string): boolean {
    return existsSync(headerPath(directory));
  }

  /**
   * Makes a new keystore and opens it. Throws AssentError 'keystore-exists', 'storage-locked', 'storage-permission',
   * 'storage-full' or 'storage-failed'.
   */
  static async create(
    directory: string,
    passphrase: string,
    options: { readonly cost?: PassphraseCost } = {},
  ): Promise<Keystore> {
    const path = makeDirectory(directory);
    const lock = WriterLock.acquire(join(path, 'lock'));
    try {
      if (Keystore.exists(path)) throw new AssentError('keystore-exists', `${path} holds a keystore already`, { path });
      const { bytes, masterKey } = await createHeader(passphrase, options.cost ?? standardPassphraseCost);
      const { keysKey, openingsKey } = deriveKeys(masterKey);
      clearUnfinished(path);
      replaceFile(unfinishedHeaderPath(path), bytes);
      const keys = KeyFile.create(path, keysKey);
      const openings = OpeningStore.create(path, openingsKey);
      // From this step on the keystore exists, and it is whole.
      fileOperation(path, () => {
        renameSync(unfinishedHeaderPath(path), headerPath(path));
        syncDirectory(path);
      });
      return new Keystore(path, { lock, keys, openings, secrets: [keysKey, openingsKey] });
    } catch (error) {
      lock.release();
      throw error;
    }
  }

  /**
   * Opens a keystore. Throws AssentError 'not-found', 'keystore-locked' (wrong passphrase), 'keystore-damaged',
   * 'storage-format-unknown', 'storage-locked', 'storage-permission' or 'storage-failed'.
   */
  static async open(directory: string, passphrase: string, options: KeystoreOptions = {}): Promise<Keystore> {
    const { readOnly = false, logger = silentLogger } = options;
    const header = readFileIfPresent(headerPath(directory));
    if (header === undefined)
      throw new AssentError('not-found', `there is no keystore in ${resolve(directory)}`, { path: resolve(directory) });
    const path = realpathSync(directory);
    const { keysKey, openingsKey } = deriveKeys(await openHeader(header, passphrase));
    const lock = readOnly ? undefined : WriterLock.acquire(join(path, 'lock'));
    try {
      const keys = KeyFile.open(path, keysKey);
      const openings = OpeningStore.open(path, openingsKey, { readOnly, logger });
      return new Keystore(path, { lock, keys, openings, secrets: [keysKey, openingsKey] });
    } catch (error) {
      lock?.release();
      throw error;
    }
  }

  /** Names and attributes of the keys, in the order in which they were put. */
  list(): KeyEntry[] {
    return this.#opened().keys.list();
  }

  /** The 32-byte seed of a key, as a copy that the caller may wipe. Throws AssentError 'key-unknown'. */
  seed(name: string): Uint8Array {
    return this.#opened().keys.seed(name);
  }

  /** Keeps a 32-byte seed under a new name. Throws AssentError 'key-exists', or a storage error. */
  putSeed(name: string, seed: Uint8Array, attributes: Readonly<Record<string, string>> = {}): void {
    assert(name.length > 0 && seed.length === SEED_BYTES, 'a seed has a name and 32 bytes');
    this.#write(({ keys }) => keys.put(name, seed, attributes));
  }

  /** How many openings are held. */
  get openingCount(): number {
    return this.#opened().openings.count;
  }

  /**
   * Appends openings, in order; those of commitments that are held already are left out. Answers how many were
   * appended. After a crash in the middle a first part of the batch may be held. Throws a storage error.
   */
  appendOpenings(openings: Iterable<Opening>): number {
    return this.#write((parts) => parts.openings.append(openings));
  }

  /** The opening of a commitment (64 lower-case hexadecimal digits), if it is held. */
  opening(commitmentHex: string): Opening | undefined {
    return this.#opened().openings.get(commitmentHex);
  }

  /** The openings whose labels include all the given ones (all openings for none), in the order of appending. */
  openings(labels: Labels = {}): IterableIterator<Opening> {
    return this.#opened().openings.find(labels);
  }

  /** Wipes the keys from memory and lets another writer in. Twice is as good as once. */
  close(): void {
    if (this.#state === 'closed') return;
    this.#state = 'closed';
    const { lock, openings, secrets } = this.#parts;
    openings.close();
    for (const secret of secrets) wipe(secret);
    lock?.release();
  }

  [Symbol.dispose](): void {
    this.close();
  }

  #opened(): Parts {
    assert(this.#state !== 'closed', 'a closed keystore is not used');
    return this.#parts;
  }

  /** After a failed write the disk may hold part of it: nothing more is written until the keystore is opened again. */
  #write<T>(action: (parts: Parts) => T): T {
    const parts = this.#opened();
    assert(parts.lock !== undefined, 'a keystore that was opened to read is not written');
    if (this.#state === 'failed')
      throw new AssentError('storage-failed', `an earlier write to ${this.directory} failed; open it again`);
    try {
      return action(parts);
    } catch (error) {
      if (error instanceof AssentError && error.code.startsWith('storage-')) this.#state = 'failed';
      throw error;
    }
  }
}

function headerPath(directory: string): string {
  return join(directory, 'header.json');
}

function unfinishedHeaderPath(directory: string): string {
  return join(directory, 'header.json.unfinished');
}

/** The real path, so that a lock is the same by whatever links it is reached. */
function makeDirectory(directory: string): string {
  return fileOperation(directory, () => {
    mkdirSync(directory, { recursive: true, mode: DIRECTORY_MODE });
    return realpathSync(directory);
  });
}

/** Removes what a creation that a crash cut short left behind. Files without any header are nobody's to remove. */
function clearUnfinished(directory: string): void {
  const names = ['keys', 'openings', 'openings.mark'].filter((name) => existsSync(join(directory, name)));
  const unfinished = unfinishedHeaderPath(directory);
  if (names.length > 0 && !existsSync(unfinished)) {
    const message = `${directory} holds files of a keystore (${names.join(', ')}) but not its header`;
    throw new AssentError('keystore-damaged', message, { path: directory });
  }
  fileOperation(directory, () => {
    for (const name of names) rmSync(join(directory, name));
  });
}

/** One key a file, so that bytes of one never pass for the other's. Wipes the master key. */
function deriveKeys(masterKey: Uint8Array): { readonly keysKey: Uint8Array; readonly openingsKey: Uint8Array } {
  const keysKey = purposeKey(masterKey, 'keystore-keys');
  const openingsKey = purposeKey(masterKey, 'keystore-openings');
  wipe(masterKey);
  return { keysKey, openingsKey };
}
