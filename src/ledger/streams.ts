import { compareBytes, readUint32, readUint64, uint64Bytes, utf8 } from '../base/index.ts';
import { type Entry, prefixedKey, prefixRange, type Store } from '../storage/index.ts';
import type { Origin } from './state/state-space.ts';

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

/** A page of an index stream, and a cursor where more may follow. */
export async function readStream(
  store: Store,
  name: string,
  origin: Origin,
  { after, limit, reverse = false }: StreamOptions,
): Promise<{ entries: StreamEntry[]; next?: Uint8Array }> {
  const prefix = utf8(`${name}\0`);
  // What a store kept of before a snapshot has a gap after it, and is not shown.
  const first = prefixedKey('stream', prefix, uint64Bytes(origin.height === 0 ? 0 : origin.height + 1));
  const { to: end } = prefixRange('stream', prefix);
  const prefixLength = prefixedKey('stream', prefix).length;
  const cursor = after === undefined ? undefined : prefixedKey('stream', prefix, after);
  const from = reverse || cursor === undefined || compareBytes(cursor, first) < 0 ? first : successor(cursor);
  const to = reverse && cursor !== undefined ? cursor : end;
  const rows = await store.range({ from, to, reverse, limit });
  const last = rows.at(-1);
  const entries = rows.map((row) => streamEntry(row, prefixLength));
  return rows.length < limit || last === undefined ? { entries } : { entries, next: last[0].subarray(prefixLength) };
}

function streamEntry([key, entry]: Entry, prefixLength: number): StreamEntry {
  const index = readUint32(key, prefixLength + 8);
  return { height: readUint64(key, prefixLength), index, number: readUint32(key, prefixLength + 12), entry };
}

function successor(key: Uint8Array): Uint8Array {
  const next = new Uint8Array(key.length + 1);
  next.set(key);
  return next;
}
