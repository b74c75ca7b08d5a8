import { present } from '../../base/index.ts';
import type { StateKey } from '../../ledger/index.ts';

/** What stands under a key; undefined: nothing. */
export type KeyValue = readonly [key: StateKey, value: Uint8Array | undefined];

/** Values with their keys, for passing between threads: one array of bytes is copied at once, many one by one. */
export interface PackedValues {
  readonly keys: readonly StateKey[];
  /** Of each value; -1: there is none. */
  readonly lengths: Int32Array<ArrayBuffer>;
  /** The values one after another. */
  readonly bytes: Uint8Array<ArrayBuffer>;
}

export function packValues(entries: Iterable<KeyValue>): PackedValues {
  const keys: StateKey[] = [];
  const values: (Uint8Array | undefined)[] = [];
  let byteLength = 0;
  for (const [key, value] of entries) {
    keys.push(key);
    values.push(value);
    byteLength += value?.length ?? 0;
  }
  const bytes = new Uint8Array(byteLength);
  let offset = 0;
  for (const value of values) {
    if (value === undefined) continue;
    bytes.set(value, offset);
    offset += value.length;
  }
  return { keys, lengths: Int32Array.from(values, (value) => value?.length ?? -1), bytes };
}

/** Undoes {@link packValues}. The values are views. */
export function unpackValues({ keys, lengths, bytes }: PackedValues): KeyValue[] {
  let offset = 0;
  return keys.map((key, place): KeyValue => {
    const length = present(lengths[place], 'a length for each key');
    if (length < 0) return [key, undefined];
    const value = bytes.subarray(offset, offset + length);
    offset += length;
    return [key, value];
  });
}
