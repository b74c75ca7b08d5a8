import type { Journal, Operation } from '../../storage/index.ts';

/** With more batches than this on their way to the disk frames are dropped, as a network would: each can ask for another. */
const writingMax = 1024;

/** What a replica has on its way to the disk, and what follows when it is there. */
export class DiskWrites {
  readonly #journal: Journal;
  readonly #written: (done: () => void) => void;
  #writing = 0;
  /** The newest batch when it was last asked whether what is deferred has to go alone. */
  #batchesSeen = 0;

  /** `written` runs what follows a batch. Of one that failed, what it runs throws the reason. */
  constructor(journal: Journal, written: (done: () => void) => void) {
    this.#journal = journal;
    this.#written = written;
  }

  get isFull(): boolean {
    return this.#writing > writingMax;
  }

  append(operations: readonly Operation[], mark: Uint8Array | undefined, done: () => void): void {
    this.#journal.append(operations, mark, this.#whenWritten(done));
  }

  /** Rides in the next batch. */
  defer(operations: readonly Operation[], done: () => void): void {
    this.#journal.defer(operations, this.#whenWritten(done));
  }

  /** What is deferred goes now. */
  flush(): void {
    this.#journal.flush();
  }

  /** The same, unless batches came since it was called last: while they come, what is deferred rides in the next one. */
  flushIdle(): void {
    if (this.#journal.lastNumber === this.#batchesSeen) this.#journal.flush();
    this.#batchesSeen = this.#journal.lastNumber;
  }

  #whenWritten(done: () => void): (error?: Error) => void {
    this.#writing += 1;
    return (error) => {
      this.#writing -= 1;
      this.#written(() => {
        if (error !== undefined) throw error;
        done();
      });
    };
  }
}
