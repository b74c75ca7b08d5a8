import { AssentError, type Clock, equalBytes, type Logger, type Timer } from '../../base/index.ts';
import type { Ledger } from '../../ledger/index.ts';
import { appended, type Journal, type Operation, type Store } from '../../storage/index.ts';
import type { NodeArchive } from '../archive/index.ts';
import { Turns } from '../archive/turns.ts';
import { blockRecords } from './block-records.ts';
import { deleteIndexed, type Indexed, putIndexed, readIndexed } from './records.ts';
import { BlocksToIndex } from './source.ts';
import { sweepIndex } from './sweep.ts';

/** Between two looks at whether there are new blocks, while nobody waits: so few writes that they do not count. */
const roundMs = 250;
/** After something could not be read: the scrubber may repair it meanwhile. */
const retryMs = 5000;
/** How much longer than a slice the thread is free for others afterwards; less while a query waits for the index. */
const restShare = 9;
const restMsMax = 100;
const restShareAwaited = 2;
/** Records of one write. */
const recordsMax = 4000;
/** More queries than that do not wait. */
const waitersMax = 256;

export interface QueryIndexerOptions {
  readonly ledger: Ledger;
  readonly store: Store;
  readonly journal: Pick<Journal, 'append'>;
  readonly archive: NodeArchive | undefined;
  readonly clock: Clock;
  readonly logger: Logger;
  /** A bug, or a disk that does not write any more. */
  readonly onFault: (error: Error) => void;
}

interface Waiter {
  readonly height: number;
  readonly resolve: () => void;
  readonly timer: Timer;
}

/**
 * Makes the index of transactions, behind the applied block and beside its commit: out of the blocks and their results,
 * which it reads in slices. How far it goes is written with what it adds, so that there is never a gap in it; where the
 * blocks that follow are not to be had, or it was made another way, it is made anew from the first block that is.
 */
export class QueryIndexer {
  readonly #options: QueryIndexerOptions;
  readonly #blocks: BlocksToIndex;
  readonly #turns: Turns;
  readonly #waiters = new Set<Waiter>();
  #indexed: Indexed | undefined;
  #epoch = 0;
  #problem: AssentError | undefined;
  #running: Promise<void> = Promise.resolve();

  constructor(options: QueryIndexerOptions) {
    this.#options = options;
    this.#blocks = new BlocksToIndex(options);
    this.#turns = new Turns(options.clock, (spentMs) =>
      Math.min((this.#waiters.size > 0 ? restShareAwaited : restShare) * spentMs, restMsMax),
    );
  }

  /** The blocks that it has; undefined before the first, and while it is made anew. */
  get indexed(): Pick<Indexed, 'from' | 'through'> | undefined {
    return this.#indexed;
  }

  /** Another number after the index was dropped: what was read of it is of no use. */
  get epoch(): number {
    return this.#epoch;
  }

  /** What keeps it from growing. */
  get problem(): AssentError | undefined {
    return this.#problem;
  }

  start(): void {
    this.#running = this.#run().catch((error: unknown) => {
      if (!this.#turns.isStopped) this.#options.onFault(error as Error);
    });
  }

  async stop(): Promise<void> {
    this.#turns.stop();
    for (const waiter of this.#waiters) this.#release(waiter);
    await this.#running;
  }

  /** Resolves when it has this block, or the time is up, or something keeps the index from growing. */
  reached(height: number, timeoutMs: number): Promise<void> {
    const isThere = (this.#indexed?.through ?? 0) >= height;
    if (isThere || this.#problem !== undefined || this.#waiters.size >= waitersMax || this.#turns.isStopped)
      return Promise.resolve();
    return new Promise((resolve) => {
      const timer = this.#options.clock.after(timeoutMs, () => this.#release(waiter));
      const waiter: Waiter = { height, resolve, timer };
      this.#waiters.add(waiter);
      this.#turns.wake();
    });
  }

  #release(waiter: Waiter): void {
    waiter.timer.cancel();
    this.#waiters.delete(waiter);
    waiter.resolve();
  }

  async #run(): Promise<void> {
    while (!this.#turns.isStopped) {
      try {
        this.#turns.begin();
        if (!(await this.#isWhole())) await this.#drop();
        for (;;) {
          await this.#follow();
          this.#problem = undefined;
          await this.#turns.rest(this.#waiters.size > 0 ? 1 : roundMs);
        }
      } catch (error) {
        if (!(error instanceof AssentError) || isFatal(error)) throw error;
        if (this.#problem?.message !== error.message)
          this.#options.logger.warn({ code: error.code, reason: error.message }, 'the index of transactions waits');
        this.#problem = error;
        for (const waiter of this.#waiters) this.#release(waiter);
        await this.#turns.rest(retryMs);
      }
    }
  }

  /** Whether what is stored is an index of this chain from the first block that is to be had. */
  async #isWhole(): Promise<boolean> {
    const { ledger } = this.#options;
    const stored = this.#stored();
    if (stored === undefined || stored.through > ledger.applied.height || stored.from > this.#blocks.first)
      return false;
    if (this.#blocks.has(stored.through)) {
      const { hash } = await this.#blocks.read(stored.through, undefined, this.#turns.pause);
      if (!equalBytes(hash, stored.hash)) return false;
    }
    this.#reach(stored);
    return true;
  }

  /** How far it goes; undefined where that cannot be read, and the index is made anew. */
  #stored(): Indexed | undefined {
    const { store, logger } = this.#options;
    try {
      return readIndexed(store);
    } catch (error) {
      if (!(error instanceof AssentError) || error.code !== 'storage-damaged') throw error;
      logger.error({ reason: error.message }, 'the index of transactions is made anew');
      return undefined;
    }
  }

  /** Forgets the index first, and then removes it: what a crash leaves is removed before the next is begun. */
  async #drop(): Promise<void> {
    this.#indexed = undefined;
    this.#epoch += 1;
    await this.#write([deleteIndexed()]);
    for (;;) {
      const operations = await sweepIndex(this.#options.store);
      if (operations === undefined) return;
      await this.#write(operations);
      await this.#turns.pause();
    }
  }

  /** Up to the block that is the newest now: those that come meanwhile are for the next round. */
  async #follow(): Promise<void> {
    const { height } = this.#options.ledger.applied;
    while ((this.#indexed?.through ?? this.#blocks.first - 1) < height) {
      if (this.#indexed !== undefined && !this.#blocks.has(this.#indexed.through + 1)) await this.#drop();
      await this.#slice();
    }
  }

  /**
   * Some blocks, in one write: a write is a sync of the journal that blocks wait behind, so there is one a round, unless
   * a query waits. What comes before a block that cannot be read is written all the same.
   */
  async #slice(): Promise<void> {
    const { ledger, clock } = this.#options;
    const dueMs = clock.monotonicMs() + roundMs;
    let indexed = this.#indexed;
    const operations: Operation[] = [];
    let failure: Error | undefined;
    try {
      for (;;) {
        const height = indexed === undefined ? this.#blocks.first : indexed.through + 1;
        const block = await this.#blocks.read(height, indexed?.hash, this.#turns.pause);
        operations.push(...blockRecords(block, ledger.state));
        indexed = { from: indexed?.from ?? height, through: height, hash: block.hash };
        const isAwaited = this.#waiters.size > 0 && this.#turns.isOver;
        await this.#turns.pause();
        if (isAwaited || operations.length >= recordsMax || clock.monotonicMs() >= dueMs) break;
        if (indexed.through >= ledger.applied.height || !this.#blocks.has(indexed.through + 1)) break;
      }
    } catch (error) {
      failure = error as Error;
    }
    if (indexed !== undefined && indexed !== this.#indexed) {
      await this.#write([...operations, putIndexed(indexed)]);
      this.#reach(indexed);
    }
    if (failure !== undefined) throw failure;
    this.#turns.begin();
  }

  #reach(indexed: Indexed): void {
    this.#indexed = indexed;
    for (const waiter of this.#waiters) if (waiter.height <= indexed.through) this.#release(waiter);
  }

  #write(operations: readonly Operation[]): Promise<void> {
    return appended(this.#options.journal, operations);
  }
}

/** The disk takes nothing any more: the node stops, as for any other write. */
function isFatal({ code }: AssentError): boolean {
  return code === 'storage-failed' || code === 'storage-full' || code === 'internal';
}
