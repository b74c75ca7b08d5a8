import { concatBytes, equalBytes, readUint64, uint64Bytes, utf8 } from '../../base/index.ts';
import { HASH_BYTES, sha256 } from '../../crypto/portable.ts';
import { damagedArchive } from './entry.ts';
import type { ChunkRange } from './names.ts';

/*
 * A chunk file (docs/archive.md):
 *
 *     head       104 bytes
 *     blocks     an entry each, one after another
 *     places     of each block the offset of its entry, then that of the end: 4 bytes each
 *     buckets    of each bucket of names its offset, then that of the end: 4 bytes each; then the buckets
 *     digest     SHA-256 of all that is before it
 */

/** A chunk never crosses a multiple of this height, so that whoever begins there makes the chunks that all others make. */
export const chunkGroupBlocks = 1024;
/** The block with which the entries reach this many bytes is the last of its chunk. */
export const chunkContentBytes: number = 4 * 1024 * 1024;

export const headBytes = 104;
export const offsetBytes = 4;
/** A block's hash or a transaction's id, the block's number in the chunk, the transaction's index or `blockItself`. */
export const nameBytes: number = HASH_BYTES + 4;
/** In the place of a transaction's index, of a name that is a block's hash. */
export const blockItself = 0xffff;
/** Names of a bucket, on average at most: ids are hashes and fall evenly. */
export const bucketNames = 64;
export const bucketBitsMax = 16;
export const bucketCheckBytes = 8;

const magic = 'assent-1';

export interface ChunkHead extends ChunkRange {
  readonly ledgerId: Uint8Array;
  /** Offset of the places. */
  readonly placesAt: number;
  /** Offset of the buckets' offsets. */
  readonly bucketsAt: number;
  readonly nameCount: number;
  /** There are 2^bits buckets, by the first bits of a name. */
  readonly bucketBits: number;
  /** Of the last block. */
  readonly lastHash: Uint8Array;
}

/** `magic (8) ledger id (32) first (8) last (8) placesAt (4) bucketsAt (4) nameCount (4) bucketBits (4) last hash (32)`. */
export function encodeHead(head: ChunkHead): Uint8Array {
  return concatBytes(
    utf8(magic),
    head.ledgerId,
    uint64Bytes(head.first),
    uint64Bytes(head.last),
    ...[head.placesAt, head.bucketsAt, head.nameCount, head.bucketBits].map(uint32Bytes),
    head.lastHash,
  );
}

/** The inverse, with as much checked as the head alone can tell. Throws `archive-damaged`. */
export function decodeHead(bytes: Uint8Array): ChunkHead {
  if (bytes.length < headBytes || !equalBytes(bytes.subarray(0, 8), utf8(magic)))
    throw damagedArchive('a file is no chunk of this format');
  const [placesAt, bucketsAt, nameCount, bucketBits] = [56, 60, 64, 68].map((at) => readUint32(bytes, at)) as [
    number,
    number,
    number,
    number,
  ];
  const head = {
    ledgerId: bytes.slice(8, 40),
    first: heightAt(bytes, 40),
    last: heightAt(bytes, 48),
    placesAt,
    bucketsAt,
    nameCount,
    bucketBits,
    lastHash: bytes.slice(72, 104),
  };
  const isOrdered = head.first >= 1 && head.first <= head.last && groupOf(head.first) === groupOf(head.last);
  if (!isOrdered || bucketBits > bucketBitsMax || placesAt < headBytes || bucketsAt < placesAt)
    throw damagedArchive('the head of a chunk contradicts itself');
  return head;
}

/** Whether a chunk ends with this block. */
export function isLastOfChunk(height: number, entriesBytes: number): boolean {
  return entriesBytes >= chunkContentBytes || groupOf(height + 1) !== groupOf(height);
}

/** The first height from which on a chunk begins whatever came before: the one at or above this. */
export function chunkStartFrom(height: number): number {
  return height <= 1 ? 1 : Math.ceil(height / chunkGroupBlocks) * chunkGroupBlocks;
}

function groupOf(height: number): number {
  return Math.floor(height / chunkGroupBlocks);
}

export function bucketBitsOf(nameCount: number): number {
  let bits = 0;
  while (bits < bucketBitsMax && nameCount > bucketNames * 2 ** bits) bits += 1;
  return bits;
}

/** The bucket of a name: its first bits. */
export function bucketOf(name: Uint8Array, bits: number): number {
  const [first = 0, second = 0] = name;
  return (first * 0x100 + second) >>> (16 - bits);
}

/** What ends a bucket: the first bytes of a hash over the chunk's place, the bucket's and its names. */
export function bucketCheck(first: number, bucket: number, names: Uint8Array): Uint8Array {
  return sha256(uint64Bytes(first), uint32Bytes(bucket), names).slice(0, bucketCheckBytes);
}

/** A place in a chunk; without an index that of the block itself. */
export interface NamePlace {
  readonly height: number;
  readonly index?: number;
}

/** Looks for a name in a bucket with its check. Throws `archive-damaged`. */
export function findInBucket(
  bytes: Uint8Array,
  { first, bucket }: { readonly first: number; readonly bucket: number },
  name: Uint8Array,
): NamePlace | undefined {
  const names = bytes.subarray(0, Math.max(0, bytes.length - bucketCheckBytes));
  if (names.length % nameBytes !== 0 || !equalBytes(bytes.subarray(names.length), bucketCheck(first, bucket, names)))
    throw damagedArchive(`the names in the chunk from block ${first} on are not what was written`);
  for (let at = 0; at < names.length; at += nameBytes) {
    if (!equalBytes(names.subarray(at, at + HASH_BYTES), name)) continue;
    const view = new DataView(names.buffer, names.byteOffset + at + HASH_BYTES);
    const height = first + view.getUint16(0);
    const index = view.getUint16(2);
    return index === blockItself ? { height } : { height, index };
  }
  return undefined;
}

export function uint32Bytes(value: number): Uint8Array {
  const bytes = new Uint8Array(offsetBytes);
  new DataView(bytes.buffer).setUint32(0, value);
  return bytes;
}

export function readUint32(bytes: Uint8Array, offset: number): number {
  return new DataView(bytes.buffer, bytes.byteOffset + offset, offsetBytes).getUint32(0);
}

function heightAt(bytes: Uint8Array, offset: number): number {
  try {
    return readUint64(bytes, offset);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw damagedArchive('a height is no height', error);
  }
}
