import { prefixedTextKey, type Store } from '../../storage/index.ts';
import type { StateKey } from '../types/execution.ts';

/** Bytes of keys and values in one generation. There are two. */
const generationBytesMax = 4 * 1024 * 1024;
/** What an entry costs beside its characters and bytes. */
const entryBytes = 128;

/**
 * The committed state, with what was read or written lately in memory. The same value is always the same object until it
 * changes, so that whoever decodes it can remember what it says.
 *
 * Two generations: what is used goes into the young one, and when that is full it becomes the old one, whose place it
 * takes. What was not used for a whole generation is forgotten, and a hit costs one look-up.
 */
export class StateCache {
  readonly #store: Store;
  /** Undefined: known to be absent. */
  #young = new Map<StateKey, Uint8Array | undefined>();
  #old = new Map<StateKey, Uint8Array | undefined>();
  #youngBytes = 0;

  constructor(store: Store) {
    this.#store = store;
  }

  /** Entries held, for tests of the bound. */
  get size(): number {
    return this.#young.size + this.#old.size;
  }

  get(key: StateKey): Uint8Array | undefined {
    const young = this.#young.get(key);
    if (young !== undefined || this.#young.has(key)) return young;
    const value = this.#old.has(key) ? this.#old.get(key) : this.#store.get(prefixedTextKey('state', key));
    this.#put(key, value);
    return value;
  }

  /** The changes of a block that is durable now. */
  settle(changes: ReadonlyMap<StateKey, Uint8Array | undefined>): void {
    changes.forEach((value, key) => {
      this.#put(key, value);
    });
  }

  /** The young generation hides the old one's value of the same key. */
  #put(key: StateKey, value: Uint8Array | undefined): void {
    this.#young.set(key, value);
    this.#youngBytes += key.length + (value?.length ?? 0) + entryBytes;
    if (this.#youngBytes <= generationBytesMax) return;
    this.#old = this.#young;
    this.#young = new Map();
    this.#youngBytes = 0;
  }
}
