import { AssentError, type Clock, equalBytes, type Logger } from '../../base/index.ts';
import {
  checkedBlock,
  checkHeaderSignature,
  checkPages,
  checkReceipts,
  expectedValue,
  holdsValue,
  isInPart,
  type OpenedBlock,
  pageGroups,
  partFrom,
  putBlock,
  putValue,
  readForArchive,
  type StoredLeaf,
  storedKeys,
  storedLeaves,
  storedValue,
  UnverifiedTransaction,
} from '../../ledger/index.ts';
import { appended, checkTables, type Journal, type Operation, type Store } from '../../storage/index.ts';
import type { CosignatureStore } from '../cosignatures/store.ts';
import { blockRecords, type QueryIndexer } from '../query-index/index.ts';
import type { Wanted } from './messages.ts';
import { rederived } from './rederive.ts';
import type { Repairs, RepairsOptions } from './repair.ts';

/** What is looked at, one after the other. */
export const scrubbedParts = ['blocks', 'receipts', 'index', 'state', 'tree', 'cosignatures', 'tables'] as const;
export type ScrubbedPart = (typeof scrubbedParts)[number];

/** Since the node started. */
export interface ScrubCounts {
  /** Times that everything was looked at. */
  readonly passes: number;
  readonly bytes: number;
  readonly found: Readonly<Record<ScrubbedPart, number>>;
  readonly repaired: Readonly<Record<ScrubbedPart, number>>;
  /** Damage that the newest look found and that could not be repaired. */
  readonly open: number;
}

export interface ScrubberOptions extends RepairsOptions {
  readonly store: Store;
  readonly journal: Pick<Journal, 'append'>;
  /** What it has is derived anew. */
  readonly index: () => Pick<QueryIndexer, 'indexed' | 'epoch'>;
  /** What they remember of what they wrote; undefined before they are opened. */
  readonly cosignatures: () => Pick<CosignatureStore, 'records'> | undefined;
  /** Folder of the database. */
  readonly database: string;
  readonly repairs: Repairs;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly onFault: (error: Error) => void;
  readonly bytesPerSecond: number;
  /** Between one pass and the next. */
  readonly pauseMs: number;
}

/** Of the main thread's time, at most this part goes here. */
const workShare = 0.05;
/** Keys of the state that are looked at at a stretch. */
const sliceKeys = 32;
/** Records of the index that are looked at at a stretch. */
const sliceRecords = 64;
/** A batch on its way to the disk can look like damage: what is found is looked at again so many times. */
const looksMax = 20;
const lookAgainMs = 50;
/** Just after a start nobody is connected, or has its disk open: in a pass, so often is asked again. */
const asksAgainMax = 20;
const askAgainMs = 500;
/** Receipts that are withheld while they are damaged, in blocks. */
const withheldBlocksMax = 1000;

/**
 * Goes through all that the node holds, slowly and again and again, and holds it against the chain (protocol.md §6):
 * blocks from the newest down, each by the hash that the one above it names; receipts by the roots in the headers; the
 * state and its tree by the newest root; and the checksums of LevelDB's tables, which cover the rest. What is damaged is
 * fetched from a peer by its hash, or derived anew, and never answered meanwhile.
 */
export class Scrubber {
  readonly #options: ScrubberOptions;
  #passes = 0;
  #bytes = 0;
  readonly #found: Record<ScrubbedPart, number> = none();
  readonly #repaired: Record<ScrubbedPart, number> = none();
  /** What is damaged, by name. */
  readonly #open = new Set<string>();
  #asksAgainLeft = 0;
  #isStopped = false;
  #wake: (() => void) | undefined;
  #work: Promise<void> = Promise.resolve();

  constructor(options: ScrubberOptions) {
    this.#options = options;
  }

  get counts(): ScrubCounts {
    return {
      passes: this.#passes,
      bytes: this.#bytes,
      found: this.#found,
      repaired: this.#repaired,
      open: this.#open.size,
    };
  }

  start(): void {
    this.#work = this.#run().catch((error: unknown) => {
      if (!this.#isStopped) this.#options.onFault(error as Error);
    });
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    this.#wake?.();
    await this.#work;
  }

  async #run(): Promise<void> {
    const { clock, bytesPerSecond, pauseMs } = this.#options;
    while (!this.#isStopped) {
      let startedMs = clock.monotonicMs();
      for await (const bytes of this.#pass()) {
        this.#bytes += bytes;
        const workedMs = clock.monotonicMs() - startedMs;
        await this.#sleep(Math.max((1000 * bytes) / bytesPerSecond, workedMs / workShare));
        if (this.#isStopped) return;
        startedMs = clock.monotonicMs();
      }
      this.#passes += 1;
      await this.#sleep(pauseMs);
    }
  }

  /** Gives the bytes that were looked at, in slices of a few milliseconds. */
  async *#pass(): AsyncGenerator<number> {
    this.#asksAgainLeft = asksAgainMax;
    yield* this.#blocks();
    // Before the values, which it says something of.
    yield* this.#tree();
    yield* this.#state();
    yield* this.#cosignatures();
    yield* this.#tables();
  }

  async *#blocks(): AsyncGenerator<number> {
    const { ledger } = this.#options;
    let { height, hash } = ledger.applied;
    for (; height >= ledger.firstBlockHeight && height >= 1; height--) {
      const block = await this.#block(height, hash);
      // What is below is known by the parent's hash that it names.
      if (block === undefined) return;
      yield block.bytes.length;
      if (height > ledger.originHeight) {
        yield* this.#receipts(block);
        yield* this.#indexRecords(height);
      }
      hash = block.header.parentHash;
    }
  }

  async #block(height: number, hash: Uint8Array): Promise<OpenedBlock | undefined> {
    const { ledger, store, verify } = this.#options;
    const look = (): OpenedBlock => {
      const block = checkedBlock(store, height, hash);
      asDamage(() => checkHeaderSignature(block, ledger.ledgerId, verify));
      return block;
    };
    const name = `block ${height}`;
    const damage = damageOf(look);
    if (damage === undefined) return this.#fine(name, look());
    // Dropped meanwhile, not damaged.
    if (height < ledger.firstBlockHeight) return undefined;
    this.#note('blocks', name, damage);
    const bytes = await this.#fetch({ type: 'block', height, hash });
    if (bytes === undefined || height < ledger.firstBlockHeight) return undefined;
    await this.#write([putBlock(height, bytes)]);
    this.#mended('blocks', name);
    return look();
  }

  async #fetch(wanted: Wanted): Promise<Uint8Array | undefined> {
    for (;;) {
      const bytes = await this.#options.repairs.fetch(wanted);
      if (bytes !== undefined || this.#isStopped || this.#asksAgainLeft === 0) return bytes;
      this.#asksAgainLeft -= 1;
      await this.#sleep(askAgainMs);
    }
  }

  async *#receipts(block: OpenedBlock): AsyncGenerator<number> {
    const { ledger, store } = this.#options;
    const name = `receipts of block ${block.header.height}`;
    let damage: AssentError | undefined;
    const check = checkReceipts(store, block);
    for (let isDone = false; !isDone; ) {
      damage = damageOf(() => {
        isDone = check.next().done === true;
      });
      if (damage !== undefined) break;
      yield 0;
    }
    if (damage === undefined) {
      this.#fine(name, undefined);
      return;
    }
    this.#note('receipts', name, damage);
    const ids = block.transactionBytes.map((bytes) => new UnverifiedTransaction(bytes).id);
    if (this.#open.size < withheldBlocksMax) ledger.withhold(ids);
    try {
      await this.#write(await rederived(ledger, block));
    } catch (error) {
      if (!(error instanceof AssentError)) throw error;
      this.#options.logger.error({ code: error.code, reason: error.message }, `${name} cannot be derived anew`);
      return;
    }
    ledger.release(ids);
    this.#mended('receipts', name);
  }

  /** What the block adds to the index of transactions, where that has come so far. */
  async *#indexRecords(height: number): AsyncGenerator<number> {
    const { ledger, store, index } = this.#options;
    const { indexed, epoch } = index();
    if (indexed === undefined || height < indexed.from || height > indexed.through) return;
    const name = `index of block ${height}`;
    let records: readonly Operation[];
    try {
      const read = await readForArchive(store, height, () => this.#sleep(0));
      // Given up meanwhile.
      if (read === undefined) return;
      records = blockRecords(read.block, ledger.state);
    } catch (error) {
      // It is told of, and repaired, where it is.
      if (isDamage(error)) return;
      throw error;
    }
    yield 0;
    const wrong: Operation[] = [];
    for (const [place, record] of records.entries()) {
      if (!isStored(store, record)) wrong.push(record);
      if (place % sliceRecords === sliceRecords - 1) yield 0;
    }
    // Where it is being made anew nothing of it is read.
    if (wrong.length === 0 || index().epoch !== epoch || index().indexed === undefined) {
      this.#fine(name, undefined);
      return;
    }
    this.#note('index', name, new AssentError('storage-damaged', `${wrong.length} records are missing or others`));
    await this.#write(wrong);
    this.#mended('index', name);
  }

  async *#cosignatures(): AsyncGenerator<number> {
    const { store, cosignatures } = this.#options;
    const name = 'cosignatures';
    const wrong = (): readonly Operation[] =>
      (cosignatures()?.records ?? [])
        .map(({ key, value }): Operation => ({ type: 'put', key, value }))
        .filter((record) => !isStored(store, record));
    const damage = await this.#lookAgain(() => {
      if (wrong().length > 0)
        throw new AssentError('storage-damaged', 'a record of cosignatures is missing or another');
    });
    yield 0;
    if (damage === undefined) {
      this.#fine(name, undefined);
      return;
    }
    this.#note('cosignatures', name, damage);
    // Each was verified when it came, or when it was read at the start.
    await this.#write(wrong());
    this.#mended('cosignatures', name);
  }

  async *#state(): AsyncGenerator<number> {
    const { ledger, store } = this.#options;
    const { space } = ledger.storedTrees;
    for (let after: string | undefined; ; ) {
      const keys = await storedKeys(store, space, { after, limit: sliceKeys });
      // A snapshot was installed: this is not the state any more.
      if (ledger.storedTrees.space !== space) return;
      let bytes = 0;
      for (const { key, byteLength } of keys) {
        bytes += byteLength;
        const damage = damageOf(() => this.#demandValue(key));
        if (damage !== undefined) await this.#value(key);
      }
      yield bytes;
      after = keys.at(-1)?.key;
      if (after === undefined || keys.length < sliceKeys) return;
    }
  }

  #demandValue(key: string): void {
    const { ledger, store } = this.#options;
    const trees = ledger.storedTrees;
    if (!holdsValue(store, trees, key, storedValue(store, trees.space, key)))
      throw new AssentError('storage-damaged', 'a value of the state was changed on disk');
  }

  /** Seems damaged. */
  async #value(key: string): Promise<void> {
    const { ledger, store } = this.#options;
    const damage = await this.#lookAgain(() => this.#demandValue(key));
    // A key can say whose data it is.
    const name = 'a value of the state';
    if (damage === undefined) return;
    const trees = ledger.storedTrees;
    const height = ledger.committedHeight;
    let hash: Uint8Array | undefined;
    const unknown = damageOf(() => {
      hash = expectedValue(store, trees, key);
    });
    // It is the tree that is damaged.
    if (unknown !== undefined) return;
    this.#note('state', `${name} ${key}`, damage, name);
    if (hash === undefined) {
      // Nobody put it there.
      await this.#write([{ type: 'delete', key: putValue(trees.space, key, new Uint8Array()).key }]);
      this.#mended('state', `${name} ${key}`);
      return;
    }
    const bytes = await this.#fetch({ type: 'value', key, height, hash });
    if (bytes === undefined) return;
    const now = ledger.storedTrees;
    const expected = expectedValue(store, now, key);
    // Replaced meanwhile by a block: then it is whole already.
    if (now.space === trees.space && expected !== undefined && equalBytes(expected, hash))
      await this.#write([putValue(trees.space, key, bytes)]);
    this.#mended('state', `${name} ${key}`);
  }

  async *#tree(): AsyncGenerator<number> {
    const { ledger, store } = this.#options;
    for (let group = 0; group < pageGroups; group++) {
      let bytes = 0;
      const look = (): void => {
        bytes = checkPages(store, ledger.storedTrees, group);
      };
      const name = `pages ${group} of the tree`;
      const damage = damageOf(look) && (await this.#lookAgain(look));
      if (damage === undefined) this.#fine(name, undefined);
      else {
        this.#note('tree', name, damage);
        yield* this.#rebuild(group, name);
      }
      if (bytes > 0 || group % 64 === 0) yield bytes;
    }
  }

  /** Out of the values: the whole part of the tree that the group is in. */
  async *#rebuild(group: number, name: string): AsyncGenerator<number> {
    const { ledger, store } = this.#options;
    const { space } = ledger.storedTrees;
    const inPart: StoredLeaf[] = [];
    for (let after: string | undefined; ; ) {
      const { leaves, last } = await storedLeaves(store, space, { after, limit: sliceKeys });
      inPart.push(...leaves.filter((leaf) => isInPart(leaf, group)));
      yield 0;
      after = last;
      if (after === undefined) break;
    }
    for (let count = 0; count < looksMax; count++) {
      const trees = ledger.storedTrees;
      const operations = trees.space === space ? partFrom(trees, ledger.applied.height, group, inPart) : undefined;
      if (operations !== undefined) {
        await this.#write(operations);
        this.#mended('tree', name);
        return;
      }
      await this.#sleep(lookAgainMs);
    }
  }

  async *#tables(): AsyncGenerator<number> {
    const name = 'a table';
    try {
      yield* checkTables(this.#options.database);
      this.#open.delete(name);
    } catch (error) {
      if (!isDamage(error)) throw error;
      this.#note('tables', name, error);
    }
  }

  /** What is on its way to the disk arrives. */
  async #lookAgain(look: () => void): Promise<AssentError | undefined> {
    let damage: AssentError | undefined;
    for (let count = 0; count < looksMax && !this.#isStopped; count++) {
      damage = damageOf(look);
      if (damage === undefined) return undefined;
      await this.#sleep(lookAgainMs);
    }
    return damage;
  }

  #note(part: ScrubbedPart, name: string, { message }: AssentError, shown: string = name): void {
    if (this.#open.has(name)) return;
    this.#open.add(name);
    this.#found[part] += 1;
    this.#options.logger.error({ part, what: shown, reason: message }, 'damage was found on the disk');
  }

  #mended(part: ScrubbedPart, name: string): void {
    this.#open.delete(name);
    this.#repaired[part] += 1;
    this.#options.logger.warn({ part }, 'damage on the disk was repaired');
  }

  #fine<T>(name: string, value: T): T {
    this.#open.delete(name);
    return value;
  }

  #write(operations: readonly Operation[]): Promise<void> {
    return appended(this.#options.journal, operations);
  }

  #sleep(delayMs: number): Promise<void> {
    if (this.#isStopped) return Promise.resolve();
    return new Promise((resolve) => {
      const timer = this.#options.clock.after(delayMs, resolve);
      this.#wake = () => {
        timer.cancel();
        resolve();
      };
    });
  }
}

function none(): Record<ScrubbedPart, number> {
  return Object.fromEntries(scrubbedParts.map((part) => [part, 0])) as Record<ScrubbedPart, number>;
}

function isStored(store: Pick<Store, 'get'>, record: Operation): boolean {
  const stored = store.get(record.key);
  return record.type === 'put' && stored !== undefined && equalBytes(stored, record.value);
}

function isDamage(error: unknown): error is AssentError {
  return error instanceof AssentError && error.code === 'storage-damaged';
}

/** The damage that a look comes across. */
function damageOf(look: () => void): AssentError | undefined {
  try {
    look();
    return undefined;
  } catch (error) {
    if (isDamage(error)) return error;
    throw error;
  }
}

/** What this node wrote and does not verify any more is damaged. */
function asDamage(check: () => void): void {
  try {
    check();
  } catch (error) {
    if (!(error instanceof AssentError)) throw error;
    throw new AssentError('storage-damaged', error.message, error.data, { cause: error });
  }
}
