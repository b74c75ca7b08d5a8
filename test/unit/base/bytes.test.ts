import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  fromHex,
  putUint32,
  readUint32,
  readUint64,
  shortLivedBytes,
  toHex,
  uint64Bytes,
} from '../../../src/base/index.ts';

describe('hexadecimal', () => {
  it('is what Node writes, of any length, and is read back', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 2100 }), (bytes) => {
        expect(toHex(bytes)).toBe(Buffer.from(bytes).toString('hex'));
        expect(fromHex(toHex(bytes))).toEqual(bytes);
      }),
    );
  });

  it.each(['0', 'AB', '0g', 'a:', '/0', '`0', '0é', ' 0', '0x'])('%j is none', (text) => {
    expect(fromHex(text)).toBeUndefined();
  });
});

describe('numbers in bytes', () => {
  it('sort as they do, and are read back', () => {
    fc.assert(
      fc.property(fc.maxSafeNat(), fc.nat(20), (value, before) => {
        const bytes = new Uint8Array(before + 8);
        bytes.set(uint64Bytes(value), before);
        expect(toHex(uint64Bytes(value))).toBe(value.toString(16).padStart(16, '0'));
        expect(readUint64(bytes, before)).toBe(value);
      }),
    );
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 0xffff_ffff }), (value) => {
        const bytes = new Uint8Array(6);
        putUint32(bytes, value, 2);
        expect(readUint32(bytes, 2)).toBe(value);
      }),
    );
  });

  it('are refused where they are too large or cut off', () => {
    expect(() => readUint64(Uint8Array.of(0, 0x20, 0, 0, 0, 0, 0, 0))).toThrow(RangeError);
    expect(() => readUint64(new Uint8Array(7))).toThrow(RangeError);
    expect(() => readUint32(new Uint8Array(8), 5)).toThrow(RangeError);
  });
});

describe('short-lived bytes', () => {
  it('are zeros of the length asked for, and nobody else’s', () => {
    const lengths = [0, 1, 64, 65, 4096, 4097, 70_000, 3, ...Array.from({ length: 200 }, (_, index) => index * 7)];
    const arrays = lengths.map((length) => shortLivedBytes(length));
    for (const [index, bytes] of arrays.entries()) {
      expect(bytes).toEqual(new Uint8Array(lengths[index] as number));
      bytes.fill(index + 1);
    }
    for (const [index, bytes] of arrays.entries()) expect(bytes.every((byte) => byte === (index + 1) % 256)).toBe(true);
  });
});
