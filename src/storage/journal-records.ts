import { hash } from 'node:crypto';
import { assert, equalBytes, uint64Bytes } from '../base/index.ts';
import { keyPrefixes, prefixedKey } from './key-prefixes.ts';
import type { Operation } from './store.ts';

/** The name and version of everything in a database: keys, values and their meaning. */
export const storageFormat = 'assent/2';

/** What stands in every batch about its place in the chain of batches. Digests are SHA-256. */
export interface JournalEntry {
  /** Digest of the encoded entry before; 32 zero bytes for the first. */
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

/** Bytes of an encoded entry. */
export const entryBytes = 112;

export const noDigest: Uint8Array = new Uint8Array(32);

const text = new TextEncoder();
export const formatKey: Uint8Array = prefixedKey('meta', text.encode('format'));
export const ledgerKey: Uint8Array = prefixedKey('meta', text.encode('ledger'));
export const nodeKey: Uint8Array = prefixedKey('meta', text.encode('node'));
export const headKey: Uint8Array = prefixedKey('meta', text.encode('journal'));

/** Whether a key belongs to a database itself, to whom it is and to its journal, and not to what is kept in it. */
export function isOfDatabase(key: Uint8Array): boolean {
  return key[0] === keyPrefixes.journal || [formatKey, ledgerKey, nodeKey, headKey].some((own) => equalBytes(own, key));
}

export function entryKey(number: number): Uint8Array {
  return prefixedKey('journal', uint64Bytes(number));
}

const headBytes = 32;

/** Previous digest (32) · operations digest (32) · mark digest (32) · number (uint64) · bytes (uint64). */
export function encodeEntry(number: number, entry: JournalEntry): Uint8Array {
  const encoded = new Uint8Array(entryBytes);
  encoded.set(entry.previousDigest, 0);
  encoded.set(entry.operationsDigest, 32);
  encoded.set(entry.markDigest, 64);
  writeNumbers(encoded, 96, [number, entry.bytes]);
  return encoded;
}

/** The entry, or undefined when the bytes are not the one of this number. */
export function decodeEntry(number: number, encoded: Uint8Array): JournalEntry | undefined {
  if (encoded.length !== entryBytes) return undefined;
  const [ownNumber, bytes] = readNumbers(encoded, 96);
  if (ownNumber !== number || bytes === undefined) return undefined;
  return {
    previousDigest: encoded.subarray(0, 32),
    operationsDigest: encoded.subarray(32, 64),
    markDigest: encoded.subarray(64, 96),
    bytes,
  };
}

export function encodeHead(head: JournalHead): Uint8Array {
  const encoded = new Uint8Array(headBytes);
  writeNumbers(encoded, 0, [head.last, head.first, head.lastMark, head.markOnFile]);
  return encoded;
}

/** The head, or undefined when the bytes are not one. */
export function decodeHead(encoded: Uint8Array): JournalHead | undefined {
  if (encoded.length !== headBytes) return undefined;
  const [last, first, lastMark, markOnFile] = readNumbers(encoded, 0);
  if (last === undefined || first === undefined || lastMark === undefined || markOnFile === undefined) return undefined;
  const plausible = first >= 1 && first <= last && markOnFile <= lastMark && lastMark <= last;
  return plausible ? { last, first, lastMark, markOnFile } : undefined;
}

/** Writes uint64s, big-endian, from an offset on. */
function writeNumbers(target: Uint8Array, offset: number, numbers: readonly number[]): void {
  const view = new DataView(target.buffer, target.byteOffset + offset);
  for (const [index, number] of numbers.entries()) {
    view.setUint32(index * 8, Math.floor(number / 0x1_0000_0000));
    view.setUint32(index * 8 + 4, number >>> 0);
  }
}

/** The uint64s from an offset to the end; none of them when one is above 2^53 - 1, which no journal has written. */
function readNumbers(source: Uint8Array, offset: number): number[] {
  const numbers: number[] = [];
  const view = new DataView(source.buffer, source.byteOffset, source.byteLength);
  for (let at = offset; at < source.length; at += 8) {
    const number = view.getUint32(at) * 0x1_0000_0000 + view.getUint32(at + 4);
    if (!Number.isSafeInteger(number)) return [];
    numbers.push(number);
  }
  return numbers;
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

/** Operations in one piece, to be digested and repeated: type (1) · key length (uint32) · value length (uint32) · key · value. */
export function packOperations(operations: readonly Operation[], bytes: number): Uint8Array {
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
  return packed;
}

/** What {@link packOperations} packed, its digest already checked. */
export function unpackOperations(packed: Uint8Array): Operation[] {
  const view = new DataView(packed.buffer, packed.byteOffset, packed.byteLength);
  const operations: Operation[] = [];
  for (let offset = 0; offset < packed.length; ) {
    const keyEnd = offset + 9 + view.getUint32(offset + 1);
    const valueEnd = keyEnd + view.getUint32(offset + 5);
    assert(valueEnd <= packed.length, 'packed operations are whole');
    const key = packed.subarray(offset + 9, keyEnd);
    if (packed[offset] === 0) operations.push({ type: 'delete', key });
    else operations.push({ type: 'put', key, value: packed.subarray(keyEnd, valueEnd) });
    offset = valueEnd;
  }
  return operations;
}

const noBytes = new Uint8Array(0);
