import { AssentError, assert, BoundedQueue, messageOf } from '../base/index.ts';
import {
  encodeEntry,
  encodeHead,
  entryBytes,
  entryKey,
  formatKey,
  headKey,
  ledgerKey,
  noDigest,
  nodeKey,
  operationsBytes,
  operationsDigest,
  sha256,
  storageFormat,
} from './journal-records.ts';
import { checkMark, type Identity, type JournalScan, scanJournal } from './journal-scan.ts';
import type { Mark, MarkFile } from './mark-file.ts';
import type { Operation, Store } from './store.ts';

export interface JournalLimits {
  /** Entries are kept until newer ones cover this many bytes: more than LevelDB's unflushed logs can hold. */
  readonly keptBytes: number;
  /** Appends that wait are merged into one batch up to this many bytes. A single append may be larger. */
  readonly mergedBytesMax: number;
  /** The most appends, and bytes in them, that wait. */
  readonly waitingMax: number;
  readonly waitingBytesMax: number;
}

const mebibyte = 1024 * 1024;

/**
 * LevelDB holds at most two logs: the one being written and the one being flushed, each a write buffer (16 MiB) and the
 * batch that overflowed it. 48 MiB is more than two of each, an entry counting for at most 4 MiB.
 */
export const journalLimits: JournalLimits = {
  keptBytes: 48 * mebibyte,
  mergedBytesMax: 4 * mebibyte,
  waitingMax: 4096,
  waitingBytesMax: 128 * mebibyte,
};

interface Append {
  readonly operations: readonly Operation[];
  readonly bytes: number;
  readonly mark: Uint8Array | undefined;
  readonly done: (error?: Error) => void;
}

/**
 * The only writer of a node's database (protocol.md §6). Every batch carries a consecutive number and the digest of the
 * batch before it, so that a start notices a batch that LevelDB lost between others; the signer's mark, kept in a second
 * file, notices those lost from the end.
 *
 * Group commit: one batch is in flight, the appends that come meanwhile form the next. What is deferred rides along. A batch is done when it is synced
 * and, if it carries a mark, the mark file after it: a mark ahead of the database therefore always means loss.
 */
export class Journal {
  readonly #store: Store;
  readonly #markFile: MarkFile;
  readonly #identity: Identity;
  readonly #limits: JournalLimits;
  readonly #waiting: BoundedQueue<Append>;
  /** Bytes of each kept entry, oldest first. */
  readonly #kept: BoundedQueue<number>;
  #isIdentified: boolean;
  /** Entries of before a loss, to be deleted with the next batch. */
  #dropped: number[] = [];
  #firstNumber: number;
  #lastNumber: number;
  #lastDigest: Uint8Array;
  #lastMark: number;
  #markOnFile: number;
  #writing = false;
  /** Something waits that is not deferred, or was flushed. */
  #isDue = false;
  #failure: Error | undefined;
  #closing: (() => void) | undefined;
  /** The newest mark at the time of opening. */
  readonly mark: Mark | undefined;
  /**
   * Batches up to the mark's are missing: the database lost its end. What is left is whole, as of an earlier batch; the
   * journal goes on with the number after the mark's, and the mark says what was promised in what is gone.
   */
  readonly lost: boolean;

  private constructor(store: Store, markFile: MarkFile, identity: Identity, limits: JournalLimits, scan: JournalScan) {
    this.#store = store;
    this.#markFile = markFile;
    this.#identity = identity;
    this.#limits = limits;
    this.#waiting = new BoundedQueue<Append>({
      countMax: limits.waitingMax,
      weightMax: limits.waitingBytesMax,
      weigh: (append) => append.bytes,
    });
    // Bounded by #compose, which drops the oldest; an entry counts for its own bytes at least.
    this.#kept = new BoundedQueue<number>({ countMax: Number.MAX_SAFE_INTEGER, weigh: (bytes) => bytes });
    for (const bytes of scan.kept) this.#keep(bytes);
    this.#isIdentified = scan.last > 0;
    this.#firstNumber = scan.first;
    this.#lastNumber = scan.last;
    this.#lastDigest = scan.lastDigest;
    this.#lastMark = scan.lastMark;
    const verdict = checkMark(scan, markFile.read());
    this.mark = verdict.mark;
    this.lost = verdict.lost;
    this.#markOnFile = verdict.mark?.journalNumber ?? 0;
    if (this.lost) this.#goOnAfter(this.#markOnFile);
  }

  /** The numbers of lost batches are not given out again: the entries before them are dropped with the next batch. */
  #goOnAfter(markNumber: number): void {
    for (let number = this.#firstNumber; number <= this.#lastNumber; number++) this.#dropped.push(number);
    this.#kept.clear();
    this.#firstNumber = markNumber + 1;
    this.#lastNumber = markNumber;
    this.#lastDigest = noDigest;
    this.#lastMark = markNumber;
  }

  /**
   * Checks what is kept and takes over the store. Errors: `storage-format-unknown`, `storage-foreign`, and
   * `storage-damaged` with what is missing. Writes nothing; a new database gets its identity with the first batch.
   */
  static open(store: Store, markFile: MarkFile, identity: Identity, limits: Partial<JournalLimits> = {}): Journal {
    return new Journal(store, markFile, identity, { ...journalLimits, ...limits }, scanJournal(store, identity));
  }

  /** Number of the newest durable batch, after a loss the mark's; 0 in a new database. */
  get lastNumber(): number {
    return this.#lastNumber;
  }

  /** Appends that are neither durable nor in flight. */
  get waiting(): number {
    return this.#waiting.length;
  }

  /** Bytes of the appends that are neither durable nor in flight. */
  get waitingBytes(): number {
    return this.#waiting.weight;
  }

  /** The error that poisoned the journal. */
  get failure(): Error | undefined {
    return this.#failure;
  }

  /**
   * Makes the operations durable, atomically, after all earlier appends, and then the mark; then calls `done`. Of the
   * marks of merged appends only the newest is written: a mark covers those before it. After an error those that wait end
   * with it and every later append throws it, until the process restarts. Throws `overloaded`, with nothing written, when
   * too much is waiting.
   */
  append(operations: readonly Operation[], mark: Uint8Array | undefined, done: (error?: Error) => void): void {
    this.#push(operations, mark, done);
    this.flush();
  }

  /** An append that nobody waits for: it rides with the next one, or goes with {@link flush}. Order is kept. */
  defer(operations: readonly Operation[], done: (error?: Error) => void): void {
    this.#push(operations, undefined, done);
  }

  /** Writes what is deferred. */
  flush(): void {
    this.#isDue = this.#waiting.length > 0;
    if (!this.#writing) this.#writeNext();
  }

  #push(operations: readonly Operation[], mark: Uint8Array | undefined, done: (error?: Error) => void): void {
    assert(this.#closing === undefined, 'the journal is open');
    if (this.#failure !== undefined) throw this.#failure;
    const append: Append = { operations, bytes: operationsBytes(operations), mark, done };
    if (!this.#waiting.push(append))
      throw new AssentError('overloaded', 'The disk is too slow: too many writes are waiting.', {
        waiting: this.#waiting.length,
        waitingBytes: this.#waiting.weight,
      });
  }

  /** Takes no more appends, finishes those it has, then closes the store and the mark file. */
  async close(): Promise<void> {
    assert(this.#closing === undefined, 'a journal is closed once');
    await new Promise<void>((resolve) => {
      this.#closing = resolve;
      if (!this.#writing) this.#writeNext();
    });
    await this.#markFile.close();
    await this.#store.close();
  }

  #writeNext(): void {
    const group = this.#isDue || this.#closing !== undefined ? this.#takeGroup() : [];
    this.#isDue &&= this.#waiting.length > 0;
    if (group.length === 0) {
      this.#closing?.();
      return;
    }
    this.#writing = true;
    const merged = group.length === 1 ? (group[0] as Append).operations : group.flatMap((append) => append.operations);
    const mark = group.findLast((append) => append.mark !== undefined)?.mark;
    const number = this.#lastNumber + 1;
    const { operations, digest } = this.#compose(number, merged, mark);
    this.#store.write(operations, (error) => {
      if (error !== undefined) return this.#fail(group, error);
      this.#lastNumber = number;
      this.#lastDigest = digest;
      if (mark === undefined) return this.#finish(group);
      this.#lastMark = number;
      this.#markFile.write(mark, number, (markError) => {
        if (markError !== undefined) return this.#fail(group, markError);
        this.#markOnFile = number;
        this.#finish(group);
      });
    });
  }

  #takeGroup(): Append[] {
    const group: Append[] = [];
    let bytes = 0;
    for (let next = this.#waiting.peek(); next !== undefined; next = this.#waiting.peek()) {
      if (group.length > 0 && bytes + next.bytes > this.#limits.mergedBytesMax) break;
      bytes += next.bytes;
      group.push(next);
      this.#waiting.shift();
    }
    return group;
  }

  /** The batch as it is written: the operations, its entry, the head, and the entries that need not be kept longer. */
  #compose(
    number: number,
    merged: readonly Operation[],
    mark: Uint8Array | undefined,
  ): { operations: Operation[]; digest: Uint8Array } {
    const bytes = operationsBytes(merged);
    const entry = encodeEntry(number, {
      previousDigest: this.#lastDigest,
      operationsDigest: operationsDigest(merged, bytes),
      markDigest: mark === undefined ? noDigest : sha256(mark),
      bytes,
    });
    const operations: Operation[] = [...merged, { type: 'put', key: entryKey(number), value: entry }];
    if (!this.#isIdentified) operations.push(...this.#identityOperations());
    this.#isIdentified = true;
    for (const dropped of this.#dropped) operations.push({ type: 'delete', key: entryKey(dropped) });
    this.#dropped = [];
    this.#keep(bytes);
    while (this.#kept.weight - (this.#kept.peek() ?? 0) >= this.#limits.keptBytes) {
      operations.push({ type: 'delete', key: entryKey(this.#firstNumber) });
      this.#firstNumber += 1;
      this.#kept.shift();
    }
    const lastMark = mark === undefined ? this.#lastMark : number;
    const head = encodeHead({ last: number, first: this.#firstNumber, lastMark, markOnFile: this.#markOnFile });
    operations.push({ type: 'put', key: headKey, value: head });
    return { operations, digest: sha256(entry) };
  }

  #keep(bytes: number): void {
    this.#kept.push(Math.min(bytes + entryBytes, this.#limits.mergedBytesMax));
  }

  #identityOperations(): Operation[] {
    return [
      { type: 'put', key: formatKey, value: new TextEncoder().encode(storageFormat) },
      { type: 'put', key: ledgerKey, value: this.#identity.ledgerId },
      { type: 'put', key: nodeKey, value: this.#identity.nodeKey },
    ];
  }

  #finish(group: readonly Append[]): void {
    this.#writing = false;
    // The next batch is on its way before the callbacks run: the disk does not wait for them.
    this.#writeNext();
    for (const append of group) append.done();
  }

  #fail(group: readonly Append[], cause: Error): void {
    this.#writing = false;
    this.#failure =
      cause instanceof AssentError
        ? cause
        : new AssentError('storage-failed', `The disk refused a write: ${messageOf(cause)}.`, {}, { cause });
    for (const append of group) append.done(this.#failure);
    for (let append = this.#waiting.shift(); append !== undefined; append = this.#waiting.shift())
      append.done(this.#failure);
    this.#closing?.();
  }
}
