import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { equalBytes, InvariantError, present, utf8 } from '../../../src/base/index.ts';
import {
  consistencyPath,
  emptyRoot,
  inclusionPath,
  inclusionPaths,
  isSubtree,
  leafHash,
  MerkleFrontier,
  merkleRoot,
  nodeHash,
  sha256,
  subtreeConsistencyPath,
  verifyConsistency,
  verifyInclusion,
  verifySubtreeConsistency,
  verifySubtreeInclusion,
} from '../../../src/crypto/index.ts';

const leaves = (count: number): Uint8Array[] => Array.from({ length: count }, (_, index) => leafHash(utf8(`${index}`)));

/** RFC 9162 §2.1.1, word by word. */
function modelRoot(list: readonly Uint8Array[]): Uint8Array {
  if (list.length === 0) return sha256();
  if (list.length === 1) return present(list[0], 'one leaf');
  let k = 1;
  while (k * 2 < list.length) k *= 2;
  return sha256(Uint8Array.of(1), modelRoot(list.slice(0, k)), modelRoot(list.slice(k)));
}

/** The same bytes with one bit changed. */
function flipped(bytes: Uint8Array, place: number): Uint8Array {
  const copy = Uint8Array.from(bytes);
  const index = place % copy.length;
  copy[index] = (copy[index] as number) ^ (1 << (place % 8));
  return copy;
}

describe('RFC 9162 Merkle trees', () => {
  it('hashes leaves and nodes in separate domains (§2.1.1)', () => {
    expect(leafHash(utf8('entry'))).toEqual(sha256(Uint8Array.of(0), utf8('entry')));
    expect(nodeHash(emptyRoot, leafHash(utf8('')))).toEqual(sha256(Uint8Array.of(1), emptyRoot, leafHash(utf8(''))));
    expect(() => nodeHash(emptyRoot, new Uint8Array(31))).toThrow(InvariantError);
  });

  it('has the root of the definition at every size', () => {
    for (let size = 0; size <= 70; size++) expect(merkleRoot(leaves(size))).toEqual(modelRoot(leaves(size)));
  });

  it('proves every leaf of every small tree, and no other place or size', () => {
    for (let size = 1; size <= 20; size++) {
      const list = leaves(size);
      const root = merkleRoot(list);
      list.forEach((leaf, index) => {
        expect(inclusionPaths(list, index, index + 1)).toEqual([inclusionPath(list, index)]);
        const proof = { leafHash: leaf, index, size, path: inclusionPath(list, index), root };
        expect(verifyInclusion(proof)).toBe(true);
        for (let other = -1; other <= size; other++) {
          if (other !== index) expect(verifyInclusion({ ...proof, index: other })).toBe(false);
        }
        expect(verifyInclusion({ ...proof, index: index + 0.5 })).toBe(false);
        expect(verifyInclusion({ ...proof, path: [...proof.path, root] })).toBe(false);
        expect(verifyInclusion({ ...proof, path: proof.path.slice(1) })).toBe(proof.path.length === 0);
      });
    }
  });

  it('proves every prefix of every small tree, and no other size', () => {
    for (let size2 = 1; size2 <= 20; size2++) {
      const list = leaves(size2);
      for (let size1 = 1; size1 <= size2; size1++) {
        const root1 = merkleRoot(list.slice(0, size1));
        const path = consistencyPath(list, size1);
        const proof = { size1, root1, size2, root2: merkleRoot(list), path };
        expect(verifyConsistency(proof)).toBe(true);
        for (let other = 0; other <= size2; other++) {
          if (other !== size1) expect(verifyConsistency({ ...proof, size1: other })).toBe(false);
        }
      }
    }
  });

  it('proves every subtree of every small tree', () => {
    for (let size = 1; size <= 20; size++) {
      const list = leaves(size);
      for (let start = 0; start < size; start++) {
        for (let end = start + 1; end <= size; end++) {
          if (!isSubtree(start, end)) continue;
          const subtree = list.slice(start, end);
          const subtreeRoot = merkleRoot(subtree);
          const path = subtreeConsistencyPath(list, start, end);
          const proof = { start, end, subtreeRoot, size, root: merkleRoot(list), path };
          expect(verifySubtreeConsistency(proof)).toBe(true);
          expect(verifySubtreeConsistency({ ...proof, subtreeRoot: emptyRoot })).toBe(false);
          const inSubtree = { start, end, root: subtreeRoot, leafHash: present(subtree.at(-1), 'not empty') };
          const inclusion = { ...inSubtree, index: end - 1, path: inclusionPath(subtree, subtree.length - 1) };
          expect(verifySubtreeInclusion(inclusion)).toBe(true);
          expect(verifySubtreeInclusion({ ...inclusion, index: end })).toBe(false);
        }
      }
    }
  });

  it('refuses a proof with any bit changed', () => {
    fc.assert(
      fc.property(fc.integer({ min: 2, max: 200 }), fc.nat(), fc.nat(), fc.nat(), (size, atLeaf, atHash, atBit) => {
        const list = leaves(size);
        const index = atLeaf % size;
        const root = merkleRoot(list);
        const leaf = present(list[index], 'the leaf is in the tree');
        const hashes = [leaf, root, ...inclusionPath(list, index)];
        const place = atHash % hashes.length;
        const changed = hashes.map((hash, position) => (position === place ? flipped(hash, atBit) : hash));
        const [leafOf = leaf, rootOf = root, ...path] = changed;
        expect(verifyInclusion({ leafHash: leafOf, index, size, path, root: rootOf })).toBe(false);
      }),
    );
  });

  it('refuses a consistency proof with any bit changed', () => {
    fc.assert(
      fc.property(fc.integer({ min: 2, max: 200 }), fc.nat(), fc.nat(), fc.nat(), (size2, prefix, atHash, atBit) => {
        const list = leaves(size2);
        const size1 = 1 + (prefix % (size2 - 1));
        const hashes = [merkleRoot(list.slice(0, size1)), merkleRoot(list), ...consistencyPath(list, size1)];
        const place = atHash % hashes.length;
        const changed = hashes.map((hash, position) => (position === place ? flipped(hash, atBit) : hash));
        const [root1 = emptyRoot, root2 = emptyRoot, ...path] = changed;
        expect(verifyConsistency({ size1, root1, size2, root2, path })).toBe(false);
      }),
    );
  });

  it('follows the protocol at sizes beyond 32 bits', () => {
    const size = 2 ** 40;
    const path = Array.from({ length: 40 }, (_, level) => sha256(Uint8Array.of(level)));
    const leaf = leafHash(utf8('last'));
    const root = path.reduce((node, sibling) => nodeHash(sibling, node), leaf);
    expect(verifyInclusion({ leafHash: leaf, index: size - 1, size, path, root })).toBe(true);
    expect(verifyInclusion({ leafHash: leaf, index: size - 2, size, path, root })).toBe(false);
  });
});

describe('MerkleFrontier', () => {
  it('has the root of the whole tree after every append, also when rebuilt from its peaks', () => {
    let frontier = MerkleFrontier.empty();
    const list = leaves(130);
    list.forEach((leaf, index) => {
      expect(frontier.root()).toEqual(merkleRoot(list.slice(0, index)));
      frontier.append(leaf);
      frontier = MerkleFrontier.of(frontier.size, frontier.peaks);
    });
    expect(frontier.size).toBe(list.length);
    expect(equalBytes(frontier.root(), merkleRoot(list))).toBe(true);
  });

  it('leaves its clones alone', () => {
    const frontier = MerkleFrontier.empty();
    for (const leaf of leaves(5)) frontier.append(leaf);
    const before = frontier.root();
    const clone = frontier.clone();
    clone.append(leafHash(utf8('more')));
    expect(frontier.root()).toEqual(before);
    expect(clone.size).toBe(6);
  });

  it('refuses peaks that do not belong to the size', () => {
    expect(() => MerkleFrontier.of(3, [emptyRoot])).toThrow(InvariantError);
    expect(() => MerkleFrontier.of(2, [new Uint8Array(31)])).toThrow(InvariantError);
    expect(() => MerkleFrontier.of(-1, [])).toThrow(InvariantError);
  });
});
