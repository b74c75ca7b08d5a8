import { assert, equalBytes, readUint64, uint64Bytes, utf8 } from '../base/index.ts';
import { noDigest, sha256 } from './journal-records.ts';
import { assertMark, type Mark, markBytesMax, redoBytesMax } from './mark-file.ts';

/**
 * What one slot may take. Of it, a write covers what it needs, in whole pages of 4 KiB:
 * magic (8) · sequence (uint64) · journal number (uint64) · length of the mark (uint32) · length of the batch (uint32) ·
 * digest of the entry before (32) · digest of the batch (32) · mark · SHA-256 of all before (32) · batch · zeros.
 * Without a batch its length and both digests are zeros.
 */
export const slotBytes = 65_536;

const pageBytes = 4096;
const magic = utf8('assentm2');
const headerBytes = 96;
const checksumBytes = 32;
assert(headerBytes + markBytesMax + checksumBytes + redoBytesMax <= slotBytes, 'the largest mark fits its slot');

export interface Slot {
  /** Counts the writes of the file: the higher slot is the newer one. */
  readonly sequence: number;
  readonly mark: Mark;
}

/** Writes the slot to the beginning of `target` ({@link slotBytes}); returns the bytes to be written, whole pages. */
export function encodeSlot(slot: Slot, target: Uint8Array): Uint8Array {
  const { bytes, journalNumber, redo } = slot.mark;
  assertMark(slot.mark);
  const batchLength = redo?.operations.length ?? 0;
  const checksumOffset = headerBytes + bytes.length;
  const batchOffset = checksumOffset + checksumBytes;
  const end = batchOffset + batchLength;
  const written = target.subarray(0, Math.ceil(end / pageBytes) * pageBytes);
  written.fill(0, 32, headerBytes);
  written.fill(0, end);
  written.set(magic);
  written.set(uint64Bytes(slot.sequence), 8);
  written.set(uint64Bytes(journalNumber), 16);
  const view = new DataView(written.buffer, written.byteOffset);
  view.setUint32(24, bytes.length);
  view.setUint32(28, batchLength);
  written.set(bytes, headerBytes);
  if (redo !== undefined) {
    written.set(redo.previousDigest, 32);
    written.set(redo.digest, 64);
    written.set(redo.operations, batchOffset);
  }
  written.set(sha256(written.subarray(0, checksumOffset)), checksumOffset);
  return written;
}

/**
 * The slot; `empty` when it was never written, `damaged` when it holds anything else, such as a write that was torn
 * between its pages. A short file counts as zeros.
 */
export function decodeSlot(bytes: Uint8Array): Slot | 'empty' | 'damaged' {
  assert(bytes.length === slotBytes, 'a slot is 64 KiB');
  if (bytes.every((byte) => byte === 0)) return 'empty';
  if (!equalBytes(bytes.subarray(0, 8), magic)) return 'damaged';
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  const [length, batchLength] = [view.getUint32(24), view.getUint32(28)];
  if (length < 1 || length > markBytesMax || batchLength > redoBytesMax) return 'damaged';
  const checksumOffset = headerBytes + length;
  const batchOffset = checksumOffset + checksumBytes;
  if (!equalBytes(bytes.subarray(checksumOffset, batchOffset), sha256(bytes.subarray(0, checksumOffset))))
    return 'damaged';
  const mark = { bytes: bytes.slice(headerBytes, checksumOffset), journalNumber: readUint64(bytes, 16) };
  const sequence = readUint64(bytes, 8);
  const digest = bytes.slice(64, headerBytes);
  if (equalBytes(digest, noDigest)) return { sequence, mark };
  const operations = bytes.slice(batchOffset, batchOffset + batchLength);
  if (!equalBytes(digest, sha256(operations))) return 'damaged';
  return { sequence, mark: { ...mark, redo: { previousDigest: bytes.slice(32, 64), digest, operations } } };
}
