import { crc32 } from 'node:zlib';
import { AssentError, assert, putUint32, readUint32, shortLivedBytes } from '../../base/index.ts';

/** A row: the transaction's place in the block, and the access's place in its batch, else 0. */
export interface BlockPlace {
  readonly index: number;
  readonly number: number;
}

const checksumBytes = 4;

/**
 * The rows of one block under one term: `[CRC-32 of the key and what follows, then for each run of rows of one transaction:
 * index less the one before, number, count]`, each number in seven bits a byte, the lowest first. A row is added after
 * those before it.
 */
export class Postings {
  /** Index, number and count of each run: most terms of a block have one, and a block has thousands of terms. */
  readonly #runs: number[] = [];

  add(index: number, number: number): void {
    const runs = this.#runs;
    const size = runs.length;
    if (size > 0) {
      const lastIndex = runs[size - 3] as number;
      const next = (runs[size - 2] as number) + (runs[size - 1] as number);
      assert(index >= lastIndex, 'rows are added in their order');
      if (index === lastIndex && number < next) return;
      if (index === lastIndex && number === next) {
        runs[size - 1] = (runs[size - 1] as number) + 1;
        return;
      }
    }
    runs.push(index, number, 1);
  }

  /** `key`: the one that it stands under, which the checksum covers. */
  encode(key: Uint8Array): Uint8Array {
    const runs = this.#runs;
    // Each index becomes its distance from the one before.
    const numberAt = (at: number): number =>
      (runs[at] as number) - (at % 3 === 0 && at > 0 ? (runs[at - 3] as number) : 0);
    let length = checksumBytes;
    for (let at = 0; at < runs.length; at++) length += numberBytes(numberAt(at));
    const value = shortLivedBytes(length);
    let offset = checksumBytes;
    for (let at = 0; at < runs.length; at++) offset = putNumber(value, numberAt(at), offset);
    putUint32(value, checksum(key, value.subarray(checksumBytes)), 0);
    return value;
  }
}

/** The rows in their order. Throws `storage-damaged`. */
export function decodePostings(key: Uint8Array, value: Uint8Array): BlockPlace[] {
  const runs = value.subarray(checksumBytes);
  if (value.length < checksumBytes || readUint32(value) !== checksum(key, runs))
    throw new AssentError('storage-damaged', 'a record of the index of transactions was changed on disk');
  const places: BlockPlace[] = [];
  let offset = 0;
  const next = (): number => {
    let value = 0;
    for (let unit = 1; ; unit *= 128) {
      const byte = runs[offset++] ?? 0;
      value += (byte & 0x7f) * unit;
      if (byte < 0x80) return value;
    }
  };
  for (let index = 0; offset < runs.length; ) {
    index += next();
    const number = next();
    const count = next();
    for (let place = 0; place < count; place++) places.push({ index, number: number + place });
  }
  return places;
}

export function comparePlaces(left: BlockPlace, right: BlockPlace): number {
  return left.index - right.index || left.number - right.number;
}

/** What both have. */
export function intersection(left: readonly BlockPlace[], right: readonly BlockPlace[]): BlockPlace[] {
  const both: BlockPlace[] = [];
  let at = 0;
  for (const place of left) {
    while (at < right.length && comparePlaces(right[at] as BlockPlace, place) < 0) at += 1;
    const other = right[at];
    if (other !== undefined && comparePlaces(other, place) === 0) both.push(place);
  }
  return both;
}

function numberBytes(value: number): number {
  let bytes = 1;
  for (let rest = value; rest >= 0x80; rest = Math.floor(rest / 128)) bytes += 1;
  return bytes;
}

/** Returns where the next begins. */
function putNumber(target: Uint8Array, value: number, offset: number): number {
  let at = offset;
  let rest = value;
  for (; rest >= 0x80; rest = Math.floor(rest / 128)) target[at++] = (rest & 0x7f) | 0x80;
  target[at++] = rest;
  return at;
}

function checksum(key: Uint8Array, runs: Uint8Array): number {
  return crc32(runs, crc32(key));
}
