import { AssentError, assert, concatBytes, equalBytes } from '../../base/index.ts';
import { sha256 } from '../../crypto/index.ts';

/** A row: the transaction's place in the block, and the access's place in its batch, else 0. */
export interface BlockPlace {
  readonly index: number;
  readonly number: number;
}

/** Rows of one transaction that follow one another. */
interface Run {
  readonly index: number;
  readonly number: number;
  count: number;
}

const checksumBytes = 4;

/**
 * The rows of one block under one term: `[checksum of 4 bytes, then for each run: index less the one before, number,
 * count]`, each number in seven bits a byte, the lowest first. A row is added after those before it.
 */
export class Postings {
  readonly #runs: Run[] = [];

  add(index: number, number: number): void {
    const last = this.#runs.at(-1);
    if (last?.index === index) {
      const next = last.number + last.count;
      if (number < next) return;
      if (number === next) {
        last.count += 1;
        return;
      }
    }
    assert(last === undefined || index >= last.index, 'rows are added in their order');
    this.#runs.push({ index, number, count: 1 });
  }

  /** `key`: the one that it stands under, which the checksum covers. */
  encode(key: Uint8Array): Uint8Array {
    const bytes: number[] = [];
    let before = 0;
    for (const { index, number, count } of this.#runs) {
      for (const value of [index - before, number, count]) putNumber(bytes, value);
      before = index;
    }
    const runs = Uint8Array.from(bytes);
    return concatBytes(checksum(key, runs), runs);
  }
}

/** The rows in their order. Throws `storage-damaged`. */
export function decodePostings(key: Uint8Array, value: Uint8Array): BlockPlace[] {
  const runs = value.subarray(checksumBytes);
  if (!equalBytes(value.subarray(0, checksumBytes), checksum(key, runs)))
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

function putNumber(bytes: number[], value: number): void {
  let rest = value;
  for (; rest >= 0x80; rest = Math.floor(rest / 128)) bytes.push((rest & 0x7f) | 0x80);
  bytes.push(rest);
}

function checksum(key: Uint8Array, runs: Uint8Array): Uint8Array {
  return sha256(key, runs).subarray(0, checksumBytes);
}
