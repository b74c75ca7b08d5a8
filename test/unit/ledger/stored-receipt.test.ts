import { expect, it } from 'vitest';
import { decodeReceipt, encodeReceipt, type Receipt } from '../../../src/ledger/results.ts';

const id = Uint8Array.from({ length: 32 }, (_, index) => index);
const receipt: Receipt = {
  id,
  height: 4,
  index: 2,
  timestamp: 1_790_000_000_000,
  blockHash: new Uint8Array(32).fill(7),
  result: { ok: true, output: ['permit', 3] },
};

it('a stored receipt is read back, and under no other id', () => {
  const stored = encodeReceipt(receipt);
  expect(decodeReceipt(id, stored)).toEqual(receipt);
  expect(() => decodeReceipt(id.with(0, 9), stored)).toThrow(expect.objectContaining({ code: 'storage-damaged' }));
});

it('a stored receipt with any byte altered, or cut off, is not read', () => {
  const stored = encodeReceipt(receipt);
  for (let place = 0; place < stored.length; place++) {
    const altered = stored.with(place, (stored[place] as number) ^ 1);
    expect(() => decodeReceipt(id, altered)).toThrow(expect.objectContaining({ code: 'storage-damaged' }));
    expect(() => decodeReceipt(id, stored.subarray(0, place))).toThrow(
      expect.objectContaining({ code: 'storage-damaged' }),
    );
  }
});
