import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { present, utf8 } from '../../../src/base/index.ts';
import {
  consistencyPath,
  inclusionPath,
  leafHash,
  MerkleFrontier,
  merkleRoot,
  sha256,
  verifyConsistency,
  verifyInclusion,
} from '../../../src/crypto/index.ts';
import {
  hasHistoryNodes,
  historyBeginning,
  historyConsistency,
  historyOperations,
  historyPath,
} from '../../../src/ledger/history.ts';
import { MemoryStore, type Operation } from '../../../src/storage/index.ts';

const hashes = Array.from({ length: 80 }, (_, height) => sha256(utf8(`block ${height}`)));
const leaves = hashes.map((hash) => leafHash(hash));

/** A store that has the nodes of blocks from `from` on, begun with what it takes of those before. */
async function storeFrom(from: number): Promise<MemoryStore> {
  const store = new MemoryStore();
  const frontier = MerkleFrontier.empty();
  const operations: Operation[] = [];
  for (const [height, hash] of hashes.entries()) {
    if (height === from && from > 0) operations.push(...historyBeginning(frontier));
    if (height >= from) operations.push(...historyOperations(height, frontier, hash));
    frontier.append(leafHash(hash));
  }
  await new Promise<void>((resolve, reject) =>
    store.write(operations, (error) => (error === undefined ? resolve() : reject(error))),
  );
  return store;
}

const pair = fc
  .integer({ min: 1, max: hashes.length })
  .chain((above) => fc.tuple(fc.nat({ max: above - 1 }), fc.constant(above)));

describe('the nodes of the history', () => {
  it('give the paths of every block in every later one, and of consistency', async () => {
    const store = await storeFrom(0);
    fc.assert(
      fc.property(pair, ([height, above]) => {
        const tree = leaves.slice(0, above);
        const path = historyPath(store, height, above);
        expect(path).toEqual(inclusionPath(tree, height));
        const leaf = present(leaves[height], 'a leaf');
        expect(verifyInclusion({ leafHash: leaf, index: height, size: above, path, root: merkleRoot(tree) })).toBe(
          true,
        );
        const [size1, size2] = [height + 1, above];
        const consistency = historyConsistency(store, size1, size2);
        expect(consistency).toEqual(consistencyPath(tree, size1));
        const root1 = merkleRoot(leaves.slice(0, size1));
        expect(verifyConsistency({ size1, root1, size2, root2: merkleRoot(tree), path: consistency })).toBe(true);
      }),
    );
  });

  it('that begin later prove all blocks from there on, and say of the others that they are not kept', async () => {
    for (const from of [1, 2, 7, 8, 31, 32, 33]) {
      const store = await storeFrom(from);
      expect([hasHistoryNodes(store, from - 1), hasHistoryNodes(store, from)]).toEqual([true, true]);
      for (let above = from + 1; above <= hashes.length; above++) {
        const tree = leaves.slice(0, above);
        for (let height = from; height < above; height++) {
          expect(historyPath(store, height, above)).toEqual(inclusionPath(tree, height));
          expect(historyConsistency(store, height + 1, above)).toEqual(consistencyPath(tree, height + 1));
        }
      }
      const old = Array.from({ length: from }, (_, height) => height).filter((height) => height !== from - 1);
      for (const height of old)
        try {
          expect(historyPath(store, height, hashes.length)).toEqual(inclusionPath(leaves, height));
        } catch (error) {
          expect(error).toMatchObject({ code: 'history-not-kept' });
        }
    }
  });
});
