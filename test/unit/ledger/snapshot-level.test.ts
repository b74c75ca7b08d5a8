import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { type OpenedBlock, snapshotLimits } from '../../../src/ledger/index.ts';
import { LevelStore } from '../../../src/storage/index.ts';
import { temporaryDirectory } from '../../support/temporary-directory.ts';
import { fill, Node } from './snapshot-support.ts';

const directory = (): string => join(temporaryDirectory(), 'database');

describe('a snapshot on LevelDB', () => {
  it('carries 20,000 keys while the source goes on, and the taker goes on after a restart', async () => {
    const [originPath, takerPath] = [directory(), directory()];
    const origin = await Node.begin(await LevelStore.open(originPath, { create: true }));
    const taker = await Node.begin(await LevelStore.open(takerPath, { create: true }));
    for (let from = 0; from < 20_000; from += 1000) await origin.grow([fill(from, from + 1000, 120)]);
    // One value of the largest size is a chunk of its own.
    await origin.grow([fill(30_000, 30_001, 262_144), fill(5, 15_000, 119)]);
    const { height, stateRoot } = origin.ledger.applied;
    const source = await origin.source();
    const sink = await taker.sink();
    await sink.begin(source.manifest.bytes);
    const blocks: OpenedBlock[] = [];
    let chunks = 0;
    for (let [address] = sink.missing(1); address !== undefined; [address] = sink.missing(1)) {
      const chunk = await source.chunk(address);
      expect(chunk.length).toBeLessThanOrEqual(snapshotLimits.chunkBytesMax);
      await sink.accept(chunk);
      chunks += 1;
      if (chunks % 8 === 0) blocks.push(await origin.grow([fill(chunks, 5000 + chunks, chunks % 3)]));
    }
    expect(blocks.length).toBeGreaterThan(1);
    await source.close();
    await taker.install(sink);
    await taker.sweep();
    expect(taker.ledger.applied.height).toBe(height);
    expect(taker.ledger.applied.stateRoot).toEqual(stateRoot);
    expect(taker.ledger.firstBlockHeight).toBe(height);
    await taker.store.close();
    const again = Node.reopen(await LevelStore.open(takerPath, { create: false }));
    for (const block of blocks) await again.follow(block);
    expect(again.ledger.applied.stateRoot).toEqual(origin.ledger.applied.stateRoot);
    await again.store.close();
    await origin.store.close();
  });
});
