import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { latin1Text, uint64Bytes } from '../../../../src/base/index.ts';
import { sha256 } from '../../../../src/crypto/index.ts';
import { PastProofs } from '../../../../src/ledger/index.ts';
import { verifyState } from '../../../../src/ledger/portable.ts';
import { LevelStore, MemoryStore, prefixedKey } from '../../../../src/storage/index.ts';
import { SimulatedDisk } from '../../../support/simulated-store.ts';
import { temporaryDirectory } from '../../../support/temporary-directory.ts';
import { treeParts } from '../../../support/tree-parts.ts';
import { fill, Node, startMs, writeTo } from '../snapshot-support.ts';
import { blocks, transactionsOf } from './support.ts';

type State = ReadonlyMap<string, Uint8Array>;

/** Every state that there was, whole, with the root that the block's header states. */
class Chain {
  readonly states = new Map<number, { readonly root: Uint8Array; readonly state: State }>();

  async note(node: Node): Promise<void> {
    const { height, stateRoot } = node.ledger.applied;
    const entries = await node.state();
    const state = new Map(entries.map(([key, value]) => [latin1Text(key), value.slice()]));
    this.states.set(height, { root: stateRoot, state });
  }

  rootAt(height: number): Uint8Array {
    return this.states.get(height)?.root ?? new Uint8Array();
  }

  /** Every key that ever was, those of executed ids too, and one that never was, at each height: proved as it stood. */
  async expectProved(proofs: PastProofs, from = 0): Promise<void> {
    const everywhere = new Set(['never/there', ...[...this.states.values()].flatMap(({ state }) => [...state.keys()])]);
    for (const [height, { root, state }] of this.states) {
      if (height < from) continue;
      for (const key of everywhere) {
        const { value, proof } = await proofs.prove(height, root, key);
        expect(value, `${key} at ${height}`).toEqual(state.get(key));
        expect(verifyState(root, key, value, proof), `${key} at ${height}`).toBe(true);
        expect(verifyState(root, key, Uint8Array.of(7, 7), proof)).toBe(false);
        if (value !== undefined) expect(verifyState(root, key, undefined, proof)).toBe(false);
      }
    }
  }
}

const atOnce = (): Promise<void> => Promise.resolve();

describe('a proof of what stood in an older state', () => {
  it('comes to the root of its block, for every key and every height', async () => {
    await fc.assert(
      fc.asyncProperty(blocks, async (drawn) => {
        const node = await Node.begin(new MemoryStore());
        const chain = new Chain();
        await chain.note(node);
        for (const [index, fills] of drawn.entries()) {
          // Minutes apart, so that the buckets of executed ids come and go.
          await node.grow(transactionsOf(fills), index % 3 === 2 ? 70_000 : 1);
          await chain.note(node);
        }
        await chain.expectProved(new PastProofs(node.store, atOnce));
        await chain.expectProved(new PastProofs(node.store, atOnce, 0));
      }),
      { numRuns: 15 },
    );
  });

  it('is made of pages on LevelDB too, long after them', async () => {
    const node = await Node.begin(await LevelStore.open(join(temporaryDirectory(), 'database'), { create: true }));
    const chain = new Chain();
    await node.grow([fill(0, 3000, 8)]);
    await node.grow([fill(1000, 1400, 3), fill(2000, 2050, 0)]);
    await chain.note(node);
    const { height } = node.ledger.applied;
    // So many that every part of the tree has been written, and its deltas are gone.
    for (let count = 0; count < 4500; count++) await node.grow(count % 500 === 0 ? [fill(count, count + 30, 9)] : []);
    expect((await node.entries('treeNode')).length).toBeGreaterThan(200);
    await node.grow([fill(0, 3000, 2)]);
    const proofs = new PastProofs(node.store, atOnce);
    const root = chain.rootAt(height);
    for (const [key, bytes] of [
      ['sim/fill/0', 8],
      ['sim/fill/1200', 3],
      ['sim/fill/2049', 0],
      ['sim/fill/2999', 8],
    ] as const) {
      const { value, proof } = await proofs.prove(height, root, key);
      expect(value?.length ?? 0).toBe(bytes);
      expect(verifyState(root, key, value, proof)).toBe(true);
    }
    await node.store.close();
  });

  it('is right while blocks are committed, and their pages written', async () => {
    const node = await Node.begin(new MemoryStore());
    const chain = new Chain();
    for (let count = 0; count < 3; count++) {
      await node.grow([fill(0, 40, count + 1)]);
      await chain.note(node);
    }
    let grown = 0;
    const goOn = async (): Promise<void> => {
      if (grown === 450) await writeTo(node.store)(treeParts(node.store));
      if (grown++ < 900) await node.grow([fill(grown % 40, (grown % 40) + 2, grown % 9)], 100);
    };
    await chain.expectProved(new PastProofs(node.store, goOn));
    await chain.expectProved(new PastProofs(node.store, goOn, 0));
    expect(grown).toBeGreaterThan(900);
    expect((await node.entries('treeNode')).length).toBeGreaterThan(0);
  });

  it('counts a block whose write is on its way whole, or not at all', async () => {
    let isHeld = false;
    const disk = new SimulatedDisk(() => {
      if (!isHeld) queueMicrotask(() => disk.completeNext());
    });
    const node = await Node.begin(disk.store);
    const chain = new Chain();
    for (let count = 0; count < 3; count++) {
      await node.grow([fill(0, 12, count + 1)]);
      await chain.note(node);
    }
    isHeld = true;
    const growing = node.grow([fill(0, 12, 8)]);
    await chain.expectProved(new PastProofs(disk.store, atOnce));
    isHeld = false;
    disk.completeNext();
    await growing;
    await chain.expectProved(new PastProofs(disk.store, atOnce));
  });

  it('begins with the snapshot that the ledger began with', async () => {
    const origin = await Node.begin(new MemoryStore());
    for (let count = 0; count < 3; count++) await origin.grow([fill(count, 30, count + 1)]);
    const taker = await Node.begin(new MemoryStore());
    const source = await origin.source();
    await taker.take(source);
    await source.close();
    const chain = new Chain();
    await chain.note(origin);
    for (let count = 0; count < 3; count++) {
      await taker.follow(await origin.grow([fill(2, 9 + count, (count + 1) % 3)]));
      await chain.note(origin);
    }
    const proofs = new PastProofs(taker.store, atOnce);
    await chain.expectProved(proofs);
    const refused = proofs.prove(2, chain.rootAt(3), 'sim/fill/0');
    await expect(refused).rejects.toMatchObject({ code: 'history-not-kept' });
  });

  it('is never given from what was changed on the disk', async () => {
    const node = await Node.begin(new MemoryStore());
    const chain = new Chain();
    for (let count = 1; count < 4; count++) {
      await node.grow([fill(0, 9, count)]);
      await chain.note(node);
    }
    const proofs = new PastProofs(node.store, atOnce);
    const root = chain.rootAt(2);
    expect(verifyState(root, 'sim/x', undefined, (await proofs.prove(2, root, 'sim/x')).proof)).toBe(true);
    const damaged = { code: 'storage-damaged' };
    await expect(proofs.prove(2, chain.rootAt(1), 'sim/x')).rejects.toMatchObject(damaged);
    const [first] = await node.entries('stateHistory');
    const ofThree = prefixedKey('stateHistory', sha256(new TextEncoder().encode('sim/fill/4')), uint64Bytes(3));
    expect(first).toBeDefined();
    expect(node.store.get(ofThree)).toBeDefined();
    await writeTo(node.store)([{ type: 'put', key: ofThree, value: Uint8Array.of(9, 9, 9) }]);
    await expect(proofs.prove(2, root, 'sim/fill/4')).rejects.toMatchObject(damaged);
    await writeTo(node.store)([{ type: 'delete', key: ofThree }]);
    await expect(new PastProofs(node.store, atOnce).prove(2, root, 'sim/x')).rejects.toMatchObject(damaged);
  });

  it('is made one at a time, and few may wait', async () => {
    const node = await Node.begin(new MemoryStore());
    const chain = new Chain();
    await node.grow([fill(0, 9, 3, startMs + 300_000)]);
    await chain.note(node);
    await node.grow([fill(0, 9, 5)]);
    const held = Promise.withResolvers<void>();
    const proofs = new PastProofs(node.store, () => held.promise);
    const asked = Array.from({ length: 9 }, () => proofs.prove(1, chain.rootAt(1), 'sim/fill/1'));
    await expect(asked.at(-1)).rejects.toMatchObject({ code: 'overloaded' });
    held.resolve();
    for (const { value } of await Promise.all(asked.slice(0, -1))) expect(value).toHaveLength(3);
    await proofs.ended();
    expect((await proofs.prove(1, chain.rootAt(1), 'sim/fill/2')).value).toHaveLength(3);
  });
});
