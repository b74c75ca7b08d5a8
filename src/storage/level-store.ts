import { mkdirSync, realpathSync } from 'node:fs';
import { Level } from 'level';
import { AssentError, assert, BoundedQueue } from '../base/index.ts';
import type { KeyRange } from './key-prefixes.ts';
import { storageError } from './storage-errors.ts';
import {
  type Entry,
  type Operation,
  type RangeOptions,
  rangeLimitMax,
  type Store,
  type StoreSnapshot,
} from './store.ts';

const mebibyte = 1024 * 1024;

/** Chosen for a ledger's load: large synced batches, point reads of small values, content that does not compress. */
const levelOptions = {
  keyEncoding: 'view',
  valueEncoding: 'view',
  /** Hashes, keys and signatures: Snappy costs time and saves nothing. */
  compression: false,
  /** At some MiB/s of blocks the default 4 MiB is flushed every second and compaction never rests. Held twice, at most. */
  writeBufferSize: 16 * mebibyte,
  /** For tables that are not mapped into memory, as on Windows; what is mapped is read in place. */
  cacheSize: 32 * mebibyte,
  /**
   * A table is written a block at a time, each with a system call and an entry of the table's index; a point read of a mapped
   * table looks into its block where it is, however large.
   */
  blockSize: 16 * 1024,
  /**
   * Larger tables (default 2 MiB), so that their number stays below the limit on open files; smaller than would be best for
   * that, since a compaction maps a dozen at once.
   */
  maxFileSize: 4 * mebibyte,
  /** Half of the common limit of 1,024 a process; the rest is for connections. */
  maxOpenFiles: 512,
} as const;

/** The most writes, and bytes in them, that wait behind the one in flight. */
const waitingMax = 1024;
const waitingBytesMax = 128 * mebibyte;

interface Write {
  readonly operations: readonly Operation[];
  readonly bytes: number;
  readonly done: (error?: Error) => void;
}

/**
 * The databases that this process has open. LevelDB refuses a second open in one process, too, but closes its lock file
 * in doing so, and with that POSIX drops the lock of the first: other processes would get in from then on.
 */
const openLocations = new Set<string>();

/** The real path of a database, which this process opens nowhere else until it is released. Throws `storage-locked`. */
export function claimLocation(path: string, create: boolean): string {
  try {
    if (create) mkdirSync(path, { recursive: true, mode: 0o700 });
    const location = realpathSync(path);
    if (openLocations.has(location)) throw new AssentError('storage-locked', `This process uses ${path}.`, { path });
    openLocations.add(location);
    return location;
  } catch (error) {
    throw storageError(error, path);
  }
}

export function releaseLocation(location: string): void {
  openLocations.delete(location);
}

/**
 * The store on LevelDB. One synced batch is in flight at a time; others wait, in order. LevelDB's own lock keeps a second
 * process out. Nothing is ever repaired silently: whatever LevelDB calls corruption is `storage-damaged`.
 */
export class LevelStore implements Store {
  readonly #level: Level<Uint8Array, Uint8Array>;
  readonly #waiting: BoundedQueue<Write> = new BoundedQueue<Write>({
    countMax: waitingMax,
    weightMax: waitingBytesMax,
    weigh: (write) => write.bytes,
  });
  #writing = false;
  #closing = false;
  #failure: AssentError | undefined;
  /** Resolves the wait of `close` for the writes before it. */
  #idle: (() => void) | undefined;

  private constructor(level: Level<Uint8Array, Uint8Array>) {
    this.#level = level;
  }

  /**
   * Opens the database in the directory. `create` is for a directory that never held one: LevelDB would otherwise begin
   * a new database over one that lost its CURRENT file. Errors: `storage-locked`, `storage-permission`, `storage-full`,
   * `storage-damaged`, `storage-failed`.
   */
  static async open(path: string, options: { create: boolean }): Promise<LevelStore> {
    const location = claimLocation(path, options.create);
    const level = new Level<Uint8Array, Uint8Array>(location, { ...levelOptions, createIfMissing: options.create });
    try {
      await level.open();
    } catch (error) {
      releaseLocation(location);
      throw storageError(error, path);
    }
    return new LevelStore(level);
  }

  get(key: Uint8Array): Uint8Array | undefined {
    assert(!this.#closing, 'the store is open');
    try {
      const value = this.#level.getSync(key);
      return value === undefined ? undefined : plain(value);
    } catch (error) {
      throw storageError(error, this.#level.location);
    }
  }

  async range(options: RangeOptions): Promise<Entry[]> {
    assert(!this.#closing, 'the store is open');
    assert(options.limit >= 1 && options.limit <= rangeLimitMax, 'a page has 1 to 10,000 entries');
    const { from, to, limit, reverse = false, bytesMax } = options;
    try {
      const range = { gte: from, lt: to, limit, reverse };
      const entries =
        bytesMax === undefined ? await this.#level.iterator(range).all() : await this.#firstOf(range, bytesMax);
      return entries.map(([key, value]): Entry => [plain(key), plain(value)]);
    } catch (error) {
      throw storageError(error, this.#level.location);
    }
  }

  /** One turn of LevelDB's iterator, which ends above the given bytes. */
  async #firstOf(range: LevelRange, bytesMax: number): Promise<[Uint8Array, Uint8Array][]> {
    const options: LevelRange & { readonly highWaterMarkBytes: number } = { ...range, highWaterMarkBytes: bytesMax };
    const iterator = this.#level.iterator(options);
    try {
      return await iterator.nextv(range.limit);
    } finally {
      await iterator.close();
    }
  }

  snapshot(): StoreSnapshot {
    assert(!this.#closing, 'the store is open');
    return new LevelSnapshot(this.#level);
  }

  write(operations: readonly Operation[], done: (error?: Error) => void): void {
    assert(!this.#closing, 'the store is open');
    assert(operations.length > 0, 'a write has operations: LevelDB does not sync an empty one');
    if (this.#failure !== undefined) throw this.#failure;
    let bytes = 0;
    for (const operation of operations)
      bytes += operation.key.length + (operation.type === 'put' ? operation.value.length : 0);
    if (!this.#waiting.push({ operations, bytes, done }))
      throw new AssentError('overloaded', 'The disk is too slow: too many writes are waiting.', {
        waiting: this.#waiting.length,
        waitingBytes: this.#waiting.weight,
      });
    if (!this.#writing) this.#writeNext();
  }

  async compact({ from, to }: KeyRange): Promise<void> {
    assert(!this.#closing, 'the store is open');
    try {
      // Outside of a browser Level is ClassicLevel, which its types do not say.
      await (this.#level as unknown as Compacting).compactRange(from, to);
    } catch (error) {
      throw storageError(error, this.#level.location);
    }
  }

  /** Waits for the writes before it, then gives up the lock. */
  async close(): Promise<void> {
    assert(!this.#closing, 'a store is closed once');
    this.#closing = true;
    if (this.#writing) {
      await new Promise<void>((resolve) => {
        this.#idle = resolve;
      });
    }
    await this.#level.close();
    releaseLocation(this.#level.location);
  }

  #writeNext(): void {
    const write = this.#waiting.shift();
    if (write === undefined) {
      this.#idle?.();
      return;
    }
    this.#writing = true;
    // A chained batch costs half of what an array does, on this thread. Only `write` takes `sync`: given to `batch` it
    // is ignored (protocol.md §6).
    const batch = this.#level.batch();
    for (const operation of write.operations) {
      if (operation.type === 'put') batch.put(operation.key, operation.value);
      else batch.del(operation.key);
    }
    // What a callback throws is no failure of the write: it leaves as an unhandled rejection and stops the node.
    void batch.write({ sync: true }).then(
      () => this.#finish(write),
      (error: unknown) => this.#fail(write, storageError(error, this.#level.location)),
    );
  }

  #finish(write: Write): void {
    this.#writing = false;
    this.#writeNext();
    write.done();
  }

  #fail(write: Write, failure: AssentError): void {
    this.#writing = false;
    this.#failure = failure;
    write.done(failure);
    for (let next = this.#waiting.shift(); next !== undefined; next = this.#waiting.shift()) next.done(failure);
    this.#idle?.();
  }
}

interface LevelRange {
  readonly gte: Uint8Array;
  readonly lt: Uint8Array;
  readonly limit: number;
  readonly reverse: boolean;
}

interface Compacting {
  compactRange(from: Uint8Array, to: Uint8Array): Promise<void>;
}

/** LevelDB keeps what the snapshot sees until it is closed. Closing the database closes it, too. */
class LevelSnapshot implements StoreSnapshot {
  readonly #level: Level<Uint8Array, Uint8Array>;
  readonly #snapshot: ReturnType<Level['snapshot']>;
  #open = true;

  constructor(level: Level<Uint8Array, Uint8Array>) {
    this.#level = level;
    this.#snapshot = level.snapshot();
  }

  get(key: Uint8Array): Uint8Array | undefined {
    assert(this.#open, 'the snapshot is open');
    try {
      const value = this.#level.getSync(key, this.#options);
      return value === undefined ? undefined : plain(value);
    } catch (error) {
      throw storageError(error, this.#level.location);
    }
  }

  async getMany(keys: readonly Uint8Array[]): Promise<(Uint8Array | undefined)[]> {
    assert(this.#open, 'the snapshot is open');
    assert(keys.length <= rangeLimitMax, 'at most 10,000 keys are read at once');
    try {
      const values = await this.#level.getMany([...keys], this.#options);
      return values.map((value) => (value === undefined ? undefined : plain(value)));
    } catch (error) {
      throw storageError(error, this.#level.location);
    }
  }

  async keys({ from, to, limit, reverse = false }: RangeOptions): Promise<Uint8Array[]> {
    assert(this.#open, 'the snapshot is open');
    assert(limit >= 1 && limit <= rangeLimitMax, 'a page has 1 to 10,000 entries');
    try {
      return (await this.#level.keys({ gte: from, lt: to, limit, reverse, ...this.#options }).all()).map(plain);
    } catch (error) {
      throw storageError(error, this.#level.location);
    }
  }

  async close(): Promise<void> {
    if (!this.#open) return;
    this.#open = false;
    await this.#snapshot.close();
  }

  /** What is read once leaves the hot part of the cache alone. */
  get #options(): { snapshot: ReturnType<Level['snapshot']>; fillCache: false } {
    return { snapshot: this.#snapshot, fillCache: false };
  }
}

/** LevelDB's binding answers with Buffers, whose `slice` does not copy. The same memory as what the port promises. */
function plain(bytes: Uint8Array): Uint8Array {
  return new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
