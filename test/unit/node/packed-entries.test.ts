import { describe, expect, it } from 'vitest';
import { packEntries, unpackEntries } from '../../../src/node/queries/packed-entries.ts';

describe('packed entries', () => {
  it('are those that were packed, with their places', () => {
    const entries = [
      { height: 1, index: 0, entry: Uint8Array.of(1, 2, 3) },
      { height: Number.MAX_SAFE_INTEGER, index: 0xffff_ffff, entry: new Uint8Array(0) },
      { height: 2 ** 40, index: 999, entry: new Uint8Array(70_000).fill(7) },
    ];
    expect(unpackEntries(packEntries(entries))).toEqual(entries);
    expect(unpackEntries(packEntries([]))).toEqual([]);
  });

  it('that were cut are none', () => {
    const packed = packEntries([{ height: 1, index: 0, entry: Uint8Array.of(1, 2, 3) }]);
    expect(() => unpackEntries(packed.subarray(0, -1))).toThrow('packed whole');
  });
});
