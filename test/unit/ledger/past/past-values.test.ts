import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readUint64, utf8 } from '../../../../src/base/index.ts';
import { decodeCanonical, encodeCanonical, Ledger } from '../../../../src/ledger/index.ts';
import { pastValue } from '../../../../src/ledger/past/past-value.ts';
import { type Entry, LevelStore, MemoryStore, prefixedKey, type RangeOptions } from '../../../../src/storage/index.ts';
import { SeededRandom } from '../../../support/simulated-random.ts';
import { SimulatedDisk } from '../../../support/simulated-store.ts';
import { temporaryDirectory } from '../../../support/temporary-directory.ts';
import { fill, fillingRules, genesis, Node, writeTo } from '../snapshot-support.ts';
import { blocks, States, transactionsOf } from './support.ts';

describe('a value of the past', () => {
  it('is what a whole copy of the state of that height has', async () => {
    await fc.assert(
      fc.asyncProperty(blocks, async (drawn) => {
        const node = await Node.begin(new MemoryStore());
        const states = new States();
        await states.note(node);
        for (const fills of drawn) {
          await node.grow(transactionsOf(fills));
          await states.note(node);
        }
        await states.expectSame(node);
        await states.expectSame(Node.reopen(node.store));
      }),
      { numRuns: 60 },
    );
  });

  it('is on LevelDB, for a leader and for who follows, after a restart too', async () => {
    const path = join(temporaryDirectory(), 'database');
    const leader = await Node.begin(new MemoryStore());
    const follower = await Node.begin(await LevelStore.open(path, { create: true }));
    const states = new States();
    await states.note(leader);
    for (const [drawn] of fc.sample(fc.tuple(blocks), { numRuns: 4, seed: 7 }))
      for (const fills of drawn) {
        await follower.follow(await leader.grow(transactionsOf(fills)));
        await states.note(leader);
      }
    await states.expectSame(follower);
    await follower.store.close();
    const again = Node.reopen(await LevelStore.open(path, { create: false }));
    await states.expectSame(again);
    await again.store.close();
  });

  it('is of the blocks that a crash left, and of no other', async () => {
    await fc.assert(
      fc.asyncProperty(blocks, fc.nat(), async (drawn, seed) => {
        let isLosing = false;
        const disk = new SimulatedDisk(() => {
          if (!isLosing) queueMicrotask(() => disk.completeNext());
        });
        const node = await Node.begin(disk.store);
        const states = new States();
        await states.note(node);
        for (const fills of drawn.slice(0, -1)) {
          await node.grow(transactionsOf(fills));
          await states.note(node);
        }
        isLosing = true;
        void node.grow(transactionsOf(drawn.at(-1) ?? []));
        disk.crash(new SeededRandom(seed));
        isLosing = false;
        const survivor = Node.reopen(disk.store);
        // The write on its way came through or did not: that height is one more, or none.
        if (!states.heights.includes(survivor.ledger.applied.height)) await states.note(survivor);
        await states.expectSame(survivor);
        await survivor.grow(transactionsOf([{ from: 0, to: 12, bytes: 3 }]));
        await states.note(survivor);
        await states.expectSame(survivor);
      }),
      { numRuns: 60 },
    );
  });

  it('is right where a block replaces it between the two looks at the store', async () => {
    const node = await Node.begin(new MemoryStore());
    await node.grow([fill(0, 1, 9)]);
    const { value: before } = await node.ledger.valueAt(1, 'sim/fill/0');
    const store = {
      async range(options: RangeOptions): Promise<Entry[]> {
        const rows = await node.store.range(options);
        await node.grow([fill(0, 1, 2)]);
        return rows;
      },
    };
    const { value } = await pastValue(store, node.ledger.state, { height: 1, applied: 1 }, 'sim/fill/0');
    expect(node.ledger.applied.height).toBe(2);
    expect(value).toEqual(before);
  });

  it('is not told where the value that stands now was changed on the disk', async () => {
    const node = await Node.begin(new MemoryStore());
    await node.grow([fill(0, 2, 9)]);
    const key = prefixedKey('state', utf8('sim/fill/0'));
    await writeTo(node.store)([{ type: 'put', key, value: Uint8Array.of(1, 2, 3) }]);
    const { ledger } = Node.reopen(node.store);
    await expect(ledger.valueAt(1, 'sim/fill/0')).rejects.toMatchObject({ code: 'storage-damaged' });
    expect((await ledger.valueAt(1, 'sim/fill/1')).value).toHaveLength(9);
  });

  it('is not told above the applied block', async () => {
    const node = await Node.begin(new MemoryStore());
    await expect(node.ledger.valueAt(1, 'sim/fill/0')).rejects.toMatchObject({ code: 'block-unknown' });
  });
});

describe('the past of a ledger that began with a snapshot', () => {
  it('begins with its block, and what stood in the store before is swept', async () => {
    const origin = await Node.begin(new MemoryStore());
    const taker = await Node.begin(new MemoryStore());
    const states = new States();
    for (let count = 0; count < 4; count++) {
      const block = await origin.grow([fill(count, count + 5, count)]);
      if (count < 2) await taker.follow(block);
    }
    const source = await origin.source();
    const reading = taker.ledger.valueAt(1, 'sim/fill/1');
    await taker.take(source);
    await source.close();
    await states.note(origin);
    for (let count = 0; count < 4; count++) {
      await taker.follow(await origin.grow([fill(2, 9, (count + 1) % 4)]));
      await states.note(origin);
    }
    await reading;
    expect(taker.ledger.pastFrom).toBe(4);
    await states.expectSame(taker, 4);
    await expect(taker.ledger.valueAt(3, 'sim/fill/1')).rejects.toMatchObject({ code: 'history-not-kept' });
    await taker.sweep();
    const left = await taker.entries('stateHistory');
    expect(left.length).toBeGreaterThan(0);
    for (const [key] of left) expect(readUint64(key, key.length - 8)).toBeGreaterThan(4);
    await states.expectSame(Node.reopen(taker.store), 4);
  });

  it('is not told by who changed to a snapshot in the middle of the reading', async () => {
    const origin = await Node.begin(new MemoryStore());
    for (let count = 0; count < 3; count++) await origin.grow([fill(0, 2, 3)]);
    const taker = await Node.begin(new MemoryStore());
    const ledger = new Ledger(taker.store, genesis, fillingRules);
    const source = await origin.source();
    const sink = await taker.sink();
    await sink.begin(source.manifest.bytes);
    for (let [address] = sink.missing(1); address !== undefined; [address] = sink.missing(1))
      await sink.accept(await source.chunk(address));
    await writeTo(taker.store)(sink.install());
    const reading = ledger.valueAt(0, 'sim/fill/0');
    ledger.reload();
    await expect(reading).rejects.toMatchObject({ code: 'history-not-kept' });
    await source.close();
  });
});

describe('a database of an earlier version', () => {
  it('keeps its content, and its past begins at the block that it had', async () => {
    const node = await Node.begin(new MemoryStore());
    await node.grow([fill(0, 5, 3)]);
    await node.grow([fill(0, 3, 2)]);
    const appliedKey = prefixedKey('meta', utf8('applied'));
    const record = decodeCanonical(node.store.get(appliedKey) as Uint8Array) as unknown[];
    const earlier = encodeCanonical([3, ...record.slice(1, -1)] as never);
    const history = await node.entries('stateHistory');
    await writeTo(node.store)([
      { type: 'put', key: appliedKey, value: earlier },
      ...history.map(([key]) => ({ type: 'delete' as const, key: prefixedKey('stateHistory', key) })),
    ]);
    const states = new States();
    const opened = Node.reopen(node.store);
    await states.note(opened);
    for (let count = 0; count < 3; count++) {
      await opened.grow([fill(count, 9, (count + 1) % 3)]);
      await states.note(opened);
    }
    expect(opened.ledger.pastFrom).toBe(2);
    expect(Node.reopen(node.store).ledger.pastFrom).toBe(2);
    await states.expectSame(Node.reopen(node.store), 2);
    await expect(opened.ledger.valueAt(1, 'sim/fill/0')).rejects.toMatchObject({ code: 'history-not-kept' });
  });
});
