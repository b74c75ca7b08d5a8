import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compareBytes, concatBytes, present, toHex } from '../../../src/base/index.ts';
import { sha256 } from '../../../src/crypto/index.ts';
import { bitAt, type Child, emptyHash, hashOf } from '../../../src/ledger/state/nodes.ts';
import { encodePage } from '../../../src/ledger/state/pages.ts';
import { forgetBelow, type TreeChange, updateTree } from '../../../src/ledger/state/tree.ts';

/** The definition, read off docs/protocol.md: no sharing, no batches. */
function naiveRoot(entries: ReadonlyMap<string, TreeChange>): Uint8Array {
  const leaves = [...entries.values()].sort((left, right) => compareBytes(left.keyHash, right.keyHash));
  const subtree = (items: readonly TreeChange[], depth: number): Uint8Array => {
    const [first] = items;
    if (first === undefined) return emptyHash;
    if (items.length === 1) return sha256(concatBytes(Uint8Array.of(0), first.keyHash, first.valueHash as Uint8Array));
    const left = subtree(
      items.filter((item) => bitAt(item.keyHash, depth) === 0),
      depth + 1,
    );
    const right = subtree(
      items.filter((item) => bitAt(item.keyHash, depth) === 1),
      depth + 1,
    );
    return sha256(concatBytes(Uint8Array.of(1), left, right));
  };
  return subtree(leaves, 0);
}

/** Few distinct keys with long common prefixes, so that leaves meet deep down, move up and vanish. */
const keyHash = fc.tuple(fc.nat(3), fc.nat(7), fc.nat(255)).map(([first, middle, last]) => {
  const bytes = new Uint8Array(32);
  bytes[0] = first << 6;
  bytes[4] = middle;
  bytes[31] = (last & 3) << 1;
  return bytes;
});
const valueHash = fc.option(
  fc.nat(1000).map((seed) => sha256(Uint8Array.of(seed >> 8, seed & 255))),
  { nil: undefined },
);
const block = fc.uniqueArray(fc.record({ keyHash, valueHash }), {
  selector: (change) => toHex(change.keyHash),
  maxLength: 12,
});

describe('the state tree', () => {
  it('has the root of the naive definition after every block, and the store alone gives the same tree', () => {
    fc.assert(
      fc.property(fc.array(block, { maxLength: 12 }), fc.array(fc.nat(20)), (blocks, forgetting) => {
        const model = new Map<string, TreeChange>();
        const stored = new Map<string, Uint8Array>();
        let root: Child;
        for (const [index, changes] of blocks.entries()) {
          const updated = updateTree(root, changes, (path) => stored.get(toHex(path)));
          for (const { path, node } of updated.pages.values()) {
            if (node === undefined) stored.delete(toHex(path));
            else stored.set(toHex(path), encodePage(node));
          }
          for (const change of changes) {
            if (change.valueHash === undefined) model.delete(toHex(change.keyHash));
            else model.set(toHex(change.keyHash), change);
          }
          root = updated.root;
          expect(toHex(hashOf(root))).toBe(toHex(naiveRoot(model)));
          const depth = forgetting[index];
          if (depth !== undefined) forgetBelow(root, 1 + depth);
          if (depth === 0 && root !== undefined) root = { type: 'stub', hash: hashOf(root) };
        }
        // What the store holds is exactly the tree: no node missing, none left over.
        const fromNothing = updateTree(undefined, [...model.values()], () => undefined);
        const expected = [...fromNothing.pages.values()].flatMap(({ path, node }) =>
          node === undefined ? [] : [[toHex(path), toHex(encodePage(node))]],
        );
        expect([...stored].map(([key, bytes]) => [key, toHex(bytes)]).sort()).toEqual(expected.sort());
      }),
      { numRuns: 40 },
    );
  });

  it('leaves the tree it began with as it was', () => {
    const change = (seed: number): TreeChange => ({
      keyHash: sha256(Uint8Array.of(seed)),
      valueHash: sha256(Uint8Array.of(seed, seed)),
    });
    const before = updateTree(undefined, [change(1), change(2), change(3)], () => undefined).root;
    const rootBefore = toHex(hashOf(before));
    updateTree(before, [change(4), { keyHash: sha256(Uint8Array.of(1)), valueHash: undefined }], () => undefined);
    expect(toHex(hashOf(updateTree(before, [], () => undefined).root))).toBe(rootBefore);
  });

  it('refuses a stored page that was changed', () => {
    const nodes = new Map<string, Uint8Array>();
    const first = updateTree(undefined, [{ keyHash: sha256(Uint8Array.of(1)), valueHash: emptyHash }], () => undefined);
    for (const { path, node } of first.pages.values()) {
      const bytes = encodePage(present(node, 'a new tree deletes nothing'));
      nodes.set(
        toHex(path),
        bytes.map((byte, index) => (index === 40 ? byte ^ 1 : byte)),
      );
    }
    const change = { keyHash: sha256(Uint8Array.of(2)), valueHash: emptyHash };
    expect(() =>
      updateTree({ type: 'stub', hash: hashOf(first.root) }, [change], (path) => nodes.get(toHex(path))),
    ).toThrow('state tree');
  });
});
