import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { latin1Bytes, present, utf8 } from '../../../src/base/index.ts';
import { sha256 } from '../../../src/crypto/index.ts';
import { type Child, hashOf } from '../../../src/ledger/state/nodes.ts';
import { proveState } from '../../../src/ledger/state/prove.ts';
import { treeChanges, updateTree } from '../../../src/ledger/state/tree.ts';
import { type StateProof, verifyState } from '../../../src/ledger/state-proof.ts';

const never = (): undefined => undefined;

function treeOf(content: ReadonlyMap<string, Uint8Array>): Child {
  return updateTree(undefined, treeChanges(content), never).root;
}

const key = fc.integer({ min: 0, max: 400 }).map((number) => `test/key/${number}`);
const value = fc.uint8Array({ minLength: 1, maxLength: 8 });
const content = fc.array(fc.tuple(key, value), { maxLength: 120 }).map((entries) => new Map(entries));

describe('proofs in the sparse tree', () => {
  it('prove what is there, and that nothing is where nothing is', () => {
    fc.assert(
      fc.property(content, key, (state, asked) => {
        const tree = treeOf(state);
        const root = latin1Bytes(hashOf(tree));
        const proof = proveState(tree, asked, never);
        const there = state.get(asked);
        expect(verifyState(root, asked, there, proof)).toBe(true);
        expect(verifyState(root, asked, there === undefined ? Uint8Array.of(1) : undefined, proof)).toBe(false);
        expect(verifyState(root, asked, Uint8Array.of(9, 9, 9, 9, 9, 9, 9, 9, 9), proof)).toBe(false);
      }),
    );
  });

  it('prove nothing once a hash, the depth, the other leaf or the root is another', () => {
    fc.assert(
      fc.property(content, key, fc.nat(), (state, asked, seed) => {
        const tree = treeOf(state);
        const root = latin1Bytes(hashOf(tree));
        const there = state.get(asked);
        const proof = proveState(tree, asked, never);
        const { siblings, other } = proof;
        const strange = sha256(utf8('strange'));
        const broken: StateProof[] = [
          { ...proof, siblings: [...siblings, undefined] },
          { ...proof, siblings: [...siblings, strange] },
          { ...proof, siblings: [strange, ...siblings] },
          { ...proof, other: { keyHash: strange, valueHash: strange } },
        ];
        if (siblings.length > 0) {
          const at = seed % siblings.length;
          broken.push({ ...proof, siblings: siblings.with(at, strange) }, { ...proof, siblings: siblings.slice(1) });
          if (siblings[at] !== undefined) broken.push({ ...proof, siblings: siblings.with(at, undefined) });
        }
        if (other !== undefined)
          broken.push(
            { siblings },
            { siblings, other: { ...other, valueHash: strange } },
            { siblings, other: { ...other, keyHash: sha256(utf8(asked)) } },
          );
        for (const one of broken) expect(verifyState(root, asked, there, one)).toBe(false);
        expect(verifyState(strange, asked, there, proof)).toBe(false);
      }),
    );
  });

  it('take the leaf of a key that parts from the way for no proof of absence', () => {
    const state = new Map([
      ['test/key/1', Uint8Array.of(1)],
      ['test/key/2', Uint8Array.of(2)],
    ]);
    const tree = treeOf(state);
    const root = latin1Bytes(hashOf(tree));
    const there = proveState(tree, 'test/key/1', never);
    const other = {
      keyHash: sha256(utf8('test/key/1')),
      valueHash: sha256(present(state.get('test/key/1'), 'a value')),
    };
    // Every key whose way parts from that leaf's: the leaf says nothing of it.
    for (let number = 3; number < 64; number++) {
      const proof = proveState(tree, `test/key/${number}`, never);
      const isOnWay = proof.other !== undefined && proof.siblings.length === there.siblings.length;
      const verdict = verifyState(root, `test/key/${number}`, undefined, { siblings: there.siblings, other });
      if (verdict) expect(isOnWay).toBe(true);
    }
  });
});
