import { hash } from 'node:crypto';
import { assert, equalBytes, readUint64, uint64Bytes, utf8 } from '../base/index.ts';
import { type Mark, markBytesMax } from './mark-file.ts';

/**
 * One slot, 4 KiB, the unit that disks write:
 * magic (8) · sequence (uint64) · journal number (uint64) · length (uint32) · mark · zeros · SHA-256 of all before (32).
 */
export const slotBytes = 4096;

const magic = utf8('assentm1');
const headerBytes = 28;
const checksumOffset = slotBytes - 32;
assert(headerBytes + markBytesMax <= checksumOffset, 'the largest mark fits between header and checksum');

export interface Slot {
  /** Counts the writes of the file: the higher slot is the newer one. */
  readonly sequence: number;
  readonly mark: Mark;
}

export function encodeSlot(slot: Slot): Uint8Array {
  const { bytes, journalNumber } = slot.mark;
  assert(bytes.length >= 1 && bytes.length <= markBytesMax, 'a mark fits its slot');
  const encoded = new Uint8Array(slotBytes);
  encoded.set(magic);
  encoded.set(uint64Bytes(slot.sequence), 8);
  encoded.set(uint64Bytes(journalNumber), 16);
  new DataView(encoded.buffer).setUint32(24, bytes.length);
  encoded.set(bytes, headerBytes);
  encoded.set(checksum(encoded), checksumOffset);
  return encoded;
}

/** The slot; `empty` when it was never written, `damaged` when it holds anything else. A short file counts as zeros. */
export function decodeSlot(bytes: Uint8Array): Slot | 'empty' | 'damaged' {
  assert(bytes.length === slotBytes, 'a slot is 4 KiB');
  if (bytes.every((byte) => byte === 0)) return 'empty';
  // Every byte is under the checksum, so what follows it is what was written.
  if (!equalBytes(bytes.subarray(checksumOffset), checksum(bytes))) return 'damaged';
  if (!equalBytes(bytes.subarray(0, 8), magic)) return 'damaged';
  const length = new DataView(bytes.buffer, bytes.byteOffset).getUint32(24);
  if (length < 1 || length > markBytesMax) return 'damaged';
  return {
    sequence: readUint64(bytes, 8),
    mark: { bytes: bytes.slice(headerBytes, headerBytes + length), journalNumber: readUint64(bytes, 16) },
  };
}

function checksum(slot: Uint8Array): Uint8Array {
  return hash('sha256', slot.subarray(0, checksumOffset), 'buffer');
}
