import { compareBytes, putUint32, putUint64, readUint32, uint64Bytes } from '../base/index.ts';
import { type Entry, prefixedKey, prefixedTextKey, prefixRange, type Store } from '../storage/index.ts';
import type { Origin } from './state/state-space.ts';
import { entriesOfRecord, entriesPerRecordMax, streamPlaceBytes, streamPlaceOf } from './stream-records.ts';

/** One entry of an index stream, at its place in the chain. */
export interface StreamEntry {
  readonly height: number;
  readonly index: number;
  readonly number: number;
  readonly entry: Uint8Array;
}

export interface StreamOptions {
  /** Cursor that came with the page before. */
  readonly after?: Uint8Array;
  readonly limit: number;
  /** Newest first. */
  readonly reverse?: boolean;
}

/** What one entry takes in a record of one, about: so much is read for each that is asked for, whatever records hold. */
const bytesPerEntry = 512;

/** A page of an index stream, and a cursor where more may follow. Throws `storage-damaged`. */
export async function readStream(
  store: Store,
  name: string,
  origin: Origin,
  { after, limit, reverse = false }: StreamOptions,
): Promise<{ entries: StreamEntry[]; next?: Uint8Array }> {
  const prefix = prefixedTextKey('stream', `${name}\0`).subarray(1);
  const keyOf = (place: Uint8Array): Uint8Array => prefixedKey('stream', prefix, place);
  // What a store kept of before a snapshot has a gap after it, and is not shown.
  const first = keyOf(uint64Bytes(origin.height === 0 ? 0 : origin.height + 1));
  let { to } = prefixRange('stream', prefix);
  let from = first;
  if (after !== undefined && reverse) to = keyOf(after);
  if (after !== undefined && !reverse) from = later(first, keyOf(earliestRecordWith(after)));
  const entries: StreamEntry[] = [];
  while (entries.length < limit) {
    const bytesMax = limit * bytesPerEntry;
    const rows = await store.range({ from, to, reverse, limit, bytesMax });
    for (const row of rows) {
      const all = entriesOf(row);
      for (const entry of reverse ? all.reverse() : all) {
        const isPast = after !== undefined && compareBytes(placeBytes(entry), after) * (reverse ? -1 : 1) <= 0;
        if (!isPast && entries.length < limit) entries.push(entry);
      }
    }
    const last = rows.at(-1);
    // What is shorter than was asked for ends the stream.
    if (last === undefined || (rows.length < limit && byteLengthOf(rows) < bytesMax)) break;
    if (reverse) to = last[0];
    else from = successor(last[0]);
  }
  const last = entries.at(-1);
  return entries.length < limit || last === undefined ? { entries } : { entries, next: placeBytes(last) };
}

function byteLengthOf(rows: readonly Entry[]): number {
  return rows.reduce((sum, [key, value]) => sum + key.length + value.length, 0);
}

function entriesOf([key, value]: Entry): StreamEntry[] {
  const { height, index, number } = streamPlaceOf(key);
  return entriesOfRecord(value).map((entry, place) => ({ height, index, number: number + place, entry }));
}

/** Where the record may begin that an entry after this place is in. */
function earliestRecordWith(place: Uint8Array): Uint8Array {
  const earliest = place.slice();
  putUint32(earliest, Math.max(0, readUint32(place, 12) + 1 - entriesPerRecordMax), 12);
  return earliest;
}

function placeBytes({ height, index, number }: StreamEntry): Uint8Array {
  const place = new Uint8Array(streamPlaceBytes);
  putUint64(place, height, 0);
  putUint32(place, index, 8);
  putUint32(place, number, 12);
  return place;
}

function later(left: Uint8Array, right: Uint8Array): Uint8Array {
  return compareBytes(left, right) < 0 ? right : left;
}

function successor(key: Uint8Array): Uint8Array {
  const next = new Uint8Array(key.length + 1);
  next.set(key);
  return next;
}
