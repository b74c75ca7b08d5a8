import { setImmediate as turn } from 'node:timers/promises';
import { AssentError, compareBytes, equalBytes, latin1Text, messageOf, present, readUint64 } from '../../base/index.ts';
import {
  decodeReceipt,
  differenceOfApplied,
  encodeResult,
  type Ledger,
  type OpenedBlock,
  type Receipt,
  type StateView,
  type StoredSummary,
  walkStored,
} from '../../ledger/index.ts';
import {
  type Entry,
  type KeyPrefix,
  keyPrefixes,
  type Operation,
  prefixedKey,
  rangeLimitMax,
  type Store,
  type StoreSnapshot,
} from '../../storage/index.ts';
import {
  BlockGroup,
  heightOfRecord,
  type Indexed,
  isProgress,
  lastOfGroup,
  readIndexed,
} from '../query-index/index.ts';
import { type Check, storedFault } from './fault.ts';

/** What a block adds once and for ever: compared with what executing it writes. */
type AddedOnce = readonly [check: Check, what: string];

/** How each kind of entry is checked. A kind that is new has to say so here. */
const checkedAs: Readonly<Record<KeyPrefix, AddedOnce | 'state' | 'tree' | 'chain' | 'consensus' | 'start' | 'spare'>> =
  {
    transactionPlace: ['receipts', 'a receipt is missing or another'],
    blockResults: ['receipts', 'its results are missing or others'],
    stream: ['indexes', 'an entry of an index is missing or another'],
    blockHash: ['indexes', 'it is not found by its hash'],
    historyNode: ['indexes', "a node of the history's tree is missing or another"],
    stateHistory: ['past-values', 'a value that it replaced is missing or another'],
    state: 'state',
    treeNode: 'tree',
    treePart: 'tree',
    treeDelta: 'tree',
    block: 'chain',
    consensus: 'consensus',
    certificate: 'consensus',
    evidence: 'consensus',
    cosignature: 'consensus',
    peerPromise: 'consensus',
    meta: 'start',
    journal: 'start',
    // Of a snapshot that is being staged: nothing of it is read before it was proved.
    executedId: 'spare',
    otherState: 'spare',
    otherTreeNode: 'spare',
    otherTreePart: 'spare',
    otherTreeDelta: 'spare',
    otherExecutedId: 'spare',
    snapshot: 'spare',
    // Which files of the archive are this chain's: each of them proves itself.
    archiveChunk: 'spare',
    // As far as it goes: it is made beside the commits and later. The block is the first that the record is of.
    queryIndex: ['query-index', 'a record of the index of transactions is missing or another'],
  };

function addedOnce(prefix: KeyPrefix | undefined): AddedOnce | undefined {
  const how = prefix && checkedAs[prefix];
  return typeof how === 'object' ? how : undefined;
}

/** The value of the state that the blocks come to, under a key of the store. */
interface Computed {
  stored(key: Uint8Array): Uint8Array | undefined;
}

/** The block that added an entry. */
const heights: Partial<Record<KeyPrefix, (key: Uint8Array, value: Uint8Array) => number>> = {
  transactionPlace: (key, value) => decodeReceipt(key.subarray(1), value).height,
  blockResults: (key) => readUint64(key, 1),
  stream: (key) => readUint64(key, Math.max(0, key.length - 16)),
  blockHash: (_, value) => readUint64(value),
  historyNode: (key) => readUint64(key, 1),
  stateHistory: (key) => readUint64(key, key.length - 8),
};

/** What goes with the blocks that were given up. */
const prunedPrefixes: ReadonlySet<KeyPrefix> = new Set([
  'transactionPlace',
  'blockResults',
  'blockHash',
  'stateHistory',
]);

const namesByByte = new Map<number, KeyPrefix>(
  Object.entries(keyPrefixes).map(([name, byte]) => [byte, name as KeyPrefix]),
);

/** Entries that are compared at a time. */
const groupEntries = 2048;
/** Entries that one page of the whole database has. */
const pageEntries = Math.min(512, rangeLimitMax);

interface Expected {
  readonly height: number;
  readonly prefix: KeyPrefix;
  readonly key: Uint8Array;
  readonly value: Uint8Array;
}

/**
 * What a node holds beside its blocks, against what executing the blocks writes: receipts, indexes and past values one by
 * one as they come, state and tree at the end. Every entry is read in two ways, by its key and in the order of keys: they
 * go through different parts of LevelDB's files.
 */
export class StoredContent {
  readonly #store: Store;
  readonly #snapshot: StoreSnapshot;
  readonly summary: StoredSummary;
  /** What the blocks up to here have added is not compared. */
  readonly #since: number;
  #group: Expected[] = [];
  #compared: Promise<void> = Promise.resolve();
  readonly #counts = new Map<KeyPrefix, number>();
  /** Undefined where the node makes its index anew. */
  readonly #indexed: Indexed | undefined;
  /** The blocks whose records are not compared yet. */
  readonly #indexGroup = new BlockGroup();
  /** Values by key of the group after those that the index has: a crash may have left some. */
  readonly #indexAhead = new Map<string, Uint8Array>();

  private constructor(store: Store, summary: StoredSummary, indexed: Indexed | undefined, since: number) {
    this.#store = store;
    this.#since = since;
    this.#indexed = indexed;
    this.#snapshot = store.snapshot();
    this.summary = summary;
  }

  /** Reads the whole tree. The blocks above `since` will be executed. Throws `storage-damaged`. */
  static async open(store: Store, since = 0): Promise<StoredContent> {
    const indexed = await damageAsFault('query-index', () => indexedOf(store));
    const walk = walkStored(store);
    for (;;) {
      const step = walk.next();
      if (step.done === true) return new StoredContent(store, step.value, indexed, since);
      await turn();
    }
  }

  /** What a block's execution writes. A difference comes to light with a later call, or at the end. */
  take(height: number, operations: readonly Operation[]): void {
    for (const operation of operations) {
      const prefix = namesByByte.get(operation.key[0] as number);
      if (operation.type !== 'put' || prefix === undefined || addedOnce(prefix) === undefined) continue;
      if (prefix === 'stateHistory' && height <= this.summary.pastFrom) continue;
      if (this.#isLeftOut(prefix, operation.key, operation.value)) continue;
      this.#group.push({ height, prefix, key: operation.key, value: operation.value });
      this.#counts.set(prefix, (this.#counts.get(prefix) ?? 0) + 1);
    }
    if (this.#group.length >= groupEntries) this.#flush();
  }

  /** A block that was executed, with its results: compares what its group adds to the index of transactions. */
  takeIndexed(block: OpenedBlock, receipts: readonly Receipt[], state: StateView): void {
    const { height } = block.header;
    const through = this.#indexed?.through ?? 0;
    if (this.#indexed === undefined || height < this.#indexFrom || this.#indexAhead.size > 0) return;
    const group = this.#indexGroup;
    group.add({ ...block, resultBytes: receipts.map(({ result }) => encodeResult(result)) }, state);
    if (height === through && !group.isFull)
      throw storedFault('query-index', 'the index of transactions ends within a group of blocks', height);
    if (!group.isFull) return;
    const records = [...group.records()];
    if (height <= through) this.take(present(group.first, 'it has blocks'), records);
    else for (const one of records) if (one.type === 'put') this.#indexAhead.set(latin1Text(one.key), one.value);
    group.clear();
  }

  /** The first block whose records are compared: where blocks are not executed, no group that may have one of them. */
  get #indexFrom(): number {
    const from = this.#indexed?.from ?? 0;
    return from > this.#since ? from : lastOfGroup(this.#since) + 1;
  }

  /** Waits for what is being compared. Throws `verification-failed` for the first that differs. */
  async settle(): Promise<void> {
    await this.#compared;
  }

  /** At the height that the node had applied: everything that is left. */
  async finish(facts: Ledger['applied'], computed: Computed): Promise<{ readonly entries: number }> {
    this.#flush();
    await this.#compared;
    const difference = differenceOfApplied(this.#store, facts);
    if (difference !== undefined)
      throw storedFault('applied', `the record of the applied block has another ${difference}`, facts.height);
    const found = await this.#readAll(computed);
    for (const prefix of new Set([...found.keys(), ...this.#counts.keys()])) {
      const [has, should] = [found.get(prefix) ?? 0, this.#counts.get(prefix) ?? 0];
      const added = addedOnce(prefix);
      if (added !== undefined && has !== should)
        throw storedFault(added[0], `there are ${has} entries of ${prefix} instead of ${should}`);
    }
    const { space } = this.summary;
    const values = found.get(space.state) ?? 0;
    if (values !== this.summary.values)
      throw storedFault('state', `the state has ${values} values, its tree ${this.summary.values}`);
    const pages = found.get(space.treeNode) ?? 0;
    if (pages !== this.summary.pages)
      throw storedFault('tree', `there are ${pages} pages of the tree instead of ${this.summary.pages}`);
    let entries = 0;
    for (const count of found.values()) entries += count;
    return { entries };
  }

  async close(): Promise<void> {
    // What failed has been told, or is of no interest any more.
    await this.#compared.catch(() => undefined);
    await this.#snapshot.close();
  }

  #flush(): void {
    const group = this.#group;
    this.#group = [];
    this.#compared = this.#compared.then(() => this.#compare(group));
    this.#compared.catch(() => undefined);
  }

  async #compare(group: readonly Expected[]): Promise<void> {
    const values = await this.#snapshot.getMany(group.map(({ key }) => key));
    for (const [index, { height, prefix, value }] of group.entries()) {
      const stored = values[index];
      if (stored !== undefined && equalBytes(stored, value)) continue;
      const [check, what] = present(addedOnce(prefix), 'only what is added once is compared so');
      throw storedFault(check, what, height);
    }
  }

  /** Reads the whole database and says how many entries of each kind it has. */
  async #readAll(computed: Computed): Promise<ReadonlyMap<KeyPrefix, number>> {
    const found = new Map<KeyPrefix, number>();
    let from: Uint8Array = new Uint8Array();
    for (;;) {
      const page = await this.#store.range({ from, to: pastEveryKey, limit: pageEntries });
      await this.#checkByKey(page);
      for (const [key, value] of page) {
        const prefix = namesByByte.get(key[0] as number);
        if (prefix === undefined)
          throw storedFault('start', 'there is an entry of a kind that this program never writes');
        if (!this.#isLeftOut(prefix, key, value)) found.set(prefix, (found.get(prefix) ?? 0) + 1);
        if (prefix === this.summary.space.state) checkValue(key, value, computed);
      }
      const last = page.at(-1)?.[0];
      if (last === undefined || page.length < pageEntries) return found;
      if (compareBytes(last, from) < 0) throw storedFault('start', 'the keys of the database are not in order');
      from = new Uint8Array(last.length + 1);
      from.set(last);
    }
  }

  /**
   * What was added by blocks that are not executed here; and what was given up, which may still be there: the disk follows
   * in its own time.
   */
  #isLeftOut(prefix: KeyPrefix, key: Uint8Array, value: Uint8Array): boolean {
    if (prefix === 'queryIndex') return this.#isIndexLeftOut(key, value);
    const { prunedThrough } = this.summary;
    const through = prunedPrefixes.has(prefix) ? Math.max(prunedThrough, this.#since) : this.#since;
    const heightOf = heights[prefix];
    return through > 0 && heightOf !== undefined && heightOf(key, value) <= through;
  }

  /** What is no record of the index stands in its way, and counts. */
  #isIndexLeftOut(key: Uint8Array, value: Uint8Array): boolean {
    if (this.#indexed === undefined || isProgress(key)) return true;
    const { from, through } = this.#indexed;
    const height = heightOfRecord(key, value);
    if (height === undefined) return false;
    if (height <= through) return from <= this.#since && height < this.#indexFrom;
    const ahead = this.#indexAhead.get(latin1Text(key));
    return ahead !== undefined && equalBytes(ahead, value);
  }

  async #checkByKey(page: readonly Entry[]): Promise<void> {
    const values = await this.#snapshot.getMany(page.map(([key]) => key));
    for (const [index, [, value]] of page.entries()) {
      const again = values[index];
      if (again === undefined || !equalBytes(again, value))
        throw storedFault('start', 'an entry is not found by its key, or says something else then');
    }
  }
}

function checkValue(key: Uint8Array, value: Uint8Array, computed: Computed): void {
  const expected = computed.stored(key);
  if (expected === undefined) throw storedFault('state', 'there is a value that no block wrote');
  if (!equalBytes(expected, value)) throw storedFault('state', 'a value is another than the blocks come to');
}

/** How far the index goes; undefined where it is of another chain, and so made anew. Throws `storage-damaged`. */
function indexedOf(store: Store): Indexed | undefined {
  const indexed = readIndexed(store);
  const height = indexed && store.get(prefixedKey('blockHash', indexed.hash));
  return height !== undefined && readUint64(height) === indexed?.through ? indexed : undefined;
}

/** Above every prefix's byte. */
const pastEveryKey = Uint8Array.of(0xff);

/** Damage that a reader came across is a fault of what is verified. */
export async function damageAsFault<T>(check: Check, read: () => Promise<T> | T): Promise<T> {
  try {
    return await read();
  } catch (error) {
    if (!(error instanceof AssentError) || error.code !== 'storage-damaged') throw error;
    const { height } = error.data;
    throw storedFault(check, messageOf(error).replace(/\.$/, ''), typeof height === 'number' ? height : undefined);
  }
}
