import { AssentError, fromUtf8 } from '../../base/index.ts';
import { type CanonicalValue, type CodecLimits, codecLimits, head } from './value.ts';

const ASCII_LOOP_LENGTH_MAX = 48;

/**
 * The value of canonical bytes. Byte strings are views of `bytes`, not copies. Throws AssentError 'encoding-invalid'
 * unless these very bytes are the canonical encoding of a value, and 'encoding-too-large' beyond a limit; both with
 * the offset in `data`.
 */
export function decodeCanonical(bytes: Uint8Array, limits: CodecLimits = codecLimits): CanonicalValue {
  if (bytes.length > limits.bytesMax)
    throw new AssentError('encoding-too-large', `more than ${limits.bytesMax} bytes`, { offset: limits.bytesMax });
  const reader = new Reader(bytes, limits);
  const value = reader.value(0);
  reader.end();
  return value;
}

/** Throws as {@link decodeCanonical} does. */
export function checkCanonical(bytes: Uint8Array, limits: CodecLimits = codecLimits): void {
  decodeCanonical(bytes, limits);
}

/** Walks the bytes once and checks each before it is believed. */
class Reader {
  readonly #bytes: Uint8Array;
  readonly #depthMax: number;
  readonly #keptDepth: number;
  #countLeft: number;
  #position = 0;

  constructor(bytes: Uint8Array, limits: CodecLimits) {
    // A plain view, so that byte strings come out as Uint8Array also where a Buffer goes in.
    this.#bytes =
      bytes.constructor === Uint8Array ? bytes : new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#depthMax = limits.depthMax;
    this.#keptDepth = limits.keptDepth ?? limits.depthMax;
    this.#countLeft = limits.countMax;
  }

  value(depth: number): CanonicalValue {
    if (this.#countLeft === 0) throw this.#tooLarge('too many values');
    this.#countLeft -= 1;
    const first = this.#bytes[this.#position];
    if (first === undefined) throw this.#endsEarly();
    if (first < 0x80) {
      this.#position += 1;
      return first;
    }
    if (first >= head.negativeFixInt) {
      this.#position += 1;
      return first - 0x100;
    }
    if (first >= head.fixString && first < head.nil) {
      this.#position += 1;
      return this.#string(first - head.fixString);
    }
    if (first >= head.fixArray && first < head.fixString) {
      this.#position += 1;
      return this.#array(first - head.fixArray, depth + 1);
    }
    return this.#longForm(first, depth);
  }

  /** Refuses bytes after the value. */
  end(): void {
    if (this.#position !== this.#bytes.length) throw this.#invalid('bytes follow the value');
  }

  /** Forms with a head byte of their own. Each bound is the largest number that a shorter form can hold. */
  #longForm(first: number, depth: number): CanonicalValue {
    switch (first) {
      case head.nil:
        this.#position += 1;
        return null;
      case head.false:
        this.#position += 1;
        return false;
      case head.true:
        this.#position += 1;
        return true;
      case head.bin8:
        return this.#binary(this.#unsigned(1, -1), depth);
      case head.bin16:
        return this.#binary(this.#unsigned(2, 0xff), depth);
      case head.bin32:
        return this.#binary(this.#unsigned(4, 0xffff), depth);
      case head.uint8:
        return this.#unsigned(1, 0x7f);
      case head.uint16:
        return this.#unsigned(2, 0xff);
      case head.uint32:
        return this.#unsigned(4, 0xffff);
      case head.uint64:
        return this.#unsigned64();
      case head.int8:
        return this.#negative(1, -0x20);
      case head.int16:
        return this.#negative(2, -0x80);
      case head.int32:
        return this.#negative(4, -0x8000);
      case head.int64:
        return this.#negative(8, -0x8000_0000);
      case head.string8:
        return this.#string(this.#unsigned(1, 0x1f));
      case head.string16:
        return this.#string(this.#unsigned(2, 0xff));
      case head.string32:
        return this.#string(this.#unsigned(4, 0xffff));
      case head.array16:
        return this.#array(this.#unsigned(2, 0x0f), depth + 1);
      case head.array32:
        return this.#array(this.#unsigned(4, 0xffff), depth + 1);
      default:
        throw this.#invalid('a form outside the subset');
    }
  }

  #unsigned(width: 1 | 2 | 4, shorterMax: number): number {
    return this.#longerThan(shorterMax, this.#bytesAt(this.#pass(width, this.#position + 1), width));
  }

  #unsigned64(): number {
    const at = this.#pass(8, this.#position + 1);
    const value = this.#bytesAt(at, 4) * 0x1_0000_0000 + this.#bytesAt(at + 4, 4);
    return this.#longerThan(0xffff_ffff, this.#safe(value));
  }

  #negative(width: 1 | 2 | 4 | 8, shorterMin: number): number {
    const at = this.#pass(width, this.#position + 1);
    let value: number;
    if (width === 1) value = (this.#bytesAt(at, 1) << 24) >> 24;
    else if (width === 2) value = (this.#bytesAt(at, 2) << 16) >> 16;
    else if (width === 4) value = this.#bytesAt(at, 4) | 0;
    else value = this.#safe((this.#bytesAt(at, 4) | 0) * 0x1_0000_0000 + this.#bytesAt(at + 4, 4));
    return -this.#longerThan(-shorterMin, -value);
  }

  /** Big-endian, unsigned. What a view would do, without making one for each value that is decoded. */
  #bytesAt(at: number, width: 1 | 2 | 4): number {
    let value = 0;
    for (let index = at; index < at + width; index++) value = value * 0x100 + (this.#bytes[index] as number);
    return value;
  }

  #longerThan(shorterMax: number, value: number): number {
    if (value <= shorterMax) throw this.#invalid('a number or length not in its shortest form');
    return value;
  }

  #safe(value: number): number {
    if (!Number.isSafeInteger(value)) throw this.#invalid('an integer beyond ±(2^53 - 1)');
    return value;
  }

  #binary(lengthBytes: number, depth: number): CanonicalValue {
    const start = this.#pass(lengthBytes);
    return depth > this.#keptDepth ? null : this.#bytes.subarray(start, this.#position);
  }

  /** Moves past so many bytes; answers where they begin. */
  #pass(lengthBytes: number, start = this.#position): number {
    if (lengthBytes > this.#bytes.length - start) throw this.#endsEarly();
    this.#position = start + lengthBytes;
    return start;
  }

  #string(lengthBytes: number): string {
    return this.#shortAscii(lengthBytes) ?? this.#utf8(lengthBytes);
  }

  /** The fast way for most strings; undefined, with nothing read, when it is long, cut or not ASCII. */
  #shortAscii(lengthBytes: number): string | undefined {
    if (lengthBytes > ASCII_LOOP_LENGTH_MAX) return undefined;
    if (lengthBytes > this.#bytes.length - this.#position) return undefined;
    const end = this.#position + lengthBytes;
    let at = this.#position;
    let text = '';
    let bits = 0;
    // Four at a time: each piece that is added up is an object.
    for (; at + 4 <= end; at += 4) {
      const [first, second] = [this.#bytes[at] as number, this.#bytes[at + 1] as number];
      const [third, fourth] = [this.#bytes[at + 2] as number, this.#bytes[at + 3] as number];
      bits |= first | second | third | fourth;
      text += String.fromCharCode(first, second, third, fourth);
    }
    for (; at < end; at++) {
      bits |= this.#bytes[at] as number;
      text += String.fromCharCode(this.#bytes[at] as number);
    }
    if (bits >= 0x80) return undefined;
    this.#position += lengthBytes;
    return text;
  }

  #utf8(lengthBytes: number): string {
    const start = this.#pass(lengthBytes);
    try {
      return fromUtf8(this.#bytes.subarray(start, this.#position));
    } catch (cause) {
      throw new AssentError('encoding-invalid', 'a string is not UTF-8', { offset: start }, { cause });
    }
  }

  #array(length: number, depth: number): CanonicalValue[] {
    if (depth > this.#depthMax) throw this.#tooLarge('arrays nested too deeply');
    if (length > this.#countLeft) throw this.#tooLarge('too many values');
    // Every element takes a byte at least: a length beyond that is refused before memory is taken for it.
    if (length > this.#bytes.length - this.#position) throw this.#endsEarly();
    const isKept = depth <= this.#keptDepth;
    const items = new Array<CanonicalValue>(isKept ? length : 0);
    for (let index = 0; index < length; index++) {
      const item = this.value(depth);
      if (isKept) items[index] = item;
    }
    return items;
  }

  #endsEarly(): AssentError {
    return this.#invalid('the bytes end too early');
  }

  #invalid(what: string): AssentError {
    return new AssentError('encoding-invalid', what, { offset: this.#position });
  }

  #tooLarge(what: string): AssentError {
    return new AssentError('encoding-too-large', what, { offset: this.#position });
  }
}
