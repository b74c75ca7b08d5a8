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
  packOperations,
  sha256,
  storageFormat,
  unpackOperations,
} from './journal-records.ts';
import { checkMark, type Identity, type JournalScan, scanJournal } from './journal-scan.ts';
import { type Mark, type MarkFile, type RedoBatch, redoBytesMax } from './mark-file.ts';
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

interface Batch {
  readonly number: number;
  readonly operations: readonly Operation[];
  /** Of its entry: what the next batch follows. */
  readonly digest: Uint8Array;
  readonly mark?: Mark;
}

/**
 * The only writer of a node's database (protocol.md §6). Every batch carries a consecutive number and the digest of the
 * batch before it, so that a start notices a batch that LevelDB lost between others; the signer's mark, kept in a second
 * file, notices those lost from the end.
 *
 * Group commit: one batch is in flight, the appends that come meanwhile form the next. What is deferred rides along. A
 * batch is done when it is synced and, if it carries a mark, the mark file too. The two are written at the same time, the
 * mark with a copy of the batch: a mark ahead of the database then brings what is missing. A batch that is too large for
 * that is written first, its mark after it. So a mark ahead of the database without its batch always means loss.
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
  /** The batch to be written again before anything else. */
  #redo: RedoBatch | undefined;

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
    this.#redo = verdict.redo;
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
   * `storage-damaged` with what is missing. Writes nothing; a new database gets its identity with the first batch. Call
   * {@link redo} before anything else.
   */
  static open(store: Store, markFile: MarkFile, identity: Identity, limits: Partial<JournalLimits> = {}): Journal {
    return new Journal(store, markFile, identity, { ...journalLimits, ...limits }, scanJournal(store, identity));
  }

  /** Writes the batch that a crash left in the mark file alone. Only then is the store what the journal says it is. */
  redo(done: (error?: Error) => void): void {
    const redo = this.#redo;
    if (redo === undefined) {
      done();
      return;
    }
    const { mark, ...batch } = this.#compose(unpackOperations(redo.operations), this.mark?.bytes);
    this.#write(batch, (error) => {
      this.#redo = undefined;
      this.#lastMark = batch.number;
      if (error !== undefined) this.#fail([], error);
      done(this.#failure);
    });
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
    assert(this.#redo === undefined, 'what a crash left is written first');
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
    const merged = group.length === 1 ? (group[0] as Append).operations : group.flatMap((append) => append.operations);
    const mark = group.findLast((append) => append.mark !== undefined)?.mark;
    this.#write(this.#compose(merged, mark), (error) => {
      if (error !== undefined) return this.#fail(group, error);
      // The next batch is on its way before the callbacks run: the disk does not wait for them.
      this.#writeNext();
      for (const append of group) append.done();
    });
  }

  /** Writes one batch to the places where it belongs; `done` is called when all have it, or have refused. */
  #write(batch: Batch, done: (error?: Error) => void): void {
    this.#writing = true;
    const { number, operations, mark } = batch;
    const finish = (error?: Error): void => {
      this.#writing = false;
      if (error === undefined) {
        this.#lastNumber = number;
        this.#lastDigest = batch.digest;
        if (mark !== undefined) this.#lastMark = this.#markOnFile = number;
      }
      done(error);
    };
    if (mark === undefined) this.#store.write(operations, finish);
    else if (mark.redo === undefined)
      this.#store.write(operations, (error) => {
        if (error === undefined) this.#markFile.write(mark, finish);
        else finish(error);
      });
    else {
      const settle = afterBoth(finish);
      this.#store.write(operations, settle);
      this.#markFile.write(mark, settle);
    }
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

  /** The next batch as it is written: the operations, its entry, the head, and the entries that need not be kept longer. */
  #compose(merged: readonly Operation[], markBytes: Uint8Array | undefined): Batch {
    const number = this.#lastNumber + 1;
    const bytes = operationsBytes(merged);
    const packed = packOperations(merged, bytes);
    const [previousDigest, packedDigest] = [this.#lastDigest, sha256(packed)];
    const entry = encodeEntry(number, {
      previousDigest,
      operationsDigest: packedDigest,
      markDigest: markBytes === undefined ? noDigest : sha256(markBytes),
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
    const lastMark = markBytes === undefined ? this.#lastMark : number;
    const head = encodeHead({ last: number, first: this.#firstNumber, lastMark, markOnFile: this.#markOnFile });
    operations.push({ type: 'put', key: headKey, value: head });
    const batch = { number, operations, digest: sha256(entry) };
    if (markBytes === undefined) return batch;
    const mark = { bytes: markBytes, journalNumber: number };
    if (packed.length > redoBytesMax) return { ...batch, mark };
    return { ...batch, mark: { ...mark, redo: { previousDigest, digest: packedDigest, operations: packed } } };
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

  #fail(group: readonly Append[], cause: Error): void {
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

/** A callback for two ends, that calls `done` at the second, with the first error. */
function afterBoth(done: (error?: Error) => void): (error?: Error) => void {
  let first = true;
  let failure: Error | undefined;
  return (error) => {
    failure ??= error;
    if (first) first = false;
    else done(failure);
  };
}
