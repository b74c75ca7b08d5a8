import fc from 'fast-check';
import { expect, test } from 'vitest';
import { InvariantError, toHex, utf8 } from '../../../src/base/index.ts';
import { prefixedKey, prefixedTextKey, prefixRange, textOfKey } from '../../../src/storage/index.ts';

const hash = '00ff80'.padEnd(64, 'a');

test('a hash in a text takes its bytes and one more', () => {
  const bytes = Uint8Array.of(0, 0xff, 0x80, ...new Uint8Array(29).fill(0xaa));
  expect(prefixedTextKey('state', `consent/record/${hash}`)).toEqual(
    prefixedKey('state', utf8('consent/record/'), Uint8Array.of(0x80), bytes),
  );
  expect(prefixedTextKey('state', `a/${hash.slice(1)}/b`)).toEqual(prefixedKey('state', utf8(`a/${hash.slice(1)}/b`)));
  expect(prefixedTextKey('stream', 'governance\0', 3)).toEqual(
    prefixedKey('stream', utf8('governance\0'), new Uint8Array(3)),
  );
});

const piece = fc.oneof(
  fc.uint8Array({ minLength: 1, maxLength: 40 }).map(toHex),
  fc.uint8Array({ minLength: 32, maxLength: 32 }).map(toHex),
  fc.string({ unit: fc.integer({ min: 0, max: 0x7f }).map((code) => String.fromCharCode(code)), maxLength: 6 }),
);
const text = fc.array(piece, { maxLength: 5 }).map((pieces) => pieces.join(''));

test('every text comes back', () => {
  fc.assert(
    fc.property(text, (one) => {
      expect(textOfKey(prefixedTextKey('state', one))).toBe(one);
    }),
  );
});

test('keys of a text that ends itself are in its range, others are not', () => {
  const ended = text.map((one) => `${one.replaceAll('\0', '.')}\0`);
  fc.assert(
    fc.property(ended, ended, (one, other) => {
      const { from, to } = prefixRange('stream', prefixedTextKey('stream', one).subarray(1));
      const key = prefixedTextKey('stream', other, 16);
      expect(Buffer.compare(key, from) >= 0 && Buffer.compare(key, to) < 0).toBe(one === other);
    }),
  );
});

test('a text is ASCII', () => {
  expect(() => prefixedTextKey('state', 'consent/é')).toThrow(InvariantError);
});
