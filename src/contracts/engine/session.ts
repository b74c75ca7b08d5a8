import { assert } from '../../base/index.ts';
import { type IndexEntry, ledgerLimits, type StateKey, type StateWriter } from '../ledger-types.ts';

/** What one transaction may touch. Part of the rule set: another number is another rule set. */
export interface Limits {
  /** Different keys read. */
  readonly readsMax: number;
  /** Puts and deletes. */
  readonly writesMax: number;
  /** Entries of query indexes. */
  readonly entriesMax: number;
  /** Bytes read, written and emitted, together. */
  readonly bytesMax: number;
  /** Bytes of one value: what the ledger stores at most, so that a list that grew refuses and never stops a node. */
  readonly valueBytesMax: number;
}

export const limits: Limits = {
  readsMax: 1024,
  writesMax: 1024,
  entriesMax: 512,
  bytesMax: 512 * 1024,
  valueBytesMax: ledgerLimits.stateValueBytesMax,
};

/** Ends a transaction that reached a limit; the executor turns it into a refusal. */
export class LimitReached extends Error {
  override readonly name = 'LimitReached';
}

/**
 * The state as one transaction sees it: every read is recorded, everything is counted, and what was decoded once is
 * kept. Counting depends on nothing but the transaction and the state, so every node stops at the same point.
 */
export class Session {
  readonly #state: StateWriter;
  readonly #namespace: string;
  readonly #limits: Limits;
  readonly #reads = new Map<StateKey, Uint8Array | undefined>();
  readonly #decoded = new Map<StateKey, unknown>();
  readonly #index: IndexEntry[] = [];
  #writes = 0;
  #bytes = 0;
  #writing = false;
  /** Told of every look at the state, cached ones too, while a trace is taken. */
  onRead: ((key: StateKey, present: boolean) => void) | undefined;

  constructor(state: StateWriter, namespace: string, bounds: Limits) {
    this.#state = state;
    this.#namespace = namespace;
    this.#limits = bounds;
  }

  /** Rules have permitted: from here on the transaction may write. */
  beginWrites(): void {
    this.#writing = true;
  }

  get index(): readonly IndexEntry[] {
    return this.#index;
  }

  get(key: StateKey): Uint8Array | undefined {
    if (!this.#reads.has(key)) {
      if (this.#reads.size >= this.#limits.readsMax) throw new LimitReached('reads');
      const value = this.#state.get(key);
      this.#count(key.length + (value?.length ?? 0));
      this.#reads.set(key, value);
    }
    const value = this.#reads.get(key);
    this.onRead?.(key, value !== undefined);
    return value;
  }

  /** The value under the key, decoded once per transaction. */
  getDecoded<T>(key: StateKey, decode: (stored: Uint8Array) => T): T | undefined {
    const stored = this.get(key);
    if (stored === undefined) return undefined;
    if (!this.#decoded.has(key)) this.#decoded.set(key, decode(stored));
    return this.#decoded.get(key) as T;
  }

  put(key: StateKey, value: Uint8Array): void {
    this.#write(key, value.length).put(key, value);
    this.#reads.set(key, value);
    this.#decoded.delete(key);
  }

  delete(key: StateKey): void {
    this.#write(key, 0).delete(key);
    this.#reads.set(key, undefined);
    this.#decoded.delete(key);
  }

  emit(entry: IndexEntry): void {
    if (this.#index.length === this.#limits.entriesMax) throw new LimitReached('index entries');
    this.#count(entry.stream.length + entry.entry.length);
    this.#index.push(entry);
  }

  #write(key: StateKey, length: number): StateWriter {
    assert(this.#writing, 'rules do not write');
    assert(key.startsWith(`${this.#namespace}/`), `contract ${this.#namespace} writes outside its namespace: ${key}`);
    assert(key.length <= 256, `state key longer than 256 characters: ${key}`);
    if (length > this.#limits.valueBytesMax) throw new LimitReached('value');
    if (this.#writes === this.#limits.writesMax) throw new LimitReached('writes');
    this.#writes += 1;
    this.#count(key.length + length);
    return this.#state;
  }

  #count(length: number): void {
    this.#bytes += length;
    if (this.#bytes > this.#limits.bytesMax) throw new LimitReached('bytes');
  }
}
