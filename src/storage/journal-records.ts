import { hash } from 'node:crypto';
import { concatBytes, readUint64, uint64Bytes } from '../base/index.ts';
import { prefixedKey } from './key-prefixes.ts';
import type { Operation } from './store.ts';

/** The name and version of everything in a database: keys, values and their meaning. */
export const storageFormat = 'assent/1';

/** What stands in every batch about its place in the chain of batches. Digests are SHA-256. */
export interface JournalEntry {
  /** Digest of the batch before; 32 zero bytes for the first. */
  readonly previousDigest: Uint8Array;
  /** Digest of this batch's operations. */
  readonly operationsDigest: Uint8Array;
  /** Digest of the mark that this batch carries; 32 zero bytes for none. */
  readonly markDigest: Uint8Array;
  /** Bytes of this batch's keys and values: a lower bound of what it takes in LevelDB's log. */
  readonly bytes: number;
}

/** Rewritten by every batch: what the newest batch that survived says about the others. */
export interface JournalHead {
  /** Number of the batch that wrote this. */
  readonly last: number;
  /** Number of the oldest entry still kept. */
  readonly first: number;
  /** Number of the newest batch that carries a mark; 0 for none. */
  readonly lastMark: number;
  /** The mark that was durable in the mark file when this batch was written; 0 for none. */
  readonly markOnFile: number;
}

export const noDigest: Uint8Array = new Uint8Array(32);

const text = new TextEncoder();
export const formatKey: Uint8Array = prefixedKey('meta', text.encode('format'));
export const ledgerKey: Uint8Array = prefixedKey('meta', text.encode('ledger'));
export const nodeKey: Uint8Array = prefixedKey('meta', text.encode('node'));
export const headKey: Uint8Array = prefixedKey('meta', text.encode('journal'));

export function entryKey(number: number): Uint8Array {
  return prefixedKey('journal', uint64Bytes(number));
}

/** Bytes of an encoded entry. */
export const entryBytes = 104;
const headBytes = 32;

export function encodeEntry(entry: JournalEntry): Uint8Array {
  return concatBytes(entry.previousDigest, entry.operationsDigest, entry.markDigest, uint64Bytes(entry.bytes));
}

/** The entry, or undefined when the bytes are not one. */
export function decodeEntry(bytes: Uint8Array): JournalEntry | undefined {
  if (bytes.length !== entryBytes || bytes[96] !== 0 || (bytes[97] as number) > 0x1f) return undefined;
  return {
    previousDigest: bytes.subarray(0, 32),
    operationsDigest: bytes.subarray(32, 64),
    markDigest: bytes.subarray(64, 96),
    bytes: readUint64(bytes, 96),
  };
}

export function encodeHead(head: JournalHead): Uint8Array {
  return concatBytes(
    uint64Bytes(head.last),
    uint64Bytes(head.first),
    uint64Bytes(head.lastMark),
    uint64Bytes(head.markOnFile),
  );
}

/** The head, or undefined when the bytes are not one. */
export function decodeHead(bytes: Uint8Array): JournalHead | undefined {
  if (bytes.length !== headBytes) return undefined;
  for (let offset = 0; offset < headBytes; offset += 8)
    if (bytes[offset] !== 0 || (bytes[offset + 1] as number) > 0x1f) return undefined;
  const [last, first, lastMark, markOnFile] = [0, 8, 16, 24].map((offset) => readUint64(bytes, offset)) as [
    number,
    number,
    number,
    number,
  ];
  const plausible = first >= 1 && first <= last && markOnFile <= lastMark && lastMark <= last;
  return plausible ? { last, first, lastMark, markOnFile } : undefined;
}

/** What the next entry repeats as its `previousDigest`. */
export function chainDigest(number: number, encodedEntry: Uint8Array): Uint8Array {
  return sha256(concatBytes(uint64Bytes(number), encodedEntry));
}

export function sha256(bytes: Uint8Array): Uint8Array {
  return new Uint8Array(hash('sha256', bytes, 'buffer'));
}

/** Bytes of the keys and values. */
export function operationsBytes(operations: readonly Operation[]): number {
  let bytes = 0;
  for (const operation of operations)
    bytes += operation.key.length + (operation.type === 'put' ? operation.value.length : 0);
  return bytes;
}

/** Digest over each operation's type, lengths, key and value: packed first, since one call is cheaper than thousands. */
export function operationsDigest(operations: readonly Operation[], bytes: number): Uint8Array {
  const packed = Buffer.allocUnsafe(bytes + operations.length * 9);
  let offset = 0;
  for (const operation of operations) {
    const value = operation.type === 'put' ? operation.value : noBytes;
    offset = packed.writeUInt8(operation.type === 'put' ? 1 : 0, offset);
    offset = packed.writeUInt32BE(operation.key.length, offset);
    offset = packed.writeUInt32BE(value.length, offset);
    packed.set(operation.key, offset);
    offset += operation.key.length;
    packed.set(value, offset);
    offset += value.length;
  }
  return sha256(packed);
}

const noBytes = new Uint8Array(0);
