import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { utf8 } from '../../../src/base/index.ts';
import { leafHash, merkleRoot, type RangeProof, rangePath, verifyRange } from '../../../src/crypto/index.ts';

const leaves = Array.from({ length: 70 }, (_, place) => leafHash(utf8(`entry ${place}`)));

const range = fc.integer({ min: 1, max: leaves.length }).chain((size) =>
  fc.tuple(fc.constant(size), fc.nat({ max: size - 1 })).chain(([total, start]) =>
    fc.record({
      size: fc.constant(total),
      start: fc.constant(start),
      end: fc.integer({ min: start + 1, max: total }),
    }),
  ),
);

function proofOf({ size, start, end }: { size: number; start: number; end: number }): RangeProof {
  const tree = leaves.slice(0, size);
  return { leafHashes: tree.slice(start, end), start, size, path: rangePath(tree, start, end), root: merkleRoot(tree) };
}

describe('the proof of a range of leaves', () => {
  it('holds for every range of every tree, and is short', () => {
    fc.assert(
      fc.property(range, (chosen) => {
        const proof = proofOf(chosen);
        expect(verifyRange(proof)).toBe(true);
        expect(proof.path.length).toBeLessThanOrEqual(2 * Math.ceil(Math.log2(chosen.size + 1)));
      }),
    );
  });

  it('holds for nothing else: another leaf, one more or less, another order, place or path', () => {
    fc.assert(
      fc.property(range, fc.nat(), (chosen, seed) => {
        const proof = proofOf(chosen);
        const { leafHashes, start, path } = proof;
        const at = seed % leafHashes.length;
        const other = leafHash(utf8('other'));
        const broken: RangeProof[] = [
          { ...proof, leafHashes: leafHashes.with(at, other) },
          { ...proof, leafHashes: leafHashes.toSpliced(at, 1) },
          { ...proof, leafHashes: leafHashes.toSpliced(at, 0, other) },
          { ...proof, start: start + 1 },
          { ...proof, start: start - 1 },
          { ...proof, root: other },
          { ...proof, path: [...path, other] },
          { ...proof, path: path.slice(1).concat(path.length === 0 ? [other] : []) },
          { ...proof, path: path.map((hash) => hash.subarray(1)).concat(other.subarray(1)) },
        ];
        if (leafHashes.length > 1) broken.push({ ...proof, leafHashes: [...leafHashes].reverse() });
        // The size is no part of the claim: it stands beside the root wherever one is believed.
        for (const one of broken) expect(verifyRange(one)).toBe(false);
      }),
    );
  });

  it.each([
    [Number.NaN, 4],
    [0.5, 4],
    [0, 2 ** 60],
    [-1, 4],
    [0, 0],
  ])('refuses leaves from %s on in a tree of %s', (start, size) => {
    const proof = proofOf({ size: 4, start: 0, end: 2 });
    expect(verifyRange({ ...proof, start, size })).toBe(false);
  });
});
