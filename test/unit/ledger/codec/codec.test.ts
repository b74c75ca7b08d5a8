import fc from 'fast-check';
import { Unpackr } from 'msgpackr';
import { describe, expect, it } from 'vitest';
import { AssentError, fromHex, present, toHex } from '../../../../src/base/index.ts';
import {
  type CanonicalValue,
  codecLimits,
  decodeCanonical,
  encodeCanonical,
} from '../../../../src/ledger/codec/index.ts';

const bytes = (hex: string): Uint8Array => present(fromHex(hex), 'a literal in hexadecimal');

/** Integers around every boundary between two forms, and any other safe one. */
const integer = fc.oneof(
  fc.maxSafeInteger(),
  fc
    .tuple(fc.constantFrom(0, 5, 7, 8, 15, 16, 31, 32, 53), fc.integer({ min: -2, max: 2 }), fc.boolean())
    .map(([exponent, offset, negative]) => (negative ? -(2 ** exponent) - offset : 2 ** exponent + offset))
    .filter((value) => Number.isSafeInteger(value))
    .map((value) => value + 0),
);

const text = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 300 }),
  fc.string({ unit: 'grapheme-ascii', maxLength: 60 }),
  fc.string({ unit: 'binary', maxLength: 80 }).map((tail) => `\ufeff${tail}`),
);

const value: fc.Arbitrary<CanonicalValue> = fc.letrec<{ value: CanonicalValue }>((tie) => ({
  value: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    fc.constant(null),
    fc.boolean(),
    integer,
    text,
    fc.uint8Array({ maxLength: 300 }),
    fc.array(tie('value'), { maxLength: 20 }),
  ),
})).value;

function codeOf(action: () => unknown): string {
  try {
    action();
  } catch (error) {
    if (error instanceof AssentError) return error.code;
    throw error;
  }
  return 'accepted';
}

describe('canonical encoding', () => {
  it('round-trips every value', () => {
    fc.assert(
      fc.property(value, (original) => {
        expect(decodeCanonical(encodeCanonical(original))).toEqual(original);
      }),
      { numRuns: 2_000 },
    );
  });

  it('writes MessagePack that another implementation reads as the same value', () => {
    const reader = new Unpackr({ useRecords: false, int64AsType: 'number' });
    fc.assert(
      fc.property(value, (original) => {
        // msgpackr without its native part drops a leading byte order mark.
        fc.pre(!JSON.stringify(original).includes('\ufeff'));
        expect(reader.unpack(encodeCanonical(original))).toEqual(original);
      }),
    );
  });

  it.each([
    ['nil', null, 'c0'],
    ['largest fixint', 127, '7f'],
    ['smallest uint8', 128, 'cc80'],
    ['smallest uint16', 256, 'cd0100'],
    ['smallest uint32', 65_536, 'ce00010000'],
    ['smallest uint64', 2 ** 32, 'cf0000000100000000'],
    ['largest integer', Number.MAX_SAFE_INTEGER, 'cf001fffffffffffff'],
    ['smallest fixint', -32, 'e0'],
    ['largest int8', -33, 'd0df'],
    ['largest int16', -129, 'd1ff7f'],
    ['largest int32', -32_769, 'd2ffff7fff'],
    ['largest int64', -(2 ** 31) - 1, 'd3ffffffff7fffffff'],
    ['smallest integer', Number.MIN_SAFE_INTEGER, 'd3ffe0000000000001'],
    ['text', 'é', 'a2c3a9'],
    ['bytes', Uint8Array.of(1, 2), 'c4020102'],
    ['array', [1, [true, false]], '920192c3c2'],
  ] as const)('writes the shortest form: %s', (_name, original, hex) => {
    expect(toHex(encodeCanonical(original))).toBe(hex);
    expect(decodeCanonical(bytes(hex))).toEqual(original);
  });

  it('chooses the form of a length by its bytes', () => {
    for (const length of [31, 32, 255, 256, 65_535, 65_536]) {
      const content = [new Uint8Array(length), 'a'.repeat(length), new Array<null>(length).fill(null)];
      const encoded = encodeCanonical(content);
      expect(decodeCanonical(encoded, { bytesMax: 1_000_000, depthMax: 2, countMax: 100_000 })).toEqual(content);
    }
    expect(encodeCanonical('é'.repeat(16)).subarray(0, 2)).toEqual(Uint8Array.of(0xd9, 32));
  });

  it.each([
    ['a fraction', 0.5],
    ['minus zero', -0],
    ['an integer beyond 2^53 - 1', 2 ** 53],
    ['not a number', Number.NaN],
    ['a lone surrogate', 'a\ud800'],
    ['undefined', undefined],
    ['an object', { a: 1 }],
    ['a bigint', 1n],
  ])('refuses to encode %s', (_name, original) => {
    expect(codeOf(() => encodeCanonical(original as CanonicalValue))).toBe('encoding-invalid');
  });

  it('refuses to encode endless nesting', () => {
    const endless: CanonicalValue[] = [];
    endless.push(endless);
    expect(codeOf(() => encodeCanonical(endless))).toBe('encoding-too-large');
  });

  it('is whole where short strings lie across the ends of the growing buffer', () => {
    for (const length of [30, 41, 47]) {
      const content = new Array<string>(50_000).fill('x'.repeat(length));
      const limits = { bytesMax: 3_000_000, depthMax: 1, countMax: 100_000 };
      expect(decodeCanonical(encodeCanonical(content), limits)).toEqual(content);
    }
  });

  it('hands out memory of its own', () => {
    const first = encodeCanonical('first');
    encodeCanonical('other');
    expect(decodeCanonical(first)).toBe('first');
    expect(first.buffer.byteLength).toBe(first.length);
  });
});

describe('the byte walker', () => {
  it('either refuses random bytes or they are the one encoding of what it reads', () => {
    // Mostly heads and short lengths, so that many inputs are accepted.
    const byte = fc.oneof(
      fc.integer({ min: 0, max: 255 }),
      fc.constantFrom(0x91, 0x92, 0xa1, 0xc4, 0xcc, 0xd9, 0, 1, 2),
    );
    let accepted = 0;
    fc.assert(
      fc.property(fc.array(byte, { maxLength: 24 }), (list) => {
        const input = Uint8Array.from(list);
        const code = codeOf(() => {
          expect(toHex(encodeCanonical(decodeCanonical(input)))).toBe(toHex(input));
        });
        if (code === 'accepted') accepted += 1;
        expect(['accepted', 'encoding-invalid', 'encoding-too-large']).toContain(code);
      }),
      { numRuns: 20_000 },
    );
    expect(accepted).toBeGreaterThan(100);
  });

  it('refuses every single-byte change, or reads another value from it', () => {
    fc.assert(
      fc.property(value, fc.nat(), fc.integer({ min: 1, max: 255 }), (original, place, mask) => {
        const input = encodeCanonical(original);
        const index = place % input.length;
        input[index] = (input[index] as number) ^ mask;
        const code = codeOf(() => {
          expect(toHex(encodeCanonical(decodeCanonical(input)))).toBe(toHex(input));
        });
        expect(['accepted', 'encoding-invalid', 'encoding-too-large']).toContain(code);
      }),
    );
  });

  it('checks what it does not keep as what it keeps', () => {
    const keptBelow = (content: CanonicalValue, depth: number): CanonicalValue => {
      if (!Array.isArray(content)) return content;
      return depth === 0 ? [] : content.map((item) => keptBelow(item, depth - 1));
    };
    const said = (input: Uint8Array, keptDepth?: number): unknown => {
      try {
        const limits = { ...codecLimits, depthMax: 5, countMax: 60 };
        const decoded = decodeCanonical(input, keptDepth === undefined ? limits : { ...limits, keptDepth });
        return keptDepth === undefined ? { decoded } : { decoded: keptBelow(decoded, keptDepth) };
      } catch (error) {
        if (error instanceof AssentError) return [error.code, error.message, error.data];
        throw error;
      }
    };
    fc.assert(
      fc.property(
        value,
        fc.nat(),
        fc.integer({ min: 0, max: 255 }),
        fc.nat({ max: 4 }),
        (original, place, mask, depth) => {
          const input = encodeCanonical(original);
          const index = place % input.length;
          input[index] = (input[index] as number) ^ mask;
          const whole = said(input);
          const { decoded } = whole as { readonly decoded?: CanonicalValue };
          expect(said(input, depth)).toEqual(decoded === undefined ? whole : { decoded: keptBelow(decoded, depth) });
        },
      ),
      { numRuns: 3_000 },
    );
  });

  it.each([
    ['nothing', ''],
    ['bytes after the value', 'c0c0'],
    ['a map', '80'],
    ['a float', 'cb3ff0000000000000'],
    ['an extension (a date)', 'd6ff00000000'],
    ['the unused head', 'c1'],
    ['a long form of a short number', 'cc7f'],
    ['a uint64 that fits 32 bits', 'cf00000000ffffffff'],
    ['a positive int64', 'd30000000100000000'],
    ['a long form of a short negative number', 'd0e0'],
    ['an integer beyond 2^53 - 1', 'cf0020000000000000'],
    ['an integer below -(2^53 - 1)', 'd3ffe0000000000000'],
    ['a long form of a short string', 'd90161'],
    ['a long form of short bytes', 'c5000101'],
    ['a long form of a short array', 'dc0001c0'],
    ['a cut string', 'a261'],
    ['a cut number', 'cd01'],
    ['a cut array', '92c0'],
    ['bytes longer than the input', 'c6ffffffff'],
    ['a lone continuation byte', 'a180'],
    ['overlong UTF-8', 'a2c0af'],
    ['a surrogate in UTF-8', 'a3eda080'],
    ['a code point above U+10FFFF', 'a4f4908080'],
  ])('refuses %s', (_name, hex) => {
    expect(codeOf(() => decodeCanonical(bytes(hex)))).toBe('encoding-invalid');
  });

  it('names the place of the fault', () => {
    expect(() => decodeCanonical(bytes('92c0c1'))).toThrow(
      expect.objectContaining({ code: 'encoding-invalid', data: { offset: 2 } }),
    );
  });

  it('keeps its limits on bytes, depth and count, each to the last value', () => {
    const limits = { bytesMax: 8, depthMax: 2, countMax: 4 };
    const code = (hex: string): string => codeOf(() => decodeCanonical(bytes(hex), limits));
    expect(code('c406000000000000')).toBe('accepted');
    expect(code('c40700000000000000')).toBe('encoding-too-large');
    expect(code('9190')).toBe('accepted');
    expect(code('919190')).toBe('encoding-too-large');
    expect(code('93c0c0c0')).toBe('accepted');
    expect(code('94c0c0c0c0')).toBe('encoding-too-large');
    expect(code('9292c0c0c0')).toBe('encoding-too-large');
  });

  it('takes no memory and no stack for lengths that are only claimed', () => {
    expect(codeOf(() => decodeCanonical(bytes('ddffffffff')))).toBe('encoding-too-large');
    expect(codeOf(() => decodeCanonical(bytes('dd0000ffff')))).toBe('encoding-invalid');
    expect(codeOf(() => decodeCanonical(new Uint8Array(codecLimits.bytesMax).fill(0x91)))).toBe('encoding-too-large');
  });

  it('answers byte strings as plain views of the input', () => {
    const input = Buffer.from('c4020102', 'hex');
    const content = decodeCanonical(input) as Uint8Array;
    expect(Object.getPrototypeOf(content)).toBe(Uint8Array.prototype);
    expect(content.buffer).toBe(input.buffer);
  });
});
