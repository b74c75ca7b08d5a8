import { maskedCrc32c } from './crc32c.ts';
import { FileReader } from './reader.ts';

const footerBytes = 48;
const trailerBytes = 5;
const magic = 0xdb4775248b80fb57n;

interface Handle {
  readonly offset: number;
  readonly size: number;
}

/** So many bytes are checked at a stretch. */
const sliceBytes = 131_072;

/**
 * Checks every block of a table against its checksum: LevelDB itself does not when it reads, and ends the process when it
 * merges a table whose keys have lost their order. Gives now and then the
 * bytes checked since. Throws RangeError for what is wrong.
 */
export function* checkTable(file: Uint8Array): Generator<number, void> {
  if (file.length < footerBytes) throw new RangeError('it is cut off');
  const footer = file.subarray(file.length - footerBytes);
  const view = new DataView(footer.buffer, footer.byteOffset);
  if (view.getBigUint64(footerBytes - 8, true) !== magic) throw new RangeError('it is no table');
  const reader = new FileReader(footer);
  const [metaIndex, index] = [handleFrom(reader), handleFrom(reader)];
  const blocks = [metaIndex, index, ...handlesIn(block(file, metaIndex)), ...handlesIn(block(file, index))];
  let covered = footerBytes;
  let slice = footerBytes;
  for (const handle of blocks) {
    const length = block(file, handle).length + trailerBytes;
    covered += length;
    slice += length;
    if (slice < sliceBytes) continue;
    yield slice;
    slice = 0;
  }
  yield slice;
  if (covered !== file.length) throw new RangeError('its blocks are not all of it');
}

/** The content of a block, its checksum checked. */
function block(file: Uint8Array, { offset, size }: Handle): Uint8Array {
  const end = offset + size;
  if (end + trailerBytes > file.length - footerBytes) throw new RangeError('a block is out of its bounds');
  const stored = new DataView(file.buffer, file.byteOffset + end + 1, 4).getUint32(0, true);
  if (maskedCrc32c(file.subarray(offset, end + 1)) !== stored)
    throw new RangeError(`the checksum of the block at ${offset} is wrong`);
  if (file[end] !== 0) throw new RangeError('a block is compressed');
  return file.subarray(offset, end);
}

/** The blocks that an index names. Entries are (shared, unshared, value length, key's rest, value); restarts follow. */
function handlesIn(content: Uint8Array): Handle[] {
  const restarts = new DataView(content.buffer, content.byteOffset + content.length - 4, 4).getUint32(0, true);
  const reader = new FileReader(content.subarray(0, content.length - 4 * (restarts + 1)));
  const handles: Handle[] = [];
  while (!reader.isAtEnd) {
    reader.varint();
    const unshared = reader.varint();
    const valueLength = reader.varint();
    reader.take(unshared);
    handles.push(handleFrom(new FileReader(reader.take(valueLength))));
  }
  return handles;
}

function handleFrom(reader: FileReader): Handle {
  return { offset: reader.varint(), size: reader.varint() };
}
