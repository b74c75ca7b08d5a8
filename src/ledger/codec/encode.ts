import { AssentError, shortLivedCopy, utf8 } from '../../base/index.ts';
import { type CanonicalValue, codecLimits, head } from './value.ts';

const SCRATCH_BYTES = 4 * 1024;
const SCRATCH_KEPT_BYTES_MAX = 1024 * 1024;
const ASCII_LOOP_LENGTH_MAX = 48;

// One buffer for all calls: encoding is synchronous and calls nobody back.
let scratch = new Uint8Array(SCRATCH_BYTES);
let view = new DataView(scratch.buffer);
let position = 0;

/**
 * The one canonical encoding of the value, in memory of its own. Throws AssentError 'encoding-invalid' for what the
 * subset cannot say (fractions, -0, lone surrogates, undefined, objects) and 'encoding-too-large' for arrays nested
 * deeper than the default limit.
 */
export function encodeCanonical(value: CanonicalValue): Uint8Array {
  position = 0;
  write(value, 0);
  const bytes = scratch.slice(0, position);
  if (scratch.length > SCRATCH_KEPT_BYTES_MAX) {
    scratch = new Uint8Array(SCRATCH_BYTES);
    view = new DataView(scratch.buffer);
  }
  return bytes;
}

/** The encodings of these elements of an array, one after the other, without its head. Throws as {@link encodeCanonical}. */
export function encodeElements(items: readonly CanonicalValue[], from = 0, to: number = items.length): Uint8Array {
  position = 0;
  for (let index = from; index < to; index++) write(items[index] as CanonicalValue, 1);
  return scratch.slice(0, position);
}

/** The head of an array of so many elements. */
export function encodeArrayHead(length: number): Uint8Array {
  position = 0;
  writeArrayHead(length);
  return scratch.slice(0, position);
}

/** Elements `from` to `to`, exclusive. */
export interface ItemRun {
  readonly from: number;
  readonly to: number;
}

/** Encoded elements: those of run n go to `ends[n]`, from where those before them end. */
export interface EncodedRuns {
  readonly bytes: Uint8Array;
  readonly ends: readonly number[];
}

/** These runs of the elements, for a short time (`shortLivedBytes`). Throws as {@link encodeCanonical}. */
export function encodeRuns(items: readonly CanonicalValue[], runs: readonly ItemRun[]): EncodedRuns {
  position = 0;
  const ends = runs.map(({ from, to }) => {
    for (let index = from; index < to; index++) write(items[index] as CanonicalValue, 1);
    return position;
  });
  return { bytes: shortLivedCopy(scratch.subarray(0, position)), ends };
}

/** Elements that stand next to one another, by where they are taken from: pieces, encoded runs, or elements. */
export interface LayerRun extends ItemRun {
  readonly layer: number;
}

/**
 * A head and what follows it: of layer 0 the next of the pieces, of layer 1 the next of the encoded runs, of layer 2 these
 * elements. The bytes are there until anything else is encoded. Throws as {@link encodeCanonical}.
 */
export function encodeLayers(
  head: Uint8Array,
  runs: readonly LayerRun[],
  pieces: readonly Uint8Array[],
  { bytes, ends }: EncodedRuns,
  items: readonly CanonicalValue[],
): Uint8Array {
  position = 0;
  let [piece, encoded, start] = [0, 0, 0];
  writeBytes(head);
  for (const { layer, from, to } of runs) {
    if (layer === 0) {
      writeBytes(pieces[piece++] as Uint8Array);
    } else if (layer === 1) {
      const end = ends[encoded++] as number;
      writePart(bytes, start, end);
      start = end;
    } else {
      for (let index = from; index < to; index++) write(items[index] as CanonicalValue, 1);
    }
  }
  return scratch.subarray(0, position);
}

function write(value: CanonicalValue, depth: number): void {
  // The longest fixed part, nine bytes, needs no further check.
  if (position + 9 > scratch.length) grow(9);
  if (typeof value === 'number') writeInteger(value);
  else if (typeof value === 'string') writeString(value);
  else if (value instanceof Uint8Array) writeBinary(value);
  else if (Array.isArray(value)) writeArray(value, depth + 1);
  else if (value === null) scratch[position++] = head.nil;
  else if (value === true) scratch[position++] = head.true;
  else if (value === false) scratch[position++] = head.false;
  else throw new AssentError('encoding-invalid', `a value of type ${typeof value} cannot be encoded`);
}

function writeInteger(value: number): void {
  if (!Number.isSafeInteger(value) || Object.is(value, -0))
    throw new AssentError('encoding-invalid', 'a number must be an integer within ±(2^53 - 1)');
  if (value >= 0) writeUnsigned(value);
  else writeNegative(value);
}

function writeUnsigned(value: number): void {
  if (value < 0x80) {
    scratch[position++] = value;
  } else if (value < 0x100) {
    scratch[position++] = head.uint8;
    scratch[position++] = value;
  } else if (value < 0x1_0000) {
    scratch[position] = head.uint16;
    view.setUint16(position + 1, value);
    position += 3;
  } else if (value < 0x1_0000_0000) {
    scratch[position] = head.uint32;
    view.setUint32(position + 1, value);
    position += 5;
  } else {
    scratch[position] = head.uint64;
    write64(value);
  }
}

function writeNegative(value: number): void {
  if (value >= -0x20) {
    scratch[position++] = value;
  } else if (value >= -0x80) {
    scratch[position++] = head.int8;
    scratch[position++] = value;
  } else if (value >= -0x8000) {
    scratch[position] = head.int16;
    view.setInt16(position + 1, value);
    position += 3;
  } else if (value >= -0x8000_0000) {
    scratch[position] = head.int32;
    view.setInt32(position + 1, value);
    position += 5;
  } else {
    scratch[position] = head.int64;
    write64(value);
  }
}

/** Two's complement of the value in the eight bytes after the head. */
function write64(value: number): void {
  view.setInt32(position + 1, Math.floor(value / 0x1_0000_0000));
  view.setUint32(position + 5, value >>> 0);
  position += 9;
}

function writeString(text: string): void {
  if (text.length <= ASCII_LOOP_LENGTH_MAX && writeShortAscii(text)) return;
  if (!text.isWellFormed()) throw new AssentError('encoding-invalid', 'a string has a lone surrogate');
  const bytes = utf8(text);
  if (bytes.length < 0x20) scratch[position++] = head.fixString | bytes.length;
  else writeLength(bytes.length, head.string8, head.string16, head.string32);
  writeBytes(bytes);
}

/** The fast way for most strings; answers false, with nothing written, when a character is not ASCII. */
function writeShortAscii(text: string): boolean {
  const headBytes = text.length < 0x20 ? 1 : 2;
  if (position + headBytes + text.length > scratch.length) grow(headBytes + text.length);
  const start = position + headBytes;
  for (let index = 0; index < text.length; index++) {
    const code = text.charCodeAt(index);
    if (code >= 0x80) return false;
    scratch[start + index] = code;
  }
  if (headBytes === 1) {
    scratch[position] = head.fixString | text.length;
  } else {
    scratch[position] = head.string8;
    scratch[position + 1] = text.length;
  }
  position = start + text.length;
  return true;
}

function writeBinary(bytes: Uint8Array): void {
  writeLength(bytes.length, head.bin8, head.bin16, head.bin32);
  writeBytes(bytes);
}

function writeArray(items: readonly CanonicalValue[], depth: number): void {
  if (depth > codecLimits.depthMax)
    throw new AssentError('encoding-too-large', `arrays are nested deeper than ${codecLimits.depthMax}`);
  writeArrayHead(items.length);
  for (const item of items) write(item, depth);
}

function writeArrayHead(length: number): void {
  if (length < 0x10) scratch[position++] = head.fixArray | length;
  else writeLength(length, undefined, head.array16, head.array32);
}

function writeLength(length: number, head8: number | undefined, head16: number, head32: number): void {
  if (length < 0x100 && head8 !== undefined) {
    scratch[position++] = head8;
    scratch[position++] = length;
  } else if (length < 0x1_0000) {
    scratch[position] = head16;
    view.setUint16(position + 1, length);
    position += 3;
  } else {
    scratch[position] = head32;
    view.setUint32(position + 1, length);
    position += 5;
  }
}

function writeBytes(bytes: Uint8Array): void {
  if (position + bytes.length > scratch.length) grow(bytes.length);
  scratch.set(bytes, position);
  position += bytes.length;
}

/** A few bytes: a view of them would take longer to make than they to copy. */
function writePart(bytes: Uint8Array, from: number, to: number): void {
  if (position + to - from > scratch.length) grow(to - from);
  const target = scratch;
  let at = position;
  for (let index = from; index < to; index++) target[at++] = bytes[index] as number;
  position = at;
}

function grow(extraBytes: number): void {
  const larger = new Uint8Array(Math.max(scratch.length * 2, position + extraBytes));
  larger.set(scratch.subarray(0, position));
  scratch = larger;
  view = new DataView(larger.buffer);
}
