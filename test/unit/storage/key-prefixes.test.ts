import fc from 'fast-check';
import { expect, test } from 'vitest';
import { compareBytes, equalBytes, uint64Bytes } from '../../../src/base/index.ts';
import { type KeyPrefix, keyPrefixes, prefixedKey, prefixRange } from '../../../src/storage/index.ts';

// A database written today is read by every later version: lines may be added here, never changed.
test('every name keeps its byte', () => {
  expect(keyPrefixes).toEqual({
    meta: 1,
    journal: 2,
    block: 3,
    state: 4,
    treeNode: 5,
    transactionPlace: 6,
    stream: 7,
    blockHash: 8,
    consensus: 9,
    certificate: 10,
    evidence: 11,
    peerPromise: 12,
    treePart: 13,
    treeDelta: 14,
    executedId: 15,
    otherState: 16,
    otherTreeNode: 17,
    otherTreePart: 18,
    otherTreeDelta: 19,
    otherExecutedId: 20,
    snapshot: 21,
    stateHistory: 22,
    historyNode: 23,
    archiveChunk: 24,
    queryIndex: 25,
    cosignature: 26,
    blockResults: 27,
  });
});

test('no byte is given out twice, and none is 0xff, past which no range could end', () => {
  const bytes = Object.values(keyPrefixes);
  expect(new Set(bytes).size).toBe(bytes.length);
  expect(bytes.every((byte) => byte >= 1 && byte < 0xff)).toBe(true);
});

test('a key is the byte and the parts', () => {
  expect(prefixedKey('block', uint64Bytes(258))).toEqual(Uint8Array.of(3, 0, 0, 0, 0, 0, 0, 1, 2));
  expect(prefixedKey('meta')).toEqual(Uint8Array.of(1));
});

test('a range holds exactly the keys that begin with its parts', () => {
  const part = fc.uint8Array({ maxLength: 4 }).chain((bytes) =>
    // 0xff at the end is where successors go wrong.
    fc.constantFrom(bytes, Uint8Array.of(...bytes, 0xff), Uint8Array.of(...bytes, 0xff, 0xff)),
  );
  const prefix = fc.constantFrom(...(Object.keys(keyPrefixes) as KeyPrefix[]));
  fc.assert(
    fc.property(prefix, part, prefix, part, part, (name, parts, otherName, first, second) => {
      const { from, to } = prefixRange(name, parts);
      const key = prefixedKey(otherName, first, second);
      const begins = equalBytes(key.subarray(0, from.length), prefixedKey(name, parts));
      expect(compareBytes(key, from) >= 0 && compareBytes(key, to) < 0).toBe(begins);
    }),
    { numRuns: 2000 },
  );
});
