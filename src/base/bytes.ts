const hexDigits: readonly string[] = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'));
const textEncoder = new TextEncoder();
const strictDecoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

// Absent in browsers. Where it is there it makes the text in one piece; added up, each digit would be an object. The bytes
// are copied into it: V8 keeps small arrays in its heap, and moves one out of it as soon as its buffer is asked for.
const nodeScratch: Buffer | undefined = globalThis.Buffer?.allocUnsafe(1024);

/** Lower-case hexadecimal of the bytes. */
export function toHex(bytes: Uint8Array): string {
  if (nodeScratch !== undefined && bytes.length <= nodeScratch.length) {
    nodeScratch.set(bytes);
    return nodeScratch.toString('hex', 0, bytes.length);
  }
  let text = '';
  for (const byte of bytes) text += hexDigits[byte];
  return text;
}

/** Bytes of a lower-case hexadecimal text, or undefined when it is not one (odd length, upper case, other characters). */
export function fromHex(text: string): Uint8Array | undefined {
  if (text.length % 2 !== 0) return undefined;
  const bytes = new Uint8Array(text.length / 2);
  for (let index = 0; index < bytes.length; index++) {
    const high = hexValue(text.charCodeAt(index * 2));
    const low = hexValue(text.charCodeAt(index * 2 + 1));
    if (high < 0 || low < 0) return undefined;
    bytes[index] = high * 16 + low;
  }
  return bytes;
}

/** Of a digit's character code; -1 for any other character. */
function hexValue(code: number): number {
  if (code >= 0x30 && code <= 0x39) return code - 0x30;
  return code >= 0x61 && code <= 0x66 ? code - 0x57 : -1;
}

/** A byte for each character, all of which are Latin-1. */
export function latin1Bytes(text: string): Uint8Array {
  const bytes = new Uint8Array(text.length);
  putLatin1(bytes, text, 0);
  return bytes;
}

/** Writes a byte for each character at the offset, where there is room for them. */
export function putLatin1(target: Uint8Array, text: string, offset: number): void {
  for (let index = 0; index < text.length; index++) target[offset + index] = text.charCodeAt(index);
}

/** A character for each byte: a short key or hash as a text, whose order is that of the bytes. */
export function latin1Text(bytes: Uint8Array): string {
  return String.fromCharCode(...bytes);
}

export function utf8(text: string): Uint8Array {
  return textEncoder.encode(text);
}

/** Text of well-formed UTF-8. Throws TypeError on anything else. */
export function fromUtf8(bytes: Uint8Array): string {
  return strictDecoder.decode(bytes);
}

export function concatBytes(...parts: readonly Uint8Array[]): Uint8Array {
  let length = 0;
  for (const part of parts) length += part.length;
  const joined = new Uint8Array(length);
  let offset = 0;
  for (const part of parts) {
    joined.set(part, offset);
    offset += part.length;
  }
  return joined;
}

/** Equality of public bytes. For secrets use the crypto room's constant-time comparison. */
export function equalBytes(left: Uint8Array, right: Uint8Array): boolean {
  if (left.length !== right.length) return false;
  for (let index = 0; index < left.length; index++) if (left[index] !== right[index]) return false;
  return true;
}

/** Lexicographic order: negative, zero or positive. */
export function compareBytes(left: Uint8Array, right: Uint8Array): number {
  const length = Math.min(left.length, right.length);
  for (let index = 0; index < length; index++) {
    const difference = (left[index] as number) - (right[index] as number);
    if (difference !== 0) return difference;
  }
  return left.length - right.length;
}

/** Eight bytes, big-endian, of a non-negative safe integer: sorts as the number does. */
export function uint64Bytes(value: number): Uint8Array {
  const bytes = new Uint8Array(8);
  putUint64(bytes, value, 0);
  return bytes;
}

/** {@link uint64Bytes} at the offset, where there is room for them. */
export function putUint64(target: Uint8Array, value: number, offset: number): void {
  putUint32(target, Math.floor(value / 0x1_0000_0000), offset);
  putUint32(target, value >>> 0, offset + 4);
}

/** Four bytes, big-endian, of a non-negative integer below 2^32, at the offset. */
export function putUint32(target: Uint8Array, value: number, offset: number): void {
  target[offset] = value >>> 24;
  target[offset + 1] = value >>> 16;
  target[offset + 2] = value >>> 8;
  target[offset + 3] = value;
}

/** The number in eight big-endian bytes. Throws RangeError above 2^53 - 1. */
export function readUint64(bytes: Uint8Array, offset = 0): number {
  const value = readUint32(bytes, offset) * 0x1_0000_0000 + readUint32(bytes, offset + 4);
  if (!Number.isSafeInteger(value)) throw new RangeError('integer above 2^53 - 1');
  return value;
}

/** The number in four big-endian bytes. Throws RangeError where they are not there. */
export function readUint32(bytes: Uint8Array, offset = 0): number {
  if (offset + 4 > bytes.length) throw new RangeError('bytes end within a number');
  const byte = (place: number): number => bytes[offset + place] as number;
  return byte(0) * 0x100_0000 + ((byte(1) << 16) | (byte(2) << 8) | byte(3));
}
