import { AssentError, equalBytes, putLatin1, putUint64, readUint64, uint64Bytes } from '../../base/index.ts';
import { decodeCanonical, encodeCanonical } from '../../ledger/index.ts';
import { type KeyRange, type Operation, prefixedKey, prefixRange, type Store } from '../../storage/index.ts';
import { ownBytes } from '../replica/index.ts';
import { termBytes } from './terms.ts';

/** How the index is made. Another makes it anew: of its form, of what a transaction is found by. */
const indexVersion = 3;

/** A group of blocks never crosses a multiple of this height: a search knows how far around a height to look. */
const groupBlocksMax = 64;

const progressKey: Uint8Array = prefixedKey('queryIndex', Uint8Array.of(0));
const timePart: Uint8Array = Uint8Array.of(1);
const termPart: Uint8Array = Uint8Array.of(2);

/** The blocks that the index has on disk, without a gap. */
export interface Indexed {
  readonly from: number;
  readonly through: number;
  /** Of the newest of them. */
  readonly hash: Uint8Array;
}

/** Undefined where there is no index, or one that is made another way. Throws `storage-damaged`. */
export function readIndexed(store: Pick<Store, 'get'>): Indexed | undefined {
  const bytes = store.get(progressKey);
  if (bytes === undefined) return undefined;
  const value = ownBytes('the record of the index of transactions', () =>
    decodeCanonical(bytes, { bytesMax: 128, depthMax: 1, countMax: 8 }),
  );
  const [version, from, through, hash] = Array.isArray(value) ? value : [];
  if (version !== indexVersion) return undefined;
  if (typeof from === 'number' && typeof through === 'number' && hash instanceof Uint8Array)
    return { from, through, hash };
  throw new AssentError('storage-damaged', 'the record of the index of transactions is not readable');
}

export function putIndexed({ from, through, hash }: Indexed): Operation {
  return { type: 'put', key: progressKey, value: encodeCanonical([indexVersion, from, through, hash]) };
}

/** The index is no more: what is left of it is to be removed before another begins. */
export function deleteIndexed(): Operation {
  return { type: 'delete', key: progressKey };
}

/** Everything but how far the index goes. */
export const indexRecords: KeyRange = { from: prefixedKey('queryIndex', timePart), to: prefixRange('queryIndex').to };

export function putTime(timestamp: number, height: number): Operation {
  return { type: 'put', key: timeKey(timestamp), value: uint64Bytes(height) };
}

/** The first indexed block at this time or later. One read, however long the ledger is. */
export async function firstHeightFrom(store: Pick<Store, 'range'>, timestamp: number): Promise<number | undefined> {
  const { to } = prefixRange('queryIndex', timePart);
  const [entry] = await store.range({ from: timeKey(timestamp), to, limit: 1 });
  return entry && readUint64(entry[1]);
}

/** The lowest height at which the group of this block can begin. */
export function firstOfGroup(height: number): number {
  return height - (height % groupBlocksMax);
}

/** The highest at which it can end. */
export function lastOfGroup(height: number): number {
  return firstOfGroup(height) + groupBlocksMax - 1;
}

/** Of a term's record in a group of blocks, by the first of them; the term as {@link termKey} names it. */
export function postingsKey(term: string, first: number): Uint8Array {
  const key = prefixedKey('queryIndex', termPart, placeOfTerm);
  putLatin1(key, term, 2);
  putUint64(key, first, 2 + termBytes);
  return key;
}

/** Room for a term and a height, to be filled: a group has thousands of them. */
const placeOfTerm = new Uint8Array(termBytes + 8);

/**
 * The block that a record other than how far the index goes is of, of a group's the first; undefined where it is none of
 * the index's forms.
 */
export function heightOfRecord(key: Uint8Array, value: Uint8Array): number | undefined {
  if (key[1] === timePart[0]) return value.length === 8 ? readUint64(value) : undefined;
  return key[1] === termPart[0] && key.length > 2 + 8 ? heightOfPostings(key) : undefined;
}

/** Whether the key is that of how far the index goes. */
export function isProgress(key: Uint8Array): boolean {
  return equalBytes(key, progressKey);
}

/** The height in a key of {@link postingsKey}. */
export function heightOfPostings(key: Uint8Array): number {
  return readUint64(key, key.length - 8);
}

function timeKey(timestamp: number): Uint8Array {
  return prefixedKey('queryIndex', timePart, uint64Bytes(timestamp));
}
