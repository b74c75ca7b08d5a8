import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { concatBytes, latin1Bytes, latin1Text } from '../../../src/base/index.ts';
import { sha256, sha256Latin1 } from '../../../src/crypto/index.ts';
import { bitAt, type Child, hashOf } from '../../../src/ledger/state/nodes.ts';
import { pageReader, TreeParts, type TreePartsLimits } from '../../../src/ledger/state/parts.ts';
import { stateSpaces } from '../../../src/ledger/state/state-space.ts';
import { type TreeChange, updateTree } from '../../../src/ledger/state/tree.ts';
import { type Entry, keyPrefixes, MemoryStore, MemoryTable, type Operation } from '../../../src/storage/index.ts';

/** The definition, read off docs/protocol.md: no sharing, no batches. */
function naiveRoot(entries: ReadonlyMap<string, TreeChange>): Uint8Array {
  const leaves = [...entries.values()].sort((left, right) => (left.keyHash < right.keyHash ? -1 : 1));
  const subtree = (items: readonly TreeChange[], depth: number): Uint8Array => {
    const [first] = items;
    if (first === undefined) return new Uint8Array(32);
    if (items.length === 1)
      return sha256(concatBytes(Uint8Array.of(0), latin1Bytes(first.keyHash), latin1Bytes(first.valueHash ?? '')));
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
  return latin1Text(bytes);
});
const valueHash = fc.option(
  fc.nat(1000).map((seed) => sha256Latin1(Uint8Array.of(seed >> 8, seed & 255))),
  { nil: undefined },
);
const block = fc.uniqueArray(fc.record({ keyHash, valueHash }), {
  selector: (change) => change.keyHash,
  maxLength: 12,
});

/** A tree in a store, block by block, as a node keeps it. */
class KeptTree {
  readonly table = new MemoryTable();
  readonly #store = new MemoryStore(this.table);
  readonly read = pageReader(this.#store, stateSpaces[0]);
  readonly #limits: Partial<TreePartsLimits>;
  #parts: TreeParts;
  #height = -1;
  root: Child;

  constructor(limits: Partial<TreePartsLimits> = { waitBlocksMax: 5, residentNodesMax: 0 }) {
    this.#limits = limits;
    this.#parts = TreeParts.empty(stateSpaces[0], limits);
  }

  commit(changes: readonly TreeChange[]): Operation[] {
    const update = updateTree(this.root, changes, this.read);
    this.#height += 1;
    this.root = update.root;
    const operations = this.#parts.commit(this.#height, update);
    this.table.apply(operations);
    this.#parts.settle(update.root);
    return operations;
  }

  reopen(rootHash = hashOf(this.root)): void {
    const applied = { height: this.#height, deltasFrom: this.#parts.deltasFrom, rootHash };
    const { parts, root } = TreeParts.open(this.#store, stateSpaces[0], applied, this.#limits);
    this.#parts = parts;
    this.root = root;
  }

  /** Until nothing waits to be written. */
  rest(): void {
    while (this.#parts.deltasFrom <= this.#height) this.commit([]);
  }

  /** What is stored beside the heights at which parts were written. */
  pages(): readonly Entry[] {
    const isPart = (key: Uint8Array): boolean => key[0] === keyPrefixes.treePart;
    return this.entries()
      .map(([key, value]): Entry => [key, isPart(key) ? value.subarray(8) : value])
      .filter(([, value]) => value.length > 1);
  }

  entries(): readonly Entry[] {
    return this.table.range({ from: Uint8Array.of(0), to: Uint8Array.of(255), limit: 10_000 });
  }
}

describe('the state tree', () => {
  it('has the root of the naive definition after every block, and the store alone gives the same tree', () => {
    fc.assert(
      fc.property(fc.array(block, { maxLength: 12 }), fc.array(fc.boolean()), (blocks, reopening) => {
        const model = new Map<string, TreeChange>();
        const kept = new KeptTree({
          waitBlocks: 2,
          waitBlocksMax: 5,
          pendingChangesWanted: 4,
          pendingChangesMax: 8,
          residentNodesMax: 0,
        });
        for (const [index, changes] of blocks.entries()) {
          kept.commit(changes);
          for (const change of changes) {
            if (change.valueHash === undefined) model.delete(change.keyHash);
            else model.set(change.keyHash, change);
          }
          expect(hashOf(kept.root)).toBe(latin1Text(naiveRoot(model)));
          if (reopening[index]) kept.reopen();
        }
        kept.rest();
        // What the store holds is exactly the tree: no page missing, none left over.
        const fromNothing = new KeptTree();
        fromNothing.commit([...model.values()]);
        fromNothing.rest();
        expect(kept.pages()).toEqual(fromNothing.pages());
      }),
      { numRuns: 100 },
    );
  });

  it.each([
    ['once enough changes wait', { waitBlocks: 50, waitBlocksMax: 400, pendingChangesWanted: 8 }, 50],
    [
      'after more blocks where they change little',
      { waitBlocks: 50, waitBlocksMax: 90, pendingChangesWanted: 10_000 },
      90,
    ],
  ])('writes a part that changes with every block %s, and keeps a bounded number of deltas', (_, limits, waited) => {
    const partCount = 8;
    const kept = new KeptTree(limits);
    const changeOf = (part: number, seed: number): TreeChange => {
      const keyHash = String.fromCharCode(part) + sha256Latin1(`${seed}`).slice(1);
      return { keyHash, valueHash: sha256Latin1(keyHash) };
    };
    let [partsWritten, deltasMax] = [0, 0];
    for (let round = 0; round < 500; round++) {
      const operations = kept.commit(Array.from({ length: partCount }, (_, part) => changeOf(part, round)));
      partsWritten += operations.filter(({ key }) => key[0] === keyPrefixes.treePart).length;
      // A restart changes nothing of that.
      if (round % 35 === 34) kept.reopen();
      const deltas = kept.entries().filter(([key]) => key[0] === keyPrefixes.treeDelta);
      deltasMax = Math.max(deltasMax, deltas.length);
    }
    expect(deltasMax).toBe(waited + partCount - 1);
    expect(partsWritten).toBe(partCount * Math.floor(500 / (waited + 1)));
  });

  it('leaves the tree it began with as it was', () => {
    const change = (seed: number): TreeChange => ({
      keyHash: sha256Latin1(Uint8Array.of(seed)),
      valueHash: sha256Latin1(Uint8Array.of(seed, seed)),
    });
    const before = updateTree(undefined, [change(1), change(2), change(3)], () => undefined).root;
    const rootBefore = hashOf(before);
    updateTree(before, [change(4), { keyHash: sha256Latin1(Uint8Array.of(1)), valueHash: undefined }], () => undefined);
    expect(hashOf(updateTree(before, [], () => undefined).root)).toBe(rootBefore);
  });

  it('refuses what was changed in the store, wherever it stands', () => {
    const kept = new KeptTree();
    const changes = Array.from({ length: 600 }, (_, seed) => {
      const keyHash = String.fromCharCode(seed & 3) + sha256Latin1(`${seed}`).slice(1);
      return { keyHash, valueHash: sha256Latin1(keyHash) };
    });
    kept.commit(changes.slice(0, 500));
    kept.rest();
    kept.commit(changes.slice(500));
    const rootHash = hashOf(kept.root);
    const entries = kept.entries();
    expect(new Set(entries.map(([key]) => key[0])).size).toBe(3);
    for (const [index, [key, value]] of entries.entries()) {
      const place = index % 2 === 0 && key[0] === keyPrefixes.treePart ? 0 : value.length - 1;
      const changed = value.map((byte, position) => (position === place ? byte ^ 1 : byte));
      kept.table.apply([{ type: 'put', key, value: changed }]);
      // A deep page is read when it is needed: here by a change of every key.
      expect(() => {
        kept.reopen(rootHash);
        updateTree(kept.root, changes, kept.read);
      }).toThrow('state tree');
      kept.table.apply([{ type: 'put', key, value }]);
    }
    kept.reopen(rootHash);
  });
});
