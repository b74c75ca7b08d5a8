import { utf8 } from '../../base/index.ts';
import { prefixedKey, type Store } from '../../storage/index.ts';
import type { StateKey } from '../types/execution.ts';

/** Bytes of keys and values kept in memory. */
const cacheBytesMax = 32 * 1024 * 1024;
/** What an entry costs beside its characters and bytes. */
const entryBytes = 128;

/**
 * The committed state, with what was read or written last in memory. The same value is always the same object until it
 * changes, so that whoever decodes it can remember what it says.
 */
export class StateCache {
  readonly #store: Store;
  /** Least recently used first. Undefined: known to be absent. */
  readonly #values = new Map<StateKey, Uint8Array | undefined>();
  #bytes = 0;

  constructor(store: Store) {
    this.#store = store;
  }

  /** Bytes held, as they are counted against the bound. */
  get bytes(): number {
    return this.#bytes;
  }

  get(key: StateKey): Uint8Array | undefined {
    if (this.#values.has(key)) {
      const value = this.#values.get(key);
      this.#values.delete(key);
      this.#values.set(key, value);
      return value;
    }
    const value = this.#store.get(prefixedKey('state', utf8(key)));
    this.#put(key, value);
    return value;
  }

  /** The changes of a block that is durable now. */
  settle(changes: ReadonlyMap<StateKey, Uint8Array | undefined>): void {
    for (const [key, value] of changes) {
      this.#remove(key);
      this.#put(key, value);
    }
  }

  #put(key: StateKey, value: Uint8Array | undefined): void {
    this.#values.set(key, value);
    this.#bytes += sizeOf(key, value);
    while (this.#bytes > cacheBytesMax) {
      const [oldest] = this.#values.keys();
      if (oldest === undefined) return;
      this.#remove(oldest);
    }
  }

  #remove(key: StateKey): void {
    if (!this.#values.has(key)) return;
    this.#bytes -= sizeOf(key, this.#values.get(key));
    this.#values.delete(key);
  }
}

function sizeOf(key: StateKey, value: Uint8Array | undefined): number {
  return key.length + (value?.length ?? 0) + entryBytes;
}
