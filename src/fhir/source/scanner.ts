import { AssentError } from '../../base/index.ts';
import type { JsonNode, JsonObject } from './node.ts';
import { findInvalidUtf8 } from './utf8.ts';

export interface JsonLimits {
  /** The most bytes of one file. */
  readonly bytesMax: number;
  /** The deepest nesting of objects and arrays. */
  readonly depthMax: number;
}

/** Generous for health records: the deepest resources published nest some twenty levels. */
export const jsonLimits: JsonLimits = { bytesMax: 64 * 1024 * 1024, depthMax: 64 };

const quote = 0x22;
const backslash = 0x5c;
const comma = 0x2c;
const colon = 0x3a;
const minus = 0x2d;
const plus = 0x2b;
const dot = 0x2e;
const zero = 0x30;
const openBracket = 0x5b;
const closeBracket = 0x5d;
const openBrace = 0x7b;
const closeBrace = 0x7d;

/** RFC 8259 §7: what follows a backslash, except `u`. */
const escapes: ReadonlyMap<number, string> = new Map([
  [quote, '"'],
  [backslash, '\\'],
  [0x2f, '/'],
  [0x62, '\b'],
  [0x66, '\f'],
  [0x6e, '\n'],
  [0x72, '\r'],
  [0x74, '\t'],
]);

const literals = [
  ['true', true],
  ['false', false],
  ['null', null],
] as const;

const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/**
 * Reads one JSON text (RFC 8259, as I-JSON: RFC 7493) and keeps the place of every value. Stricter than JSON.parse:
 * duplicate names, invalid UTF-8, a byte order mark and unpaired surrogates are refused, since two readers could
 * disagree on them. Linear in the length of the file.
 *
 * Throws `input-invalid` with `file` and the byte `offset`.
 */
export function scanJson(bytes: Uint8Array, file: string, limits: JsonLimits = jsonLimits): JsonNode {
  return new Scanner(bytes, file, limits).scan();
}

class Scanner {
  readonly #bytes: Uint8Array;
  readonly #file: string;
  readonly #limits: JsonLimits;
  #offset = 0;

  constructor(bytes: Uint8Array, file: string, limits: JsonLimits) {
    this.#bytes = bytes;
    this.#file = file;
    this.#limits = limits;
  }

  scan(): JsonNode {
    if (this.#bytes.length > this.#limits.bytesMax) this.#refuse(`more than ${this.#limits.bytesMax} bytes`, 0);
    this.#skipSpace();
    const root = this.#value(0);
    this.#skipSpace();
    if (this.#offset < this.#bytes.length) this.#refuse('something follows the end of the JSON text');
    return root;
  }

  #value(depth: number): JsonNode {
    const first = this.#bytes[this.#offset];
    if (first === openBrace) return this.#object(depth + 1);
    if (first === openBracket) return this.#array(depth + 1);
    if (first === quote) {
      const start = this.#offset;
      const value = this.#string();
      return { type: 'string', start, end: this.#offset, value };
    }
    if (first === minus || isDigit(first)) return this.#number();
    return this.#literal();
  }

  #object(depth: number): JsonObject {
    const start = this.#open(depth);
    const members = new Map<string, JsonNode>();
    if (this.#bytes[this.#offset] !== closeBrace) {
      do {
        this.#skipSpace();
        const nameOffset = this.#offset;
        if (this.#bytes[nameOffset] !== quote) this.#refuse('a member name in double quotes is missing');
        const name = this.#string();
        // The name itself stays out of the message: in a health record it may come from anywhere.
        if (members.has(name)) this.#refuse('an object names the same member twice', nameOffset);
        this.#skipSpace();
        if (!this.#take(colon)) this.#refuse('a colon is missing');
        this.#skipSpace();
        members.set(name, this.#value(depth));
        this.#skipSpace();
      } while (this.#take(comma));
    }
    if (!this.#take(closeBrace)) this.#refuse('a comma or the end of an object is missing');
    return { type: 'object', start, end: this.#offset, members };
  }

  #array(depth: number): JsonNode {
    const start = this.#open(depth);
    const items: JsonNode[] = [];
    if (this.#bytes[this.#offset] !== closeBracket) {
      do {
        this.#skipSpace();
        items.push(this.#value(depth));
        this.#skipSpace();
      } while (this.#take(comma));
    }
    if (!this.#take(closeBracket)) this.#refuse('a comma or the end of an array is missing');
    return { type: 'array', start, end: this.#offset, items };
  }

  /** Steps past the opening character and the space behind it; answers where the element starts. */
  #open(depth: number): number {
    const start = this.#offset;
    if (depth > this.#limits.depthMax) this.#refuse(`nested deeper than ${this.#limits.depthMax} levels`);
    this.#offset += 1;
    this.#skipSpace();
    return start;
  }

  /** RFC 8259 §7. Stands on the opening quote; leaves behind the closing one. */
  #string(): string {
    const start = this.#offset;
    let text = '';
    let runStart = start + 1;
    this.#offset = runStart;
    for (;;) {
      const byte = this.#bytes[this.#offset];
      if (byte === undefined) this.#refuse('a string has no end', start);
      if (byte === quote) break;
      if (byte < 0x20) this.#refuse('a control character stands unescaped in a string');
      if (byte === backslash) {
        text += this.#decode(runStart, this.#offset);
        this.#offset += 1;
        text += this.#escape();
        runStart = this.#offset;
      } else {
        this.#offset += 1;
      }
    }
    text += this.#decode(runStart, this.#offset);
    this.#offset += 1;
    if (!text.isWellFormed()) this.#refuse('a string holds an unpaired surrogate', start);
    return text;
  }

  /** Stands behind the backslash; leaves behind the escape. */
  #escape(): string {
    const byte = this.#bytes[this.#offset];
    const simple = byte === undefined ? undefined : escapes.get(byte);
    if (simple !== undefined) {
      this.#offset += 1;
      return simple;
    }
    if (byte !== 0x75) this.#refuse('an unknown escape stands in a string');
    let unit = 0;
    for (let index = 1; index <= 4; index++) {
      const digit = hexDigit(this.#bytes[this.#offset + index]);
      if (digit === undefined) this.#refuse('four hexadecimal digits must follow \\u');
      unit = unit * 16 + digit;
    }
    this.#offset += 5;
    return String.fromCharCode(unit);
  }

  /** RFC 8259 §6. */
  #number(): JsonNode {
    const start = this.#offset;
    this.#take(minus);
    if (!this.#take(zero)) this.#digits();
    if (this.#take(dot)) this.#digits();
    const exponent = this.#bytes[this.#offset];
    if (exponent === 0x65 || exponent === 0x45) {
      this.#offset += 1;
      if (!this.#take(plus)) this.#take(minus);
      this.#digits();
    }
    return { type: 'number', start, end: this.#offset, token: this.#decode(start, this.#offset) };
  }

  #digits(): void {
    if (!isDigit(this.#bytes[this.#offset])) this.#refuse('a digit is missing in a number');
    while (isDigit(this.#bytes[this.#offset])) this.#offset += 1;
  }

  #literal(): JsonNode {
    const start = this.#offset;
    for (const [text, value] of literals) {
      if (!this.#standsHere(text)) continue;
      this.#offset += text.length;
      return { type: 'literal', start, end: this.#offset, value };
    }
    return this.#refuse('a JSON value is missing');
  }

  #standsHere(text: string): boolean {
    for (let index = 0; index < text.length; index++)
      if (this.#bytes[this.#offset + index] !== text.charCodeAt(index)) return false;
    return true;
  }

  #decode(start: number, end: number): string {
    try {
      return decoder.decode(this.#bytes.subarray(start, end));
    } catch {
      // The decoder does not say where; the slow search runs once, for the message.
      return this.#refuse('not valid UTF-8', start + (findInvalidUtf8(this.#bytes.subarray(start, end)) ?? 0));
    }
  }

  #take(byte: number): boolean {
    if (this.#bytes[this.#offset] !== byte) return false;
    this.#offset += 1;
    return true;
  }

  #skipSpace(): void {
    for (;;) {
      const byte = this.#bytes[this.#offset];
      if (byte !== 0x20 && byte !== 0x0a && byte !== 0x0d && byte !== 0x09) return;
      this.#offset += 1;
    }
  }

  #refuse(reason: string, offset: number = this.#offset): never {
    throw new AssentError('input-invalid', `${this.#file}, byte ${offset}: ${reason}.`, { file: this.#file, offset });
  }
}

function isDigit(byte: number | undefined): boolean {
  return byte !== undefined && byte >= zero && byte <= 0x39;
}

function hexDigit(byte: number | undefined): number | undefined {
  if (byte === undefined) return undefined;
  if (isDigit(byte)) return byte - zero;
  const lower = byte | 0x20;
  return lower >= 0x61 && lower <= 0x66 ? lower - 0x61 + 10 : undefined;
}
