import { AssentError } from '../../base/index.ts';
import { prefixedKey, prefixedTextKey, type Store } from '../../storage/index.ts';
import { ledgerLimits } from '../limits.ts';
import type { Receipt } from '../results.ts';
import type { StateKey } from '../types/execution.ts';
import { readReceipt } from './receipts.ts';
import { RecentIds } from './recent-ids.ts';
import type { Origin } from './state-space.ts';

/** Bytes of one generation. There are two. */
const generationBytesMax = 15 * 1024 * 1024;
/**
 * What an entry costs beside its characters and bytes, in V8's heap and beside it: a string, a place in the map, a view, a
 * buffer and what keeps its memory (measured, rounded).
 */
const entryBytes = 600;

/** Of a block. */
export interface SettledChanges {
  readonly state: ReadonlyMap<StateKey, Uint8Array | undefined>;
  readonly receipts: readonly Receipt[];
}

/** What the tree says of the state in the store. */
export interface StateGuard {
  /** Whether nothing stands under the key, as far as that is told without a look at the store. */
  isKnownAbsent(key: StateKey): boolean;
  /** Whether this value, or that there is none, is what stands under the key. */
  isTrue(key: StateKey, value: Uint8Array | undefined): boolean;
}

/**
 * The committed state, with what was read or written lately in memory. The same value is always the same object until it
 * changes, so that whoever decodes it can remember what it says.
 *
 * Two generations: what is used goes into the young one, and when that is full it becomes the old one, whose place it
 * takes. What was not used for a whole generation is forgotten, and a hit costs one look-up.
 */
export class StateCache {
  readonly origin: Origin;
  readonly #store: Store;
  readonly #executed: RecentIds;
  /** Null: known to be absent. */
  #young = new Map<StateKey, Uint8Array | null>();
  #old = new Map<StateKey, Uint8Array | null>();
  #youngBytes = 0;
  #guard: StateGuard | undefined;

  /** `openedAfterMs` is the time of the newest block in the store, or -Infinity before the first. */
  constructor(store: Store, origin: Origin, openedAfterMs: number) {
    this.origin = origin;
    this.#store = store;
    this.#executed = new RecentIds(ledgerLimits.validityWindowMs, openedAfterMs);
  }

  /** Entries held, for tests of the bound. */
  get size(): number {
    return this.#young.size + this.#old.size;
  }

  get(key: StateKey): Uint8Array | undefined {
    let value = this.#young.get(key);
    if (value === undefined) {
      value = this.#old.get(key);
      if (value === undefined) value = this.#read(key) ?? null;
      this.#put(key, value, undefined);
    }
    return value ?? undefined;
  }

  /** What is read from the store is held against the tree from now on: it never answers what is not in force. */
  guard(guard: StateGuard): void {
    this.#guard = guard;
  }

  /**
   * LevelDB looks for what is not there in every level, and has the tables rewritten sooner in which it was looked for in
   * vain: such a read costs ten times what it seems to.
   */
  #read(key: StateKey): Uint8Array | undefined {
    if (this.#guard?.isKnownAbsent(key)) return undefined;
    const value = this.#store.get(prefixedTextKey(this.origin.space.state, key));
    if (this.#guard?.isTrue(key, value) === false)
      throw new AssentError('storage-damaged', 'a value of the state is missing or was changed on disk', { key });
    return value;
  }

  /** Where the chain up to the newest durable block has executed the transaction. */
  receipt({ id, validUntil }: { readonly id: Uint8Array; readonly validUntil: number }): Receipt | undefined {
    return this.#executed.mayHave(id, validUntil) ? readReceipt(this.#store, id) : undefined;
  }

  /** Whether that chain has executed it; of what came before a snapshot there is no receipt. */
  hasExecuted(transaction: { readonly id: Uint8Array; readonly validUntil: number }): boolean {
    const { id, validUntil } = transaction;
    if (!this.#executed.mayHave(id, validUntil)) return false;
    if (readReceipt(this.#store, id) !== undefined) return true;
    const { space, height } = this.origin;
    return height > 0 && this.#store.get(prefixedKey(space.executedId, id)) !== undefined;
  }

  /** The changes of a block that is durable now. */
  settle({ state: changes, receipts }: SettledChanges, timestampMs: number): void {
    this.#executed.add(receipts, timestampMs);
    changes.forEach((value, key) => {
      this.#put(key, value ?? null, this.#young.get(key));
    });
  }

  /** The young generation hides the old one's value of the same key. `before`: what it says of the key itself. */
  #put(key: StateKey, value: Uint8Array | null, before: Uint8Array | null | undefined): void {
    this.#young.set(key, value);
    this.#youngBytes += value?.length ?? 0;
    if (before === undefined) this.#youngBytes += key.length + entryBytes;
    else this.#youngBytes -= before?.length ?? 0;
    if (this.#youngBytes <= generationBytesMax) return;
    this.#old = this.#young;
    this.#young = new Map();
    this.#youngBytes = 0;
  }
}
