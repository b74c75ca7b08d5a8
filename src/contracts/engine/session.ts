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

/**
 * Of a kind that is a batch of up to a thousand entries, each about somebody else: for one entry as much of each as it
 * takes with fifteen consents of a person. Reading and writing all that keeps a node busy for a tenth of a second.
 */
export const largeLimits: Limits = {
  readsMax: 20_000,
  writesMax: 4096,
  entriesMax: 1000,
  bytesMax: 16 * 1024 * 1024,
  valueBytesMax: limits.valueBytesMax,
};

/** Ends a transaction that reached a limit; the executor turns it into a refusal. */
export class LimitReached extends Error {
  override readonly name = 'LimitReached';
}

/**
 * The state as one transaction sees it: every read is recorded, and everything is counted. Counting depends on nothing but
 * the transaction and the state, so every node stops at the same point.
 */
export class Session {
  readonly #state: StateWriter;
  readonly #namespace: string;
  readonly #limits: Limits;
  /** By every key that was read or written, what is there now; null: nothing. */
  readonly #seen = new Map<StateKey, Uint8Array | null>();
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
    let stored = this.#seen.get(key);
    if (stored === undefined) {
      if (this.#seen.size >= this.#limits.readsMax) throw new LimitReached('reads');
      stored = this.#state.get(key) ?? null;
      this.#count(key.length + (stored?.length ?? 0));
      this.#seen.set(key, stored);
    }
    this.onRead?.(key, stored !== null);
    return stored ?? undefined;
  }

  put(key: StateKey, value: Uint8Array): void {
    this.#write(key, value.length).put(key, value);
    this.#seen.set(key, value);
  }

  delete(key: StateKey): void {
    this.#write(key, 0).delete(key);
    this.#seen.set(key, null);
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
