import { describe, expect, it } from 'vitest';
import { toHex } from '../../../src/base/index.ts';
import { SnapshotSink, type SnapshotSource } from '../../../src/ledger/index.ts';
import { MemoryStore } from '../../../src/storage/index.ts';
import { SeededRandom } from '../../support/simulated-random.ts';
import { SimulatedDisk } from '../../support/simulated-store.ts';
import { fill, genesis, Node, writeTo } from './snapshot-support.ts';

/** A node on a disk that loses its power at the write of this number, before or after it is durable. */
class FailingNode {
  readonly disk: SimulatedDisk;
  #writesLeft = Number.POSITIVE_INFINITY;
  #crashed: (() => void) | undefined;

  constructor() {
    this.disk = new SimulatedDisk(() => queueMicrotask(() => this.#onWrite()));
  }

  #onWrite(): void {
    this.#writesLeft -= 1;
    if (this.#writesLeft >= 0) this.disk.completeNext();
    else this.#crashed?.();
  }

  /** Runs until it ends or the write after so many begins. What then waits for the disk waits for ever. */
  async run(writes: number, steps: () => Promise<void>): Promise<'ended' | 'crashed'> {
    this.#writesLeft = writes;
    const crashed = new Promise<'crashed'>((resolve) => {
      this.#crashed = () => resolve('crashed');
    });
    const result = await Promise.race([steps().then(() => 'ended' as const), crashed]);
    this.#writesLeft = Number.POSITIVE_INFINITY;
    return result;
  }
}

async function takeAndSweep(disk: SimulatedDisk, source: SnapshotSource): Promise<void> {
  const { store } = disk;
  const open = (): Promise<SnapshotSink> => SnapshotSink.open(store, genesis.ledgerId, writeTo(store));
  const node = Node.reopen(store);
  if (node.ledger.applied.height < source.manifest.block.header.height) await node.take(source);
  const sink = await open();
  while (await sink.sweep());
}

describe('a crash at any write of a snapshot', () => {
  it('leaves the old state or the new one, and what is done again ends the same (scenario 42)', async () => {
    const origin = await Node.begin(new MemoryStore());
    await origin.grow([fill(0, 40, 9)]);
    const first = await origin.source({ chunkContentBytesMax: 150 });
    const failing = new FailingNode();
    await failing.run(Number.POSITIVE_INFINITY, async () => {
      // One snapshot is in force, with a block on it, and another was begun, so that both places are in use.
      const node = await Node.begin(failing.disk.store);
      await node.take(first);
      await first.close();
      await node.follow(await origin.grow([fill(3, 9, 2)]));
      await origin.grow([fill(20, 60, 3)]);
      const second = await origin.source({ chunkContentBytesMax: 150 });
      const sink = await node.sink();
      while (await sink.sweep());
      await sink.begin(second.manifest.bytes);
      for (let count = 0; count < 5; count++) await sink.accept(await second.chunk(sink.missing(1)[0] as Uint8Array));
      await second.close();
    });
    const before = Node.reopen(failing.disk.store).ledger.applied;
    await origin.grow([fill(0, 70, 5)]);
    const source = await origin.source({ chunkContentBytesMax: 150 });
    const after = origin.ledger.applied;
    const begun = failing.disk;
    const copy = copyOf(begun);
    let crashes = 0;
    for (let count = 0; ; count++) {
      // The write on its way is lost or durable by chance: each has two.
      const writes = count >> 1;
      const attempt = new FailingNode();
      await restore(attempt.disk, copy);
      const result = await attempt.run(writes, () => takeAndSweep(attempt.disk, source));
      attempt.disk.crash(new SeededRandom(count));
      const { applied } = Node.reopen(attempt.disk.store).ledger;
      expect([before.height, after.height]).toContain(applied.height);
      expect(toHex(applied.stateRoot)).toBe(toHex((applied.height === after.height ? after : before).stateRoot));
      await attempt.run(Number.POSITIVE_INFINITY, () => takeAndSweep(attempt.disk, source));
      const node = Node.reopen(attempt.disk.store);
      expect(node.ledger.applied.hash).toEqual(after.hash);
      expect(await node.state()).toEqual(await origin.state());
      for (const prefix of ['snapshot', 'stream', 'blockResults'] as const)
        expect(await node.entries(prefix)).toEqual([]);
      expect(await node.entries('block')).toHaveLength(1);
      if (result === 'ended') break;
      crashes += 1;
    }
    await source.close();
    expect(crashes).toBeGreaterThan(30);
  });
});

describe('a sink on a slow disk', () => {
  it('sweeps what was still on its way when another snapshot was begun', async () => {
    const [first, second] = [await Node.begin(new MemoryStore()), await Node.begin(new MemoryStore())];
    await first.grow([fill(0, 40, 9)]);
    await second.grow([fill(30, 60, 3)]);
    const [source, other] = [await first.source({ chunkContentBytesMax: 150 }), await second.source()];
    let isSlow = false;
    const disk = new SimulatedDisk(() => {
      if (!isSlow) queueMicrotask(() => disk.completeNext());
    });
    const taker = await Node.begin(disk.store);
    const sink = await taker.sink();
    isSlow = true;
    const begun = [sink.begin(source.manifest.bytes)];
    for (let count = 0; count < 8; count++)
      begun.push(sink.accept(await source.chunk(sink.missing(1)[0] as Uint8Array)));
    begun.push(sink.begin(other.manifest.bytes));
    const swept = sink.sweep();
    // Far more turns than a read takes: a sweep that does not wait for the disk has read by now.
    for (let turn = 0; turn < 20; turn++) await Promise.resolve();
    isSlow = false;
    while (disk.completeNext());
    await Promise.all([...begun, swept]);
    while (await sink.sweep());
    for (let [address] = sink.missing(1); address !== undefined; [address] = sink.missing(1))
      await sink.accept(await other.chunk(address));
    await taker.install(sink);
    await taker.sweep();
    expect(await taker.state()).toEqual(await second.state());
  });
});

const lowest = new Uint8Array();
const highest = Uint8Array.of(0xff);

function copyOf(disk: SimulatedDisk): ReturnType<SimulatedDisk['entries']> {
  return disk.entries(lowest, highest);
}

async function restore(disk: SimulatedDisk, entries: ReturnType<SimulatedDisk['entries']>): Promise<void> {
  const written = writeTo(disk.store)(entries.map(([key, value]) => ({ type: 'put', key, value })));
  disk.completeNext();
  await written;
}
