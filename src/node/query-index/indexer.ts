import { AssentError, type Clock, equalBytes, type Logger, present, type Timer } from '../../base/index.ts';
import type { Ledger } from '../../ledger/index.ts';
import { appended, type Journal, type Operation, type Store } from '../../storage/index.ts';
import type { NodeArchive } from '../archive/index.ts';
import { Turns } from '../archive/turns.ts';
import { BlockGroup, type GroupLimits, groupLimits } from './block-group.ts';
import { deleteIndexed, type Indexed, putIndexed, readIndexed } from './records.ts';
import { BlocksToIndex } from './source.ts';
import { sweepIndex } from './sweep.ts';

/** Between two looks at whether there are new blocks, while nobody waits. */
const roundMs = 250;
/** After something could not be read: the scrubber may repair it meanwhile. */
const retryMs = 5000;
/** How much longer than a slice the thread is free for others afterwards; less while a query waits for the index. */
const restShare = 9;
const restMsMax = 100;
const restShareAwaited = 2;
/** Records that are made at a stretch. */
const stretchRecords = 64;
/** More queries than that do not wait. */
const waitersMax = 256;

export interface IndexLimits extends GroupLimits {
  /** Records of one write. */
  readonly records: number;
}

const indexLimits: IndexLimits = { ...groupLimits, records: 4000 };

export interface QueryIndexerOptions {
  readonly ledger: Ledger;
  readonly store: Store;
  readonly journal: Pick<Journal, 'append'>;
  readonly archive: NodeArchive | undefined;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly limits?: IndexLimits | undefined;
  /** A bug, or a disk that does not write any more. */
  readonly onFault: (error: Error) => void;
}

interface Waiter {
  readonly height: number;
  readonly resolve: () => void;
  readonly timer: Timer;
}

/** The blocks that the index has in memory alone: a part of every search. */
export type OpenGroup = Pick<BlockGroup, 'recordOf' | 'firstHeightFrom'>;

/**
 * Makes the index of transactions, behind the applied block and beside its commit: out of the blocks and their results,
 * which it reads in slices. Blocks gather in a group, which is searched where it is until it is full; then it is written,
 * and how far the index goes with the last of it. What a crash left of a group is the beginning of the same, which is
 * written again: so there is never a gap. Where the blocks that follow are not to be had, or the index was made another
 * way, it is made anew from the first block that is.
 */
export class QueryIndexer {
  readonly #options: QueryIndexerOptions;
  readonly #blocks: BlocksToIndex;
  readonly #turns: Turns;
  readonly #waiters = new Set<Waiter>();
  /** The blocks that are on no disk, after those that are. */
  readonly #group: BlockGroup;
  readonly #recordsMax: number;
  #stored: Indexed | undefined;
  /** The group's newest block, or the newest stored while it has none. */
  #newest: Indexed | undefined;
  /** What is stored was looked at, or removed. */
  #isBegun = false;
  #epoch = 0;
  #problem: AssentError | undefined;
  #running: Promise<void> = Promise.resolve();

  constructor(options: QueryIndexerOptions) {
    this.#options = options;
    this.#blocks = new BlocksToIndex(options);
    const limits = options.limits ?? indexLimits;
    this.#group = new BlockGroup(limits);
    this.#recordsMax = limits.records;
    this.#turns = new Turns(options.clock, (spentMs) =>
      Math.min((this.#waiters.size > 0 ? restShareAwaited : restShare) * spentMs, restMsMax),
    );
  }

  /** The blocks that it has; undefined before the first, and while it is made anew. */
  get indexed(): Pick<Indexed, 'from' | 'through'> | undefined {
    return this.#newest;
  }

  /** Those of them that are on disk, in groups that are full. */
  get stored(): Pick<Indexed, 'from' | 'through'> | undefined {
    return this.#stored;
  }

  /** The others. */
  get open(): OpenGroup {
    return this.#group;
  }

  /** Another number after the index, or a part of it, was dropped: what was read of it is of no use. */
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
    const isThere = (this.#newest?.through ?? 0) >= height;
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
        if (!this.#isBegun && !(await this.#isWhole())) await this.#drop();
        for (;;) {
          await this.#follow();
          this.#problem = undefined;
          await this.#turns.rest(this.#waiters.size > 0 ? 1 : roundMs);
        }
      } catch (error) {
        if (!(error instanceof AssentError) || isFatal(error) || this.#turns.isStopped) throw error;
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
    const stored = this.#readStored();
    if (stored === undefined || stored.through > ledger.applied.height || stored.from > this.#blocks.first)
      return false;
    if (this.#blocks.has(stored.through)) {
      const { hash } = await this.#blocks.read(stored.through, undefined, this.#turns.pause);
      if (!equalBytes(hash, stored.hash)) return false;
    }
    this.#stored = stored;
    this.#isBegun = true;
    this.#reach(stored);
    return true;
  }

  /** How far it goes; undefined where that cannot be read, and the index is made anew. */
  #readStored(): Indexed | undefined {
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
    this.#isBegun = false;
    this.#group.clear();
    this.#stored = undefined;
    this.#newest = undefined;
    this.#epoch += 1;
    await this.#write([deleteIndexed()]);
    for (;;) {
      const operations = await sweepIndex(this.#options.store);
      if (operations === undefined) break;
      await this.#write(operations);
      await this.#turns.pause();
    }
    this.#isBegun = true;
  }

  /** Up to the block that is the newest now: those that come meanwhile are for the next round. */
  async #follow(): Promise<void> {
    const { height } = this.#options.ledger.applied;
    for (;;) {
      if (this.#group.isFull) await this.#store();
      if ((this.#newest?.through ?? this.#blocks.first - 1) >= height) return;
      if (this.#newest !== undefined && !this.#blocks.has(this.#newest.through + 1)) await this.#drop();
      await this.#take();
      await this.#turns.pause();
    }
  }

  /** The next block into the group. */
  async #take(): Promise<void> {
    const newest = this.#newest;
    const height = newest === undefined ? this.#blocks.first : newest.through + 1;
    const block = await this.#blocks.read(height, newest?.hash, this.#turns.pause);
    try {
      this.#group.add(block, this.#options.ledger.state);
    } catch (error) {
      // It has a part of the block: it is begun again.
      this.#group.clear();
      this.#newest = this.#stored;
      this.#epoch += 1;
      throw error;
    }
    this.#reach({ from: newest?.from ?? height, through: height, hash: block.hash });
  }

  /** Writes the group. A write is a sync of the journal that blocks wait behind, and long on this thread: in pieces. */
  async #store(): Promise<void> {
    const indexed = present(this.#newest, 'a group has blocks');
    let operations: Operation[] = [];
    for (const record of this.#group.records()) {
      if (operations.length === this.#recordsMax) {
        await this.#write(operations);
        operations = [];
      }
      operations.push(record);
      if (operations.length % stretchRecords === 0) await this.#turns.pause();
    }
    operations.push(putIndexed(indexed));
    await this.#write(operations);
    this.#stored = indexed;
    this.#group.clear();
  }

  #reach(indexed: Indexed): void {
    this.#newest = indexed;
    for (const waiter of this.#waiters) if (waiter.height <= indexed.through) this.#release(waiter);
  }

  async #write(operations: readonly Operation[]): Promise<void> {
    await appended(this.#options.journal, operations);
    // What was waited for was no work.
    this.#turns.begin();
  }
}

/** The disk takes nothing any more: the node stops, as for any other write. */
function isFatal({ code }: AssentError): boolean {
  return code === 'storage-failed' || code === 'storage-full' || code === 'internal';
}
