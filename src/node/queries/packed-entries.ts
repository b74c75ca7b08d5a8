import { assert, putUint32, putUint64, readUint32, readUint64 } from '../../base/index.ts';

/** One entry of an index stream, and where the transaction stands that made it. */
export interface PlacedEntry {
  readonly height: number;
  readonly index: number;
  readonly entry: Uint8Array;
}

/** Before each entry: height (8 bytes), index (4), length (4). */
const headBytes = 16;

/** Entries as bytes, for passing between threads: one array is copied at once, objects are written out one by one. */
export function packEntries(entries: readonly PlacedEntry[]): Uint8Array {
  const length = entries.reduce((sum, { entry }) => sum + headBytes + entry.length, 0);
  const packed = new Uint8Array(length);
  let offset = 0;
  for (const { height, index, entry } of entries) {
    putUint64(packed, height, offset);
    putUint32(packed, index, offset + 8);
    putUint32(packed, entry.length, offset + 12);
    packed.set(entry, offset + headBytes);
    offset += headBytes + entry.length;
  }
  return packed;
}

/** Undoes {@link packEntries}. The entries are views. */
export function unpackEntries(packed: Uint8Array): PlacedEntry[] {
  const entries: PlacedEntry[] = [];
  for (let offset = 0; offset < packed.length; ) {
    const begin = offset + headBytes;
    const end = begin + readUint32(packed, offset + 12);
    assert(end <= packed.length, 'entries are packed whole');
    const [height, index] = [readUint64(packed, offset), readUint32(packed, offset + 8)];
    entries.push({ height, index, entry: packed.subarray(begin, end) });
    offset = end;
  }
  return entries;
}
