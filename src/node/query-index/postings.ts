import { crc32 } from 'node:zlib';
import { AssentError, putUint32, readUint32, shortLivedBytes } from '../../base/index.ts';

/** A row: the transaction's place in the block, and the access's place in its batch, else 0. */
export interface BlockPlace {
  readonly index: number;
  readonly number: number;
}

/** Numbers of a run: the block's place in its group, then index, number and count of its rows. */
export const runNumbers = 4;
const checksumBytes = 4;

/**
 * The rows of a group of blocks under one term: `[CRC-32 of the key and what follows, then for each block that has some: its
 * place in the group less the one before, bytes of its runs, and for each run of rows of one transaction: index less the
 * one before in the block, number, count]`, each number in seven bits a byte, the lowest first. `key`: the one that it
 * stands under, which the checksum covers; `runs`: in the order of the rows, of which the first `count` are meant.
 */
export function encodePostings(key: Uint8Array, runs: ArrayLike<number>, count: number): Uint8Array {
  const end = runNumbers * count;
  let length = checksumBytes;
  let placeBefore = 0;
  for (let at = 0; at < end; ) {
    const place = runs[at] as number;
    const next = endOfBlock(runs, at, end);
    const bytes = bytesOfRuns(runs, at, next);
    length += numberBytes(place - placeBefore) + numberBytes(bytes) + bytes;
    placeBefore = place;
    at = next;
  }
  const value = shortLivedBytes(length);
  let offset = checksumBytes;
  placeBefore = 0;
  for (let at = 0; at < end; ) {
    const place = runs[at] as number;
    const next = endOfBlock(runs, at, end);
    offset = putNumber(value, place - placeBefore, offset);
    offset = putNumber(value, bytesOfRuns(runs, at, next), offset);
    for (let indexBefore = 0; at < next; at += runNumbers) {
      const index = runs[at + 1] as number;
      offset = putNumber(value, index - indexBefore, offset);
      offset = putNumber(value, runs[at + 2] as number, offset);
      offset = putNumber(value, runs[at + 3] as number, offset);
      indexBefore = index;
    }
    placeBefore = place;
  }
  putUint32(value, checksum(key, value.subarray(checksumBytes)), 0);
  return value;
}

/** Where the runs of the block end that begin here. */
function endOfBlock(runs: ArrayLike<number>, from: number, end: number): number {
  let at = from + runNumbers;
  while (at < end && runs[at] === runs[from]) at += runNumbers;
  return at;
}

function bytesOfRuns(runs: ArrayLike<number>, from: number, end: number): number {
  let bytes = 0;
  let indexBefore = 0;
  for (let at = from; at < end; at += runNumbers) {
    const index = runs[at + 1] as number;
    bytes +=
      numberBytes(index - indexBefore) + numberBytes(runs[at + 2] as number) + numberBytes(runs[at + 3] as number);
    indexBefore = index;
  }
  return bytes;
}

/** What {@link encodePostings} makes: which blocks of the group have rows, and each one's when they are asked for. */
export class Postings {
  /** Of each block its place in the group, and where its runs begin and end. */
  readonly #blocks: number[] = [];
  readonly #numbers: NumberReader;

  /** Throws `storage-damaged`. */
  constructor(key: Uint8Array, value: Uint8Array) {
    if (value.length < checksumBytes || readUint32(value) !== checksum(key, value.subarray(checksumBytes)))
      throw new AssentError('storage-damaged', 'a record of the index of transactions was changed on disk');
    const numbers = new NumberReader(value);
    for (let place = 0, at = checksumBytes; at < value.length; ) {
      numbers.offset = at;
      place += numbers.next();
      const bytes = numbers.next();
      at = numbers.offset + bytes;
      this.#blocks.push(place, numbers.offset, at);
    }
    this.#numbers = numbers;
  }

  /** The nearest block from this place on that has rows, itself included; undefined where there is none. */
  nearest(place: number, isDescending: boolean): number | undefined {
    const blocks = this.#blocks;
    if (isDescending) {
      for (let at = blocks.length - 3; at >= 0; at -= 3) if ((blocks[at] as number) <= place) return blocks[at];
      return undefined;
    }
    for (let at = 0; at < blocks.length; at += 3) if ((blocks[at] as number) >= place) return blocks[at];
    return undefined;
  }

  /** The rows of the block at this place, in their order. */
  rowsAt(place: number): BlockPlace[] {
    const rows: BlockPlace[] = [];
    const numbers = this.#numbers;
    for (let at = 0; at < this.#blocks.length; at += 3) {
      if (this.#blocks[at] !== place) continue;
      const end = this.#blocks[at + 2] as number;
      numbers.offset = this.#blocks[at + 1] as number;
      for (let index = 0; numbers.offset < end; ) {
        index += numbers.next();
        const number = numbers.next();
        const count = numbers.next();
        for (let row = 0; row < count; row++) rows.push({ index, number: number + row });
      }
    }
    return rows;
  }
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

class NumberReader {
  readonly #bytes: Uint8Array;
  offset = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  next(): number {
    let value = 0;
    for (let unit = 1; ; unit *= 128) {
      const byte = this.#bytes[this.offset++] ?? 0;
      value += (byte & 0x7f) * unit;
      if (byte < 0x80) return value;
    }
  }
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

function checksum(key: Uint8Array, content: Uint8Array): number {
  return crc32(content, crc32(key));
}
