import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Level } from 'level';
import { assert } from '../base/index.ts';
import { storageError } from './storage-errors.ts';
import type { Entry, Operation, Store, StoreSnapshot } from './store.ts';

const mebibyte = 1024 * 1024;
/** Bytes of keys and values in memory; held twice while they are written out. */
const residentBytesMax = 96 * mebibyte;
/** What an entry costs beside its key and value. */
const entryBytes = 96;

const levelOptions = {
  keyEncoding: 'view',
  valueEncoding: 'view',
  compression: false,
  writeBufferSize: 32 * mebibyte,
  cacheSize: 32 * mebibyte,
  maxFileSize: 8 * mebibyte,
  maxOpenFiles: 256,
} as const;

type Table = Map<string, Uint8Array | undefined>;

/**
 * A store that ends with the process and promises nothing to a disk: what it is given is in memory, and from a certain
 * size on in a temporary folder, unsynced. For work that can be done anew, such as executing a ledger to check it.
 */
export class ScratchStore implements Store {
  readonly #residentBytesMax: number;
  #recent: Table = new Map();
  #recentBytes = 0;
  /** Older than `#recent`, on its way to the disk. */
  #leaving: Table = new Map();
  #left: Promise<void> = Promise.resolve();
  #level: { readonly folder: string; readonly database: Level<Uint8Array, Uint8Array> } | undefined;

  constructor(residentBytes: number = residentBytesMax) {
    this.#residentBytesMax = residentBytes;
  }

  /** Whether anything was written to the disk. */
  get isSpilt(): boolean {
    return this.#level !== undefined;
  }

  get(key: Uint8Array): Uint8Array | undefined {
    const text = keyText(key);
    const recent = this.#recent.get(text);
    if (recent !== undefined || this.#recent.has(text)) return recent;
    if (this.#leaving.has(text)) return this.#leaving.get(text);
    const value = this.#level?.database.getSync(key);
    return value === undefined ? undefined : new Uint8Array(value.buffer, value.byteOffset, value.byteLength);
  }

  /** What a store begins with: it has room for that. */
  load(operations: readonly Operation[]): void {
    for (const operation of operations) this.#take(operation);
  }

  /** Takes the operations at once; waits only for the disk, where there is one, to keep up. */
  async put(operations: readonly Operation[]): Promise<void> {
    this.load(operations);
    if (this.#recentBytes > this.#residentBytesMax) await this.#spill();
  }

  #take(operation: Operation): void {
    const value = operation.type === 'put' ? operation.value : undefined;
    this.#recent.set(keyText(operation.key), value);
    this.#recentBytes += operation.key.length + (value?.length ?? 0) + entryBytes;
  }

  write(operations: readonly Operation[], done: (error?: Error) => void): void {
    void this.put(operations).then(
      () => done(),
      (error: unknown) => done(storageError(error, this.#level?.folder ?? tmpdir())),
    );
  }

  async compact(): Promise<void> {
    // It is gone before that would be worth the while.
  }

  async close(): Promise<void> {
    const level = this.#level;
    this.#level = undefined;
    try {
      await this.#left;
    } finally {
      await level?.database.close();
      if (level !== undefined) rmSync(level.folder, { recursive: true, force: true });
    }
  }

  /** Nobody pages through what is only computed. */
  range(): Promise<Entry[]> {
    return assert(false, 'a scratch store is read by key') as never;
  }

  snapshot(): StoreSnapshot {
    return assert(false, 'a scratch store is read by key') as never;
  }

  async #spill(): Promise<void> {
    await this.#left;
    const { database } = await this.#opened();
    this.#leaving = this.#recent;
    this.#recent = new Map();
    this.#recentBytes = 0;
    this.#left = this.#writeOut(database);
    // Whoever writes or closes next is told.
    this.#left.catch(() => undefined);
  }

  async #writeOut(database: Level<Uint8Array, Uint8Array>): Promise<void> {
    let batch = database.batch();
    for (const [text, value] of this.#leaving) {
      const key = Buffer.from(text, 'latin1');
      if (value === undefined) batch.del(key);
      else batch.put(key, value);
      if (batch.length < 4096) continue;
      await batch.write();
      batch = database.batch();
    }
    await batch.write();
    this.#leaving = new Map();
  }

  async #opened(): Promise<{ readonly folder: string; readonly database: Level<Uint8Array, Uint8Array> }> {
    if (this.#level === undefined) {
      const folder = mkdtempSync(join(tmpdir(), 'assent-scratch-'));
      const database = new Level<Uint8Array, Uint8Array>(folder, levelOptions);
      await database.open();
      this.#level = { folder, database };
    }
    return this.#level;
  }
}

function keyText(key: Uint8Array): string {
  return Buffer.from(key.buffer, key.byteOffset, key.byteLength).toString('latin1');
}
