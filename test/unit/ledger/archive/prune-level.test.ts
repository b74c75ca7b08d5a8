import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { present } from '../../../../src/base/index.ts';
import { ChunkBuilder, CommittedBlocks, PruneSweep, prunedRanges, putPruned } from '../../../../src/ledger/index.ts';
import { LevelStore, prefixRange } from '../../../../src/storage/index.ts';
import { temporaryDirectory } from '../../../support/temporary-directory.ts';
import { genesis, Node, transaction, writeTo } from '../snapshot-support.ts';

const valueBytes = 40_000;
const blocks = 300;

function sizeOf(folder: string): number {
  return readdirSync(folder).reduce((sum, name) => sum + statSync(join(folder, name)).size, 0);
}

test('on LevelDB, what was pruned leaves the disk, and the state and the rest of the chain stay', async () => {
  const path = join(temporaryDirectory(), 'database');
  const store = await LevelStore.open(path, { create: true });
  const node = await Node.begin(store);
  for (let count = 0; count < blocks; count++)
    await node.grow([transaction('sim.put', [1, `k${count % 5}`, new Uint8Array(valueBytes).fill(1 + (count % 100))])]);
  const builder = new ChunkBuilder(genesis.ledgerId);
  const committed = new CommittedBlocks(store);
  for (let height = 1; !builder.isFull; height++)
    builder.add(present(await committed.read(height, blocks, async () => undefined), 'it is stored').block);
  expect(builder.range?.last).toBeGreaterThan(90);
  const whole = sizeOf(path);
  expect(whole).toBeGreaterThan(blocks * valueBytes * 1.9);
  const { stateRoot, hash } = node.ledger.applied;
  const through = blocks - 20;
  await writeTo(store)([putPruned({ through, sweptThrough: 0 })]);
  node.ledger.prune(through);
  const sweep = new PruneSweep(store, through);
  let slices = 0;
  for (let slice = await sweep.next(); slice !== undefined; slice = await sweep.next()) {
    slices += 1;
    // A slice is short: some blocks, or keys without their values.
    expect(slice.length).toBeLessThanOrEqual(4096);
    if (slice.length > 0) await writeTo(store)(slice);
  }
  expect(slices).toBeGreaterThan(10);
  for (const range of prunedRanges(through)) await store.compact(range);
  // Blocks and past values are gone; what LevelDB has not flushed yet is a write buffer or two.
  expect(sizeOf(path)).toBeLessThan(whole - (through - 60) * valueBytes);
  for (const prefix of ['block', 'blockResults', 'transactionPlace'] as const)
    expect(await store.range({ ...prefixRange(prefix), limit: 1000 })).toHaveLength(blocks - through);
  expect(node.ledger.block(through)).toBeUndefined();
  expect(node.ledger.block(through + 1)?.header.height).toBe(through + 1);
  await expect(node.ledger.valueAt(through - 1, 'sim/k1')).rejects.toMatchObject({ code: 'history-not-kept' });
  const past = await node.ledger.valueAt(through, 'sim/k1');
  await store.close();
  const again = Node.reopen(await LevelStore.open(path, { create: false }));
  expect(again.ledger.applied.stateRoot).toEqual(stateRoot);
  expect(again.ledger.applied.hash).toEqual(hash);
  expect(again.ledger.firstBlockHeight).toBe(through + 1);
  expect(await again.ledger.valueAt(through, 'sim/k1')).toEqual(past);
  await again.grow([transaction('sim.put', [1, 'more', Uint8Array.of(1)])]);
  await again.store.close();
}, 60_000);
