import { AssentError, assert, present, type Random } from '../../src/base/index.ts';
import {
  assertMark,
  type Entry,
  type Mark,
  type MarkFile,
  type MarkReading,
  MemorySnapshot,
  MemoryTable,
  type Operation,
  type RangeOptions,
  rangeLimitMax,
  type Store,
  type StoreSnapshot,
} from '../../src/storage/index.ts';

/**
 * What a crash does besides losing what was in flight. `none` is a crash as the protocol assumes it; the others are
 * damage that a start must notice: durable batches gone from the end or from between others, the newest mark unreadable,
 * both slots unreadable.
 */
export type DiskFault = 'none' | 'tail-lost' | 'middle-lost' | 'mark-damaged' | 'marks-damaged';

/** Writes of one file reach the disk in their order; those of different files in any. */
export type DiskFile = 'store' | 'mark';

interface Request {
  readonly file: DiskFile;
  /** Takes effect on the disk. */
  readonly apply: () => void;
  /** What a crash in the middle of it leaves behind. */
  readonly tear: () => void;
  readonly done: (error?: Error) => void;
}

interface DurableBatch {
  readonly redo: readonly Operation[];
  readonly undo: readonly Operation[];
}

type Slot = Mark | 'damaged' | undefined;

/** Durable batches that a fault can still take back. */
const historyMax = 64;

/**
 * A node's disk in the simulator: a store and a mark file whose writes become durable, and visible, only when the
 * simulator says so. Synchronous and without randomness of its own. A crash ends the handles; take new ones after it.
 */
export class SimulatedDisk {
  #table = new MemoryTable();
  #history: DurableBatch[] = [];
  #slots: [Slot, Slot] = [undefined, undefined];
  #requests: Request[] = [];
  #store: SimulatedStore;
  #markFile: SimulatedMarkFile;
  #writeFailure: Error | undefined;
  #readFailure: Error | undefined;
  /** How many reads of the process are left before one fails; undefined when none will. */
  #readsLeft: number | undefined;
  #isProcessReading = false;
  readonly #onRequest: (file: DiskFile) => void;
  /** Sees every batch at the moment it becomes durable. */
  onDurable: (operations: readonly Operation[]) => void = () => undefined;

  /** `onRequest` runs for every write that begins: the simulator schedules a `completeNext` of its file for each. */
  constructor(onRequest: (file: DiskFile) => void = () => undefined) {
    this.#onRequest = onRequest;
    this.#store = new SimulatedStore(this.#access());
    this.#markFile = new SimulatedMarkFile(this.#access());
  }

  get store(): SimulatedStore {
    return this.#store;
  }

  get markFile(): SimulatedMarkFile {
    return this.#markFile;
  }

  /** Writes in flight, of the store and of the mark file together. */
  get inFlight(): number {
    return this.#requests.length;
  }

  /** What is durable from key `from` up to, without, key `to`. */
  entries(from: Uint8Array, to: Uint8Array): Entry[] {
    return this.#table.range({ from, to, limit: Number.MAX_SAFE_INTEGER });
  }

  /** What is durable changes under the node's feet: bits that flipped, a write that went astray. */
  overwrite(operations: readonly Operation[]): void {
    this.#table.apply(operations);
  }

  /** The oldest write, of one file or of all, becomes durable and its callback runs. False when nothing is in flight. */
  completeNext(file?: DiskFile): boolean {
    const index = this.#requests.findIndex((request) => file === undefined || request.file === file);
    const [request] = index < 0 ? [] : this.#requests.splice(index, 1);
    if (request === undefined) return false;
    request.apply();
    this.process(() => request.done());
    return true;
  }

  /** The oldest write fails, with it all that follow, until the crash or restart. What failed is not on the disk. */
  failNext(error: Error): boolean {
    const failed = this.#requests;
    if (failed.length === 0) return false;
    this.#requests = [];
    this.#writeFailure = error;
    for (const request of failed) request.done(error);
    return true;
  }

  /** After so many reads more by the process, one fails; undefined: none does. */
  failReadAfter(count: number | undefined): void {
    this.#readsLeft = count;
  }

  /** Lets the process do something: only what it reads itself can fail so, not what others look at. */
  process<T>(action: () => T): T {
    const wasReading = this.#isProcessReading;
    this.#isProcessReading = true;
    try {
      return action();
    } finally {
      this.#isProcessReading = wasReading;
    }
  }

  /** Reads throw this error until it is taken back with `undefined`. */
  failReads(error: Error | undefined): void {
    this.#readFailure = error;
  }

  /**
   * The process ends: of each file's writes in flight a random number, oldest first, reached the disk, and the next may
   * be torn.
   * No callback runs any more. Returns how many durable batches the fault took.
   */
  crash(random: Random, fault: DiskFault = 'none'): number {
    for (const file of ['store', 'mark'] as const) {
      const requests = this.#requests.filter((request) => request.file === file);
      const survivors = random.below(requests.length + 1);
      for (const request of requests.slice(0, survivors)) request.apply();
      if (random.below(2) === 0) requests[survivors]?.tear();
    }
    this.#requests = [];
    this.#writeFailure = undefined;
    this.#readFailure = undefined;
    this.#readsLeft = undefined;
    this.#store.end();
    this.#markFile.end();
    this.#store = new SimulatedStore(this.#access());
    this.#markFile = new SimulatedMarkFile(this.#access());
    return this.#inflict(random, fault);
  }

  #inflict(random: Random, fault: DiskFault): number {
    if (fault === 'mark-damaged' || fault === 'marks-damaged') {
      const newest = this.#newestSlot();
      for (const index of [0, 1] as const)
        if (this.#slots[index] !== undefined && (fault === 'marks-damaged' || index === newest))
          this.#slots[index] = 'damaged';
      return 0;
    }
    if (fault === 'none') return 0;
    const spared = fault === 'middle-lost' ? 1 + random.below(Math.max(1, this.#history.length >> 1)) : 0;
    if (spared >= this.#history.length) return 0;
    const taken = 1 + random.below(Math.min(8, this.#history.length - spared));
    for (const batch of this.#history.slice(-taken - spared).reverse()) this.#table.apply(batch.undo);
    const redone = spared === 0 ? [] : this.#history.slice(-spared);
    this.#history.length -= taken + spared;
    for (const batch of redone) this.#applyBatch(batch.redo);
    return taken;
  }

  #newestSlot(): 0 | 1 {
    const [first, second] = this.#slots.map((slot) => (typeof slot === 'object' ? slot.journalNumber : 0));
    return present(second, 'two slots') > present(first, 'two slots') ? 1 : 0;
  }

  #applyBatch(operations: readonly Operation[]): void {
    this.#history.push({ redo: operations, undo: this.#table.apply(operations) });
    if (this.#history.length > historyMax) this.#history.shift();
    this.onDurable(operations);
  }

  #access(): DiskAccess {
    return {
      table: () => {
        this.#countRead();
        return this.#table;
      },
      slots: () => {
        this.#countRead();
        return this.#slots;
      },
      writeBatch: (operations, done) =>
        this.#request({ file: 'store', apply: () => this.#applyBatch(operations), tear: () => undefined, done }),
      writeMark: (mark, done) => {
        const index = this.#newestSlot() === 0 ? 1 : 0;
        const set = (slot: Slot) => {
          this.#slots[index] = slot;
        };
        this.#request({ file: 'mark', apply: () => set(mark), tear: () => set('damaged'), done });
      },
    };
  }

  #countRead(): void {
    if (this.#readFailure !== undefined) throw this.#readFailure;
    if (this.#readsLeft === undefined || !this.#isProcessReading) return;
    this.#readsLeft -= 1;
    if (this.#readsLeft >= 0) return;
    this.#readsLeft = undefined;
    throw new AssentError('storage-failed', 'The simulated disk refused a read.');
  }

  #request(request: Request): void {
    if (this.#writeFailure !== undefined) throw this.#writeFailure;
    this.#requests.push(request);
    this.#onRequest(request.file);
  }
}

interface DiskAccess {
  table(): MemoryTable;
  slots(): readonly [Slot, Slot];
  writeBatch(operations: readonly Operation[], done: (error?: Error) => void): void;
  writeMark(mark: Mark, done: (error?: Error) => void): void;
}

/** The store of a {@link SimulatedDisk}. */
export class SimulatedStore implements Store {
  readonly #disk: DiskAccess;
  #open = true;

  constructor(disk: DiskAccess) {
    this.#disk = disk;
  }

  get(key: Uint8Array): Uint8Array | undefined {
    assert(this.#open, 'the store is open');
    return this.#disk.table().get(key);
  }

  async range(options: RangeOptions): Promise<Entry[]> {
    assert(this.#open, 'the store is open');
    assert(options.limit >= 1 && options.limit <= rangeLimitMax, 'a page has 1 to 10,000 entries');
    return this.#disk.table().range(options);
  }

  snapshot(): StoreSnapshot {
    assert(this.#open, 'the store is open');
    return new MemorySnapshot(this.#disk.table());
  }

  write(operations: readonly Operation[], done: (error?: Error) => void): void {
    assert(this.#open, 'the store is open');
    this.#disk.writeBatch(operations, done);
  }

  async compact(): Promise<void> {
    // Nothing that is deleted takes room here.
  }

  async close(): Promise<void> {
    this.end();
  }

  /** The process that held this store is gone. */
  end(): void {
    this.#open = false;
  }
}

/** The mark file of a {@link SimulatedDisk}. */
export class SimulatedMarkFile implements MarkFile {
  readonly #disk: DiskAccess;
  #open = true;
  #writing = false;

  constructor(disk: DiskAccess) {
    this.#disk = disk;
  }

  read(): MarkReading {
    assert(this.#open, 'the mark file is open');
    const slots = this.#disk.slots();
    const damagedSlots = slots.filter((slot) => slot === 'damaged').length as 0 | 1 | 2;
    const intact = slots.filter((slot) => typeof slot === 'object');
    const mark = intact.sort((left, right) => right.journalNumber - left.journalNumber)[0];
    return { mark, damagedSlots };
  }

  write(mark: Mark, done: (error?: Error) => void): void {
    assert(this.#open, 'the mark file is open');
    assert(!this.#writing, 'one mark is written at a time');
    assertMark(mark);
    this.#writing = true;
    this.#disk.writeMark({ ...mark, bytes: mark.bytes.slice() }, (error) => {
      this.#writing = false;
      done(error);
    });
  }

  async close(): Promise<void> {
    this.end();
  }

  /** The process that held this file is gone. */
  end(): void {
    this.#open = false;
  }
}
