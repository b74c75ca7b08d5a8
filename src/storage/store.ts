import type { KeyRange } from './key-prefixes.ts';

/** One change of a batch. Keys and values are opaque bytes; keys sort lexicographically. */
export type Operation =
  | { readonly type: 'put'; readonly key: Uint8Array; readonly value: Uint8Array }
  | { readonly type: 'delete'; readonly key: Uint8Array };

/** The most entries of one page. */
export const rangeLimitMax = 10_000;

export interface RangeOptions {
  /** First key, inclusive. */
  readonly from: Uint8Array;
  /** Past the last key, exclusive. */
  readonly to: Uint8Array;
  readonly reverse?: boolean;
  /** The most entries returned; 1 to 10,000. */
  readonly limit: number;
  /** Of keys and values: no further entry is returned once the page has so many. */
  readonly bytesMax?: number;
}

export type Entry = readonly [key: Uint8Array, value: Uint8Array];

/**
 * What a store held at one moment, whatever is written after it: every write whose `done` was called by then, and each
 * that was in flight whole or not at all. It holds back the disk space of what is overwritten meanwhile: to be closed
 * soon.
 */
export interface StoreSnapshot {
  /** The value, or undefined. */
  get(key: Uint8Array): Uint8Array | undefined;
  /** Values in the order of their keys, at most 10,000, read beside the calling thread. */
  getMany(keys: readonly Uint8Array[]): Promise<(Uint8Array | undefined)[]>;
  /** A bounded page of keys, in key order, without their values. */
  keys(options: RangeOptions): Promise<Uint8Array[]>;
  close(): Promise<void>;
}

/**
 * An ordered key-value store whose writes are atomic and durable.
 *
 * Reads see a write once its `done` was called, and never part of one. Completions come in the order of the calls, never
 * within the call. After a failed write those that wait end with the same error and every later `write` throws it, until
 * the process restarts (protocol.md §5, "order of effects"): a disk that refused once may have lost what it said it kept.
 */
export interface Store {
  /** The value, or undefined. Synchronous: execution reads through it. */
  get(key: Uint8Array): Uint8Array | undefined;
  /** A bounded page of entries in key order. */
  range(options: RangeOptions): Promise<Entry[]>;
  /** What is stored now, to be read while writes go on. */
  snapshot(): StoreSnapshot;
  /**
   * Writes all or nothing and syncs before `done`. The operations' bytes may not change until then. Throws `overloaded`,
   * with nothing written, when too much is waiting.
   */
  write(operations: readonly Operation[], done: (error?: Error) => void): void;
  /** Gives back the room of what was deleted in a range, beside the calling thread. It changes nothing that is read. */
  compact(range: KeyRange): Promise<void>;
  close(): Promise<void>;
}
