import fc from 'fast-check';
import { base58btc } from 'multiformats/bases/base58';
import { expect, it } from 'vitest';
import { decodeBase58, encodeBase58 } from '../../../src/crypto/base58.ts';

const zeros = fc.nat({ max: 4 }).map((count) => new Uint8Array(count));
const bytes = fc
  .tuple(zeros, fc.uint8Array({ maxLength: 48 }))
  .map(([first, rest]) => Uint8Array.of(...first, ...rest));

it('base58 is that of multiformats, both ways', () => {
  fc.assert(
    fc.property(bytes, (value) => {
      const text = encodeBase58(value);
      expect(text).toBe(base58btc.baseEncode(value));
      expect(decodeBase58(text)).toEqual(value);
    }),
  );
});

it.each(['0', 'O', 'I', 'l', '+', ' 1', '1é'])('base58 has no %j', (text) => {
  expect(decodeBase58(text)).toBeUndefined();
});
