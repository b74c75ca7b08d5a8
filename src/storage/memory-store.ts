import { assert } from '../base/index.ts';
import { MemoryTable } from './memory-table.ts';
import {
  type Entry,
  type Operation,
  type RangeOptions,
  rangeLimitMax,
  type Store,
  type StoreSnapshot,
} from './store.ts';

/** The in-memory twin of LevelStore, for tests: same order, same visibility, same errors; gone with the process. */
export class MemoryStore implements Store {
  readonly #table: MemoryTable;
  #open = true;

  /** A store opened again takes the table of the closed one. */
  constructor(table: MemoryTable = new MemoryTable()) {
    this.#table = table;
  }

  get(key: Uint8Array): Uint8Array | undefined {
    assert(this.#open, 'the store is open');
    return this.#table.get(key);
  }

  async range(options: RangeOptions): Promise<Entry[]> {
    assert(this.#open, 'the store is open');
    assert(options.limit >= 1 && options.limit <= rangeLimitMax, 'a page has 1 to 10,000 entries');
    return this.#table.range(options);
  }

  snapshot(): StoreSnapshot {
    assert(this.#open, 'the store is open');
    return new MemorySnapshot(this.#table);
  }

  write(operations: readonly Operation[], done: (error?: Error) => void): void {
    assert(this.#open, 'the store is open');
    // Later, never within the call: what is written becomes visible with `done`, as on a disk.
    queueMicrotask(() => {
      this.#table.apply(operations);
      done();
    });
  }

  async compact(): Promise<void> {
    assert(this.#open, 'the store is open');
  }

  async close(): Promise<void> {
    this.#open = false;
  }
}

/** A copy of the table as it was. */
export class MemorySnapshot implements StoreSnapshot {
  readonly #table: MemoryTable;
  #open = true;

  constructor(table: MemoryTable) {
    this.#table = table.clone();
  }

  get(key: Uint8Array): Uint8Array | undefined {
    assert(this.#open, 'the snapshot is open');
    return this.#table.get(key);
  }

  async getMany(keys: readonly Uint8Array[]): Promise<(Uint8Array | undefined)[]> {
    assert(keys.length <= rangeLimitMax, 'at most 10,000 keys are read at once');
    return keys.map((key) => this.get(key));
  }

  async keys(options: RangeOptions): Promise<Uint8Array[]> {
    assert(this.#open, 'the snapshot is open');
    assert(options.limit >= 1 && options.limit <= rangeLimitMax, 'a page has 1 to 10,000 entries');
    return this.#table.range(options).map(([key]) => key);
  }

  async close(): Promise<void> {
    this.#open = false;
  }
}
