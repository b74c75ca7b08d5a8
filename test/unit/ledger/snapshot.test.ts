import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { assert, concatBytes, fromHex, latin1Bytes, latin1Text, toHex, utf8 } from '../../../src/base/index.ts';
import { HASH_BYTES, merkleRoot } from '../../../src/crypto/index.ts';
import {
  type CanonicalValue,
  decodeCanonical,
  encodeCanonical,
  SnapshotSink,
  SnapshotSource,
} from '../../../src/ledger/index.ts';
import { decodeChunk, encodeChunk, hashesIn } from '../../../src/ledger/snapshot/format.ts';
import { type Child, inner } from '../../../src/ledger/state/nodes.ts';
import { decodePage, encodePage } from '../../../src/ledger/state/pages.ts';
import { MemoryStore, prefixedKey } from '../../../src/storage/index.ts';
import { fill, genesis, Node, proofsOf, startMs, transaction, writeTo } from './snapshot-support.ts';

const begin = (): Promise<Node> => Node.begin(new MemoryStore());
const invalid = expect.objectContaining({ code: 'snapshot-invalid' });

/** A ledger of some blocks with so many keys. */
async function filled(keys: number, valueBytes = 40): Promise<Node> {
  const node = await begin();
  await node.grow([fill(0, keys, valueBytes)]);
  await node.grow([fill(0, Math.ceil(keys / 3), valueBytes + 1), transaction('sim.put', [1, 'a', Uint8Array.of(1)])]);
  return node;
}

/** Every chunk of a source, by address, as one sink asks for them. */
async function chunksOf(source: SnapshotSource): Promise<Map<string, Uint8Array>> {
  const store = new MemoryStore();
  await Node.begin(store);
  const sink = await SnapshotSink.open(store, genesis.ledgerId, writeTo(store));
  await sink.begin(source.manifest.bytes);
  const chunks = new Map<string, Uint8Array>();
  for (let [address] = sink.missing(1); address !== undefined; [address] = sink.missing(1)) {
    const chunk = await source.chunk(address);
    chunks.set(toHex(address), chunk);
    await sink.accept(chunk);
  }
  return chunks;
}

/** The chunk, read as a whole, never resolves to one that is accepted. */
async function refuses(sink: SnapshotSink, chunk: Uint8Array): Promise<void> {
  await expect((async () => sink.accept(chunk))()).rejects.toEqual(invalid);
}

describe('a snapshot', () => {
  it('carries any state, in any order and chunks of any size, over and over; both go on to the same roots', async () => {
    const change = fc.record({
      from: fc.nat(200),
      count: fc.nat(120),
      bytes: fc.constantFrom(0, 1, 9, 60),
      afterMs: fc.constantFrom(1, 1000, 70_000),
    });
    const run = fc.record({
      blocks: fc.array(change, { minLength: 1, maxLength: 4 }),
      chunkContentBytesMax: fc.constantFrom(1, 300, 3000, 262_144),
      keyBytesMax: fc.constantFrom(1, 1500, 1_000_000),
      order: fc.infiniteStream(fc.nat()),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(run, { minLength: 1, maxLength: 3 }), async (runs) => {
        let origin = await begin();
        let taker = await begin();
        for (const { blocks, order, ...options } of runs) {
          for (const { from, count, bytes, afterMs } of blocks)
            await origin.grow([fill(from, from + count, bytes, origin.ledger.applied.timestamp + 200_000)], afterMs);
          const source = await origin.source(options);
          const sink = await taker.sink();
          await sink.begin(source.manifest.bytes);
          while (await sink.sweep());
          for (let missing = sink.missing(50); missing.length > 0; missing = sink.missing(50)) {
            const chunk = await source.chunk(missing[(order.next().value ?? 0) % missing.length] as Uint8Array);
            await sink.accept(chunk);
            await sink.accept(chunk);
          }
          await source.close();
          expect(sink.isComplete).toBe(true);
          await taker.install(sink);
          await taker.sweep();
          expect(taker.ledger.applied.stateRoot).toEqual(origin.ledger.applied.stateRoot);
          expect(await taker.state()).toEqual(await origin.state());
          await taker.follow(await origin.grow([fill(5, 40, 7, origin.ledger.applied.timestamp + 200_000)]));
          // The next snapshot is of a ledger that began with one.
          [origin, taker] = [taker, origin];
          taker = await begin();
          expect(Node.reopen(origin.store).ledger.applied.height).toBe(origin.ledger.applied.height);
        }
      }),
      { numRuns: 12 },
    );
  });

  it('is of one height, whatever is committed meanwhile', async () => {
    const [origin, taker] = [await filled(600), await begin()];
    const { height, stateRoot } = origin.ledger.applied;
    const source = await origin.source({ chunkContentBytesMax: 2000 });
    const sink = await taker.sink();
    await sink.begin(source.manifest.bytes);
    const blocks = [];
    for (let [address] = sink.missing(1); address !== undefined; [address] = sink.missing(1)) {
      await sink.accept(await source.chunk(address));
      if (blocks.length < 20) blocks.push(await origin.grow([fill(blocks.length, 600, blocks.length % 3)]));
    }
    await taker.install(sink);
    expect([taker.ledger.applied.height, taker.ledger.applied.stateRoot]).toEqual([height, stateRoot]);
    for (const block of blocks) await taker.follow(block);
    expect(taker.ledger.applied.stateRoot).toEqual(origin.ledger.applied.stateRoot);
  });

  it('has more executed ids in a minute than one chunk holds', async () => {
    const [origin, taker] = [await begin(), await begin()];
    const items = Array.from({ length: 2500 }, (_, index) => fill(index, index + 1, 1));
    for (let from = 0; from < items.length; from += 1000) await origin.grow(items.slice(from, from + 1000));
    const source = await origin.source();
    const sink = await taker.sink();
    await sink.begin(source.manifest.bytes);
    const types = new Set<string>();
    for (let [address] = sink.missing(1); address !== undefined; [address] = sink.missing(1)) {
      const chunk = await source.chunk(address);
      const { address: of, content } = decodeChunk(chunk);
      types.add(of.type);
      // One root in the place of those below it has the same root, and ids that nobody has.
      if (of.type === 'outline' && content.type === 'hashes')
        await refuses(sink, encodeChunk(address, { type: 'hashes', hashes: merkleRoot(hashesIn(content.hashes)) }));
      await refuses(sink, chunk.with(-1, (chunk.at(-1) as number) ^ 1));
      await sink.accept(chunk);
    }
    expect([...types]).toEqual(['state', 'outline', 'ids']);
    await taker.install(sink);
    for (const item of [items[0], items[2047], items[2048], items[2499]])
      expect(taker.refusal(item as never)).toBe('already-executed');
    await taker.follow(await origin.grow([fill(1, 2, 3)]));
    await (await begin()).take(await taker.source());
  });

  it('has the same chunks in whichever order they are made, and however few keys fit memory', async () => {
    const origin = await filled(300);
    const chunkContentBytesMax = 300;
    const whole = await origin.source({ chunkContentBytesMax });
    const chunks = [...(await chunksOf(whole))];
    await whole.close();
    for (const keyBytesMax of [1, 2500]) {
      const source = await origin.source({ chunkContentBytesMax, keyBytesMax });
      for (const [address, chunk] of chunks.toReversed())
        expect(await source.chunk(fromHex(address) as Uint8Array)).toEqual(chunk);
      await source.close();
    }
  });

  it('says no twice: one source at a store at a time, none before the first block, none without proofs', async () => {
    const node = await begin();
    expect(await SnapshotSource.open(node.store, proofsOf)).toBeUndefined();
    await node.grow([]);
    expect(await SnapshotSource.open(node.store, () => undefined)).toBeUndefined();
    const source = await node.source();
    await expect(node.source()).rejects.toThrow('one source is open on a store');
    await expect(source.chunk(Uint8Array.of(0x93, 0, 252, 1))).rejects.toEqual(invalid);
    await source.close();
    await expect(source.chunk(new Uint8Array())).rejects.toThrow('the source is open');
    await (await node.source()).close();
  });
});

describe('a sink', () => {
  it('refuses a chunk with any byte changed, and takes the right one afterwards', async () => {
    const origin = await filled(60, 3);
    const source = await origin.source({ chunkContentBytesMax: 400 });
    const taker = await begin();
    const sink = await taker.sink();
    await sink.begin(source.manifest.bytes);
    for (let [address] = sink.missing(1); address !== undefined; [address] = sink.missing(1)) {
      const chunk = await source.chunk(address);
      for (let at = 0; at < chunk.length; at++) {
        const wrong = chunk.slice();
        wrong[at] = (wrong[at] as number) ^ (1 << (at % 8));
        await refuses(sink, wrong);
      }
      await refuses(sink, chunk.subarray(0, -1));
      await refuses(sink, new Uint8Array([...chunk, 0]));
      await sink.accept(chunk);
    }
    await taker.install(sink);
    await taker.sweep();
    expect(await taker.state()).toEqual(await origin.state());
  });

  it('refuses a leaf that a split passes off as a deeper tree, although the hash is right, and children too few or many', async () => {
    const source = await (await filled(40, 3)).source({ chunkContentBytesMax: 1 });
    const sink = await (await begin()).sink();
    await sink.begin(source.manifest.bytes);
    const [address] = sink.missing(1) as [Uint8Array];
    const chunk = await source.chunk(address);
    const { content } = decodeChunk(chunk);
    assert(content.type === 'split', 'there are too many keys for a chunk');
    const node = decodePage(content.page, latin1Text(source.manifest.block.header.stateRoot));
    const [pairs, forgedPairs] = [hashesIn(content.children), [] as Uint8Array[]];
    const forge = (child: Child, depth: number): Child => {
      if (depth === 4 && child?.type === 'leaf') {
        forgedPairs.push(latin1Bytes(child.keyHash), latin1Bytes(child.valueHash));
        return { type: 'stub', hash: child.hash };
      }
      if (child?.type === 'stub') forgedPairs.push(...pairs.splice(0, 2));
      if (child?.type !== 'inner') return child;
      const [left, right] = [forge(child.left, depth + 1), forge(child.right, depth + 1)];
      return inner(left, right);
    };
    const forged = forge(node, 0) as typeof node;
    expect(forgedPairs.length).toBeGreaterThan(hashesIn(content.children).length);
    expect(forged.hash).toBe(node.hash);
    await refuses(
      sink,
      encodeChunk(address, { type: 'split', page: encodePage(forged), children: concatBytes(...forgedPairs) }),
    );
    for (const children of [content.children.subarray(HASH_BYTES), concatBytes(content.children, content.children)])
      await refuses(sink, encodeChunk(address, { ...content, children }));
    await sink.accept(chunk);
    await source.close();
  });

  it('refuses chunks of another height that differ, and ones that nobody asked for', async () => {
    const origin = await filled(300);
    const before = await chunksOf(await origin.source({ chunkContentBytesMax: 3000 }));
    const other = await begin();
    await other.grow([fill(0, 300, 40)]);
    const source = await other.source({ chunkContentBytesMax: 3000 });
    const sink = await (await begin()).sink();
    await refuses(sink, [...before.values()][0] as Uint8Array);
    await sink.begin(source.manifest.bytes);
    for (const chunk of before.values()) await refuses(sink, chunk);
    await source.close();
  });

  it('refuses a snapshot that is not ahead, at the beginning and at the end', async () => {
    const [origin, taker] = [await begin(), await begin()];
    const block = await origin.grow([fill(0, 10, 2)]);
    const source = await origin.source();
    const sink = await taker.sink();
    await sink.begin(source.manifest.bytes);
    for (let [address] = sink.missing(1); address !== undefined; [address] = sink.missing(1))
      await sink.accept(await source.chunk(address));
    await taker.follow(block);
    expect(() => sink.install()).toThrow(invalid);
    expect(() => sink.begin(source.manifest.bytes)).toThrow(invalid);
  });

  it('goes on after a restart with what it holds', async () => {
    const [origin, taker] = [await filled(400), await begin()];
    await origin.grow([fill(0, 1, 1, startMs + 400_000)]);
    const source = await origin.source({ chunkContentBytesMax: 1500 });
    const asked = new Set<string>();
    await (await taker.sink()).begin(source.manifest.bytes);
    for (;;) {
      const sink = await taker.sink();
      await sink.begin(source.manifest.bytes);
      const [address] = sink.missing(1);
      if (address === undefined) break;
      expect(asked).not.toContain(toHex(address));
      asked.add(toHex(address));
      await sink.accept(await source.chunk(address));
    }
    expect(asked.size).toBeGreaterThan(20);
    await taker.install(await taker.sink());
    await taker.sweep();
    expect(await taker.state()).toEqual(await origin.state());
    // It knows what was executed, too.
    await taker.follow(await origin.grow([fill(1, 2, 3)]));
    expect(taker.ledger.applied.stateRoot).toEqual(origin.ledger.applied.stateRoot);
  });

  it('gives up a snapshot for another one, of which nothing of the first is left', async () => {
    const [first, second, taker] = [await filled(300), await filled(200, 30), await begin()];
    await second.grow([]);
    const source = await first.source({ chunkContentBytesMax: 1500 });
    const sink = await taker.sink();
    await sink.begin(source.manifest.bytes);
    for (let count = 0; count < 25; count++) await sink.accept(await source.chunk(sink.missing(1)[0] as Uint8Array));
    const other = await second.source();
    await sink.begin(other.manifest.bytes);
    expect([sink.isSweeping, sink.missing(9), sink.isComplete]).toEqual([true, [], false]);
    await taker.take(other);
    await taker.sweep();
    expect(await taker.state()).toEqual(await second.state());
    expect(await taker.entries('snapshot')).toEqual([]);
  });

  it('leaves nothing of the place of the state before, the executed ids included', async () => {
    const [origin, taker] = [await filled(30), await begin()];
    for (const [now, before] of [
      ['otherExecutedId', 'executedId'],
      ['executedId', 'otherExecutedId'],
    ] as const) {
      const source = await origin.source();
      await taker.take(source);
      await source.close();
      await taker.sweep();
      expect((await taker.entries(now)).length).toBeGreaterThan(0);
      expect(await taker.entries(before)).toEqual([]);
      await origin.grow([fill(0, 3, 3)]);
    }
  });
});

describe('a store that an earlier version wrote', () => {
  it('is read on, and gives snapshots from its next block on', async () => {
    const node = await filled(20);
    const key = prefixedKey('meta', utf8('applied'));
    const { history, height } = node.ledger.applied;
    const record = decodeCanonical(node.store.get(key) as Uint8Array) as readonly CanonicalValue[];
    // Version 2: the history with the block, and nothing of where the state stands.
    const earlier = encodeCanonical([2, ...record.slice(1, 7), [history.size, history.peaks], ...record.slice(8, 10)]);
    await writeTo(node.store)([{ type: 'put', key, value: earlier }]);
    const again = Node.reopen(node.store);
    expect(again.ledger.applied.history.root()).toEqual(history.root());
    expect(again.ledger.firstBlockHeight).toBe(1);
    expect(await SnapshotSource.open(node.store, proofsOf)).toBeUndefined();
    await again.grow([fill(0, 3, 3)]);
    const taker = await begin();
    await taker.take(await again.source());
    expect(taker.ledger.applied.height).toBe(height + 1);
  });
});

describe('a ledger that began with a snapshot', () => {
  it('says from which height on it has history, and shows none from before', async () => {
    const [origin, taker] = [await filled(30), await begin()];
    // What the taker had before: a block of its own, and index entries, which now stand before a gap.
    for (const height of [1, 2]) await taker.follow(origin.ledger.block(height) as never);
    for (let count = 0; count < 5; count++) await origin.grow([fill(count, 30, count)]);
    const before = origin.ledger.applied;
    expect(taker.ledger.firstBlockHeight).toBe(1);
    await taker.take(await origin.source());
    for (const swept of [false, true]) {
      if (swept) await taker.sweep();
      const { ledger } = Node.reopen(taker.store);
      expect(ledger.firstBlockHeight).toBe(before.height);
      expect([1, 2, 3, before.height - 1].map((height) => ledger.block(height))).toEqual(Array(4).fill(undefined));
      expect(ledger.block(before.height)?.hash).toEqual(before.hash);
      expect(ledger.blockByHash(before.hash)?.header.height).toBe(before.height);
      expect(await ledger.stream('sim:fill', { limit: 10 })).toEqual({ entries: [] });
      expect(await ledger.stream('sim:fill', { limit: 10, reverse: true })).toEqual({ entries: [] });
    }
    expect((await taker.entries('stream')).length + (await taker.entries('otherState')).length).toBeGreaterThan(0);
    expect(await taker.entries('block')).toHaveLength(1);
    expect(await taker.entries('stream')).toHaveLength(0);
    expect(await taker.entries('blockResults')).toHaveLength(0);
    expect(await taker.entries('state')).toEqual([]);
    const block = await origin.grow([fill(1, 2, 2)]);
    await taker.follow(block);
    expect((await taker.ledger.stream('sim:fill', { limit: 10 })).entries.map(({ height }) => height)).toEqual([
      block.header.height,
    ]);
    expect(taker.ledger.firstBlockHeight).toBe(before.height);
  });

  it('executes nothing twice: neither what came before it nor what it executed itself', async () => {
    const [origin, taker] = [await begin(), await begin()];
    const [old, recent, late] = [
      fill(0, 3, 1, startMs + 30_000),
      fill(3, 5, 1, startMs + 300_000),
      fill(5, 6, 1, startMs + 660_000),
    ];
    await origin.grow([old, recent]);
    await origin.grow([late], 90_000);
    await taker.take(await origin.source());
    await taker.sweep();
    const items = [old, recent, late];
    for (const node of [origin, taker, Node.reopen(taker.store)]) {
      expect(items.map((item) => node.refusal(item))).toEqual(['expired', 'already-executed', 'already-executed']);
      expect(items.map((item) => node.ledger.hasExecuted(item)).slice(1)).toEqual([true, true]);
    }
    expect(taker.ledger.receiptOf(recent)).toBeUndefined();
    // A second hand gets the ids that the first was given, in their order, and those that it executed since.
    const own = fill(6, 7, 1, startMs + 300_000);
    await taker.follow(await origin.grow([own]));
    const third = await begin();
    await third.take(await taker.source());
    expect([recent, late, own].map((item) => third.refusal(item))).toEqual(Array(3).fill('already-executed'));
    // Past the window nothing of before is looked up, and the buckets go as everywhere.
    const block = await origin.grow([], 700_000);
    for (const node of [taker, third]) await node.follow(block);
    expect(third.refusal(fill(8, 9, 1, block.header.timestamp + 5000))).toBeUndefined();
  });
});
