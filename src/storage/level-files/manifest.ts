import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { concatBytes } from '../../base/index.ts';
import { maskedCrc32c } from './crc32c.ts';
import { FileReader } from './reader.ts';

/** A table that belongs to the database now. */
export interface LiveTable {
  readonly number: number;
  readonly size: number;
}

const blockBytes = 32_768;
const headerBytes = 7;
const recordType = { full: 1, first: 2, middle: 3, last: 4 } as const;

/**
 * The tables that the manifest names: others are what a crash left of a table that was being written. Throws RangeError
 * for a manifest that is not readable to its end.
 */
export function liveTables(database: string): readonly LiveTable[] {
  const current = readFileSync(join(database, 'CURRENT'), 'latin1').trimEnd();
  if (!/^MANIFEST-\d+$/.test(current)) throw new RangeError('CURRENT names no manifest');
  const live = new Map<number, number>();
  for (const record of records(readFileSync(join(database, current)))) apply(record, live);
  return [...live].map(([number, size]) => ({ number, size }));
}

/** The records of a file in the format of LevelDB's logs. */
function* records(file: Uint8Array): Generator<Uint8Array> {
  let parts: Uint8Array[] = [];
  for (let at = 0; at + headerBytes <= file.length; ) {
    const left = blockBytes - (at % blockBytes);
    if (left < headerBytes) {
      at += left;
      continue;
    }
    const view = new DataView(file.buffer, file.byteOffset + at);
    const [crc, length, type] = [view.getUint32(0, true), view.getUint16(4, true), view.getUint8(6)];
    const end = at + headerBytes + length;
    if (length > left - headerBytes || end > file.length) throw new RangeError('a record is cut off');
    if (maskedCrc32c(file.subarray(at + headerBytes - 1, end)) !== crc) throw new RangeError('a checksum is wrong');
    const data = file.subarray(at + headerBytes, end);
    if (type === recordType.full || type === recordType.first) parts = [];
    parts.push(data);
    if (type === recordType.full || type === recordType.last) yield concatBytes(...parts);
    at = end;
  }
}

/** Tags of what an edit of the database's version says (LevelDB, version_edit.cc). */
const tag = {
  comparator: 1,
  logNumber: 2,
  nextFileNumber: 3,
  lastSequence: 4,
  compactPointer: 5,
  deletedFile: 6,
  newFile: 7,
  previousLogNumber: 9,
} as const;

function apply(record: Uint8Array, live: Map<number, number>): void {
  const reader = new FileReader(record);
  while (!reader.isAtEnd) {
    const kind = reader.varint();
    if (kind === tag.comparator) reader.slice();
    else if (
      kind === tag.logNumber ||
      kind === tag.nextFileNumber ||
      kind === tag.lastSequence ||
      kind === tag.previousLogNumber
    )
      reader.varint();
    else if (kind === tag.compactPointer) {
      reader.varint();
      reader.slice();
    } else if (kind === tag.deletedFile) {
      reader.varint();
      live.delete(reader.varint());
    } else if (kind === tag.newFile) {
      reader.varint();
      const number = reader.varint();
      live.set(number, reader.varint());
      reader.slice();
      reader.slice();
    } else throw new RangeError('an edit of an unknown kind');
  }
}
