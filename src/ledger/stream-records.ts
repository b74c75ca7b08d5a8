import { AssentError, assert, putUint32, putUint64, readUint32, readUint64, shortLivedBytes } from '../base/index.ts';
import { type Operation, prefixedTextKey } from '../storage/index.ts';
import type { IndexEntry } from './types/execution.ts';

/*
 * Entries of an index stream as they stand in the store. What one transaction adds to one stream at a stretch is one
 * record, since a batch of accesses to one subject's data is many entries that differ in little:
 *
 *   key    stream ‖ 0x00 ‖ height (8) ‖ transaction's index (4) ‖ number of the first entry (4)
 *   value  count (1) ‖ first entry, where there is no other
 *          count (1) ‖ length (2) ‖ first entry ‖ each other
 *   other  0x00 ‖ length (2) ‖ entry, or the number of its changes (1) ‖ changes:
 *          it is the entry before, but for these
 *   change bytes that are passed over (2) ‖ length (2) ‖ bytes
 */

/** In one record: as many as a page has, about. A reader that wants one has to open all before it. */
export const entriesPerRecordMax = 64;
/** Longer entries are records of their own: what is shared is small then, and two bytes tell a length. */
const sharedBytesMax = 2048;
/** Equal bytes between two changes that are too few to be worth a second one. */
const gapMax = 4;
const changesMax = 255;

/** Height, transaction's index, entry's number. */
export const streamPlaceBytes = 16;

export interface StreamPlace {
  readonly height: number;
  readonly index: number;
  readonly number: number;
}

/** What ends a key. */
export function streamPlaceOf(key: Uint8Array): StreamPlace {
  const at = key.length - streamPlaceBytes;
  return { height: readUint64(key, at), index: readUint32(key, at + 8), number: readUint32(key, at + 12) };
}

/** A record on its way to the store. */
export interface StreamRecord {
  readonly stream: string;
  /** Of its first entry. */
  readonly number: number;
  readonly value: Uint8Array;
}

/** What a transaction adds to index streams. */
export function streamRecords(entries: readonly IndexEntry[]): StreamRecord[] {
  const records: StreamRecord[] = [];
  for (let from = 0; from < entries.length; ) {
    const first = entries[from] as IndexEntry;
    let to = from + 1;
    while (to < entries.length && to - from < entriesPerRecordMax && joins(first, entries[to] as IndexEntry)) to += 1;
    const value = to === from + 1 ? encodeOne(first.entry) : encodeRun(entries, from, to);
    records.push({ stream: first.stream, number: from, value });
    from = to;
  }
  return records;
}

export function putStreamRecord({ stream, number, value }: StreamRecord, height: number, index: number): Operation {
  return { type: 'put', key: streamKey(stream, height, index, number), value };
}

/** The entries of a record, in their order; one that is alone is a view. Throws `storage-damaged`. */
export function entriesOfRecord(value: Uint8Array): Uint8Array[] {
  const [count = 0] = value;
  if (count === 1) return [value.subarray(1)];
  const input = new RecordBytes(value);
  const entries = [input.whole()];
  while (entries.length < count) {
    const before = entries.at(-1) as Uint8Array;
    const changes = input.byte();
    entries.push(changes === 0 ? input.whole() : input.changed(before, changes));
  }
  input.end();
  return entries;
}

function joins(first: IndexEntry, { stream, entry }: IndexEntry): boolean {
  return stream === first.stream && first.entry.length <= sharedBytesMax && entry.length <= sharedBytesMax;
}

function streamKey(stream: string, height: number, index: number, number: number): Uint8Array {
  const key = prefixedTextKey('stream', stream, 1 + streamPlaceBytes);
  const place = key.length - streamPlaceBytes;
  putUint64(key, height, place);
  putUint32(key, index, place + 8);
  putUint32(key, number, place + 12);
  return key;
}

function encodeOne(entry: Uint8Array): Uint8Array {
  const value = shortLivedBytes(1 + entry.length);
  value[0] = 1;
  value.set(entry, 1);
  return value;
}

/** Holds the longest record: no change is longer than the entry that it stands for. */
const scratch: Uint8Array = new Uint8Array(1 + entriesPerRecordMax * (3 + sharedBytesMax));

function encodeRun(entries: readonly IndexEntry[], from: number, to: number): Uint8Array {
  scratch[0] = to - from;
  let before = (entries[from] as IndexEntry).entry;
  let length = putWhole(before, 1);
  for (let number = from + 1; number < to; number++) {
    const { entry } = entries[number] as IndexEntry;
    length = putChanged(before, entry, length) ?? putLiteral(entry, length);
    before = entry;
  }
  const value = shortLivedBytes(length);
  value.set(scratch.subarray(0, length));
  return value;
}

function putWhole(entry: Uint8Array, at: number): number {
  putUint16(entry.length, at);
  scratch.set(entry, at + 2);
  return at + 2 + entry.length;
}

function putLiteral(entry: Uint8Array, at: number): number {
  scratch[at] = 0;
  return putWhole(entry, at + 1);
}

/** Undefined where the entry as it is takes no more. */
function putChanged(before: Uint8Array, entry: Uint8Array, start: number): number | undefined {
  const size = entry.length;
  if (before.length !== size) return undefined;
  let at = start + 1;
  let changes = 0;
  let after = 0;
  for (let from = 0; from < size; from++) {
    if (before[from] === entry[from]) continue;
    let to = from + 1;
    for (let equal = 0, next = to; next < size && equal <= gapMax; next++) {
      equal = before[next] === entry[next] ? equal + 1 : 0;
      if (equal === 0) to = next + 1;
    }
    if (changes === changesMax || at - start + 4 + to - from > size) return undefined;
    putUint16(from - after, at);
    putUint16(to - from, at + 2);
    at += 4;
    for (let place = from; place < to; place++) scratch[at++] = entry[place] as number;
    changes += 1;
    after = to;
    from = to;
  }
  // The same entry once more has no change to tell of.
  if (changes === 0) return undefined;
  scratch[start] = changes;
  return at;
}

function putUint16(value: number, at: number): void {
  assert(value <= 0xffff, 'what is shared is short');
  scratch[at] = value >>> 8;
  scratch[at + 1] = value & 0xff;
}

/** Reads a record that a disk may have altered. */
class RecordBytes {
  readonly #bytes: Uint8Array;
  #at = 1;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  byte(): number {
    return this.take(1)[0] as number;
  }

  length(): number {
    return (this.byte() << 8) | this.byte();
  }

  /** A copy: who is handed one of a record's entries does not hold all of it. */
  whole(): Uint8Array {
    return this.take(this.length()).slice();
  }

  take(length: number): Uint8Array {
    const taken = this.#bytes.subarray(this.#at, this.#at + length);
    if (taken.length < length) throw damaged();
    this.#at += length;
    return taken;
  }

  changed(before: Uint8Array, changes: number): Uint8Array {
    const entry = before.slice();
    let at = 0;
    for (let count = 0; count < changes; count++) {
      at += this.length();
      const bytes = this.take(this.length());
      if (at + bytes.length > entry.length) throw damaged();
      entry.set(bytes, at);
      at += bytes.length;
    }
    return entry;
  }

  end(): void {
    if (this.#at !== this.#bytes.length) throw damaged();
  }
}

function damaged(): AssentError {
  return new AssentError('storage-damaged', 'a stored record of an index stream is not readable');
}
