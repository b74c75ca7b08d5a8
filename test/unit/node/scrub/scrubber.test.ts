import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Clock, equalBytes, present, silentLogger, uint64Bytes } from '../../../../src/base/index.ts';
import { type NodeId, verifySignature } from '../../../../src/crypto/index.ts';
import { openBlock, readBlock } from '../../../../src/ledger/index.ts';
import { systemClock } from '../../../../src/node/clock.ts';
import { groupLimits } from '../../../../src/node/query-index/block-group.ts';
import { mendValue, Repairs, Scrubber, type ScrubCounts, scrubbedParts } from '../../../../src/node/scrub/index.ts';
import {
  decodeRepairMessage,
  encodeRepairMessage,
  pieceBytesMax,
  type RepairMessage,
} from '../../../../src/node/scrub/messages.ts';
import type { ScrubberOptions } from '../../../../src/node/scrub/scrubber.ts';
import {
  type Entry,
  type KeyPrefix,
  LevelStore,
  MemoryStore,
  MemoryTable,
  type Operation,
  prefixedKey,
  prefixRange,
  textOfKey,
} from '../../../../src/storage/index.ts';
import { treeParts } from '../../../support/tree-parts.ts';
import { bent } from '../audit/support.ts';
import { Indexed, journalOf, written } from '../query-index/support.ts';
import { Chain } from '../replay/support.ts';

let folder: string;
let store: LevelStore;
let chain: Chain;
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'assent-scrub-'));
  store = await LevelStore.open(folder, { create: true });
  chain = await Chain.begin(store);
  for (let block = 0; block < 3; block++)
    await chain.block([chain.grant({ type: 'permit', purposes: ['TREAT'] }), chain.access()]);
});
afterEach(async () => {
  await store.close();
  rmSync(folder, { recursive: true, force: true });
});

function write(operations: readonly Operation[]): Promise<void> {
  return new Promise((resolve, reject) =>
    store.write(operations, (error) => (error === undefined ? resolve() : reject(error))),
  );
}

async function entry(prefix: KeyPrefix, place = 0): Promise<Entry> {
  const entries = await store.range({ ...prefixRange(prefix), limit: 1000 });
  return present(entries.at(place), 'an entry');
}

const nobody = { peers: () => [], send: () => undefined };

/** Repairs whose only peer is another, with what it had before anything was damaged. */
function repairsFrom(healthy: Chain | undefined, spoil = (bytes: Uint8Array) => bytes): Repairs {
  if (healthy === undefined) return new Repairs({ ledger: chain.ledger, verify: verifySignature, ...nobody });
  const [own, peer]: NodeId[] = ['own', 'peer'];
  const repairs: Repairs = new Repairs({
    ledger: chain.ledger,
    verify: verifySignature,
    peers: () => [peer as NodeId],
    send: (_, frame) => {
      // Its clock goes on.
      other.tick();
      other.receive(own as NodeId, decodeRepairMessage(frame));
    },
  });
  const other: Repairs = new Repairs({
    ledger: healthy.ledger,
    verify: verifySignature,
    peers: () => [],
    send: (_, frame) => {
      const message = decodeRepairMessage(frame);
      const given: RepairMessage = message.type === 'give' ? { ...message, bytes: spoil(message.bytes) } : message;
      queueMicrotask(() => repairs.receive(peer as NodeId, given));
    },
  });
  return repairs;
}

/** One look at everything. */
async function scrubbed(
  repairs: Repairs = repairsFrom(undefined),
  others: Partial<ScrubberOptions> = {},
): Promise<ScrubCounts> {
  const { promise: faulted, reject } = Promise.withResolvers<never>();
  const scrubber = new Scrubber({
    ledger: chain.ledger,
    store,
    verify: verifySignature,
    ...nobody,
    journal: { append: (operations, _, done) => store.write(operations, done) },
    index: () => ({ stored: undefined, epoch: 0 }),
    cosignatures: () => undefined,
    database: folder,
    repairs,
    clock: { ...systemClock, after: (_, callback) => systemClock.after(0, callback) },
    logger: silentLogger,
    onFault: reject,
    bytesPerSecond: 1e12,
    pauseMs: 0,
    ...others,
  });
  scrubber.start();
  while (scrubber.counts.passes === 0) await Promise.race([new Promise((resolve) => setImmediate(resolve)), faulted]);
  await scrubber.stop();
  return scrubber.counts;
}

/** The same chain on another disk. */
async function twin(): Promise<Chain> {
  const table = new MemoryTable();
  for (let from: Uint8Array = new Uint8Array(); ; ) {
    const page = await store.range({ from, to: Uint8Array.of(0xff), limit: 1000 });
    table.apply(page.map(([key, value]): Operation => ({ type: 'put', key, value })));
    if (page.length < 1000) break;
    from = Uint8Array.of(...present(page.at(-1), 'a full page')[0], 0);
  }
  return Chain.reopen(new MemoryStore(table));
}

const sums = ({ found, repaired, open }: ScrubCounts): object => ({ found, repaired, open });
const none = Object.fromEntries(scrubbedParts.map((part) => [part, 0]));

describe('a look at everything', () => {
  it('finds nothing on a whole disk', async () => {
    expect(sums(await scrubbed())).toEqual({ found: none, repaired: none, open: 0 });
  });

  it('looks at what is small together, and rests for as long as its bytes are worth', async () => {
    const pauseMs = 60_000;
    const restsOf = async (bytesPerSecond: number): Promise<number[]> => {
      const rests: number[] = [];
      const after: Clock['after'] = (delayMs, callback) => {
        rests.push(delayMs);
        return systemClock.after(0, callback);
      };
      // Work takes no time.
      await scrubbed(undefined, { clock: { ...systemClock, monotonicMs: () => 0, after }, bytesPerSecond, pauseMs });
      return rests.slice(0, rests.indexOf(pauseMs));
    };
    expect(await restsOf(1e12)).toEqual([]);
    const rests = await restsOf(10_000);
    expect(rests.length).toBeGreaterThan(1);
    expect(rests.every((restMs) => restMs >= 50)).toBe(true);
    const { bytes } = await scrubbed();
    const sumMs = rests.reduce((sum, restMs) => sum + restMs, 0);
    expect(sumMs).toBeGreaterThan((1000 * bytes) / 10_000 - 50);
    expect(sumMs).toBeLessThanOrEqual((1000 * bytes) / 10_000 + 1e-6);
  });

  it('finds another block, says so until a peer has given the right one, and takes no other', async () => {
    const healthy = await twin();
    const [right, other] = [present(readBlock(store, 4), 'a block'), present(readBlock(store, 5), 'another')];
    await write([{ type: 'put', key: prefixedKey('block', uint64Bytes(4)), value: bent(right.bytes, 30) }]);
    chain = Chain.reopen(store);
    expect(() => chain.ledger.block(4)).toThrow(expect.objectContaining({ code: 'storage-damaged' }));
    expect(sums(await scrubbed())).toEqual({ found: { ...none, blocks: 1 }, repaired: none, open: 1 });
    expect(sums(await scrubbed(repairsFrom(healthy, () => other.bytes)))).toMatchObject({ repaired: none, open: 1 });
    expect(sums(await scrubbed(repairsFrom(healthy)))).toEqual({
      found: { ...none, blocks: 1 },
      repaired: { ...none, blocks: 1 },
      open: 0,
    });
    expect(chain.ledger.block(4)?.bytes).toEqual(right.bytes);
    expect(sums(await scrubbed())).toEqual({ found: none, repaired: none, open: 0 });
  });

  it('puts a question again that was lost on the way', async () => {
    const sent: RepairMessage[] = [];
    const repairs = new Repairs({
      ledger: chain.ledger,
      verify: verifySignature,
      peers: () => ['peer' as NodeId],
      send: (_, frame) => sent.push(decodeRepairMessage(frame)),
    });
    const fetched = repairs.fetch({ type: 'block', height: 1, hash: new Uint8Array(32) });
    await Promise.resolve();
    for (let tick = 0; tick < 50; tick++) repairs.tick();
    expect(sent).toHaveLength(3);
    expect(new Set(sent.map((message) => JSON.stringify(message))).size).toBe(1);
    for (let tick = 0; tick < 50; tick++) repairs.tick();
    expect(await fetched).toBeUndefined();
    expect(sent).toHaveLength(5);
  });

  it('finds a header whose signature is another: the hash of a block does not cover it', async () => {
    const healthy = await twin();
    const { bytes, headerSignature } = present(readBlock(store, 4), 'a block');
    const at = Buffer.from(bytes).indexOf(headerSignature);
    await write([{ type: 'put', key: prefixedKey('block', uint64Bytes(4)), value: bent(bytes, at) }]);
    expect(openBlock(bent(bytes, at)).hash).toEqual(openBlock(bytes).hash);
    expect(sums(await scrubbed(repairsFrom(healthy)))).toEqual({
      found: { ...none, blocks: 1 },
      repaired: { ...none, blocks: 1 },
      open: 0,
    });
  });

  it.each(['transactionPlace', 'blockResults'] as const)(
    'finds a %s that is another or gone, and derives it anew',
    async (kind) => {
      for (const damage of ['bent', 'gone']) {
        const [key, value] = await entry(kind, 3);
        await write([damage === 'bent' ? { type: 'put', key, value: bent(value) } : { type: 'delete', key }]);
        chain = Chain.reopen(store);
        expect(sums(await scrubbed())).toEqual({
          found: { ...none, receipts: 1 },
          repaired: { ...none, receipts: 1 },
          open: 0,
        });
        expect(store.get(key)).toEqual(value);
      }
    },
  );

  it('finds a value that is another, and fetches the right one; a value that nobody wrote goes', async () => {
    const healthy = await twin();
    const [key, value] = await entry('state', 5);
    const strange = prefixedKey('state', new TextEncoder().encode('nobody/wrote/this'));
    await write([
      { type: 'put', key, value: bent(value) },
      { type: 'put', key: strange, value },
    ]);
    chain = Chain.reopen(store);
    const name = textOfKey(key);
    expect(() => chain.ledger.state.get(name)).toThrow(expect.objectContaining({ code: 'storage-damaged' }));
    // The tree says that there is nothing.
    expect(chain.ledger.state.get('nobody/wrote/this')).toBeUndefined();
    expect(sums(await scrubbed(repairsFrom(healthy)))).toEqual({
      found: { ...none, state: 2 },
      repaired: { ...none, state: 2 },
      open: 0,
    });
    expect(chain.ledger.state.get(name)).toEqual(value);
    expect(store.get(strange)).toBeUndefined();
  });

  it('a value that execution needs is put in order by itself, as it stood, though the peer has gone on', async () => {
    const healthy = await twin();
    const state = await store.range({ ...prefixRange('state'), limit: 1000 });
    for (let block = 0; block < 3; block++)
      await healthy.block([healthy.grant({ type: 'permit', purposes: ['TREAT'] }), healthy.access()]);
    const replaced = state.filter(([key, value]) => !equalBytes(healthy.store.get(key) ?? value, value));
    expect(replaced.length).toBeGreaterThan(0);
    const strange = prefixedKey('state', new TextEncoder().encode('nobody/wrote/this'));
    await write([{ type: 'put', key: strange, value: Uint8Array.of(1) }]);
    for (const [key, value] of [...replaced, [strange, undefined] as const]) {
      const name = textOfKey(key);
      for (const damage of ['bent', 'gone']) {
        if (value !== undefined)
          await write([damage === 'bent' ? { type: 'put', key, value: bent(value) } : { type: 'delete', key }]);
        chain = Chain.reopen(store);
        const journal = journalOf(store);
        let nowMs = 0;
        const after = (ms: number, then: () => void) => {
          nowMs += ms;
          return systemClock.after(0, then);
        };
        const clock = { ...systemClock, monotonicMs: () => nowMs, after };
        const mend = (repairs: Repairs) => mendValue({ ledger: chain.ledger, store, journal, repairs, clock }, name);
        if (value === undefined) expect(chain.ledger.state.get(name)).toBeUndefined();
        else {
          expect(() => chain.ledger.state.get(name)).toThrow(
            expect.objectContaining({ code: 'storage-damaged', data: { key: name } }),
          );
          expect(await mend(repairsFrom(undefined))).toBe(false);
          expect(await mend(repairsFrom(healthy, bent))).toBe(false);
        }
        expect(await mend(repairsFrom(healthy))).toBe(true);
        expect(store.get(key)).toEqual(value);
        expect(Chain.reopen(store).ledger.state.get(name)).toEqual(value);
        if (value === undefined) break;
      }
    }
  });

  it('finds records of the index of transactions that are others or gone, and makes them anew', async () => {
    // Two groups of blocks that are full, and one that is not.
    while (chain.ledger.applied.height < 130)
      await chain.block(chain.ledger.applied.height % 20 === 0 ? [chain.access()] : []);
    const { indexer } = new Indexed(chain, { limits: { ...groupLimits, records: 4000 } });
    await written(indexer, chain.ledger.applied.height);
    await indexer.stop();
    expect(indexer.stored).toMatchObject({ from: 1, through: 127 });
    const index = () => indexer;
    expect(sums(await scrubbed(undefined, { index }))).toEqual({ found: none, repaired: none, open: 0 });
    const records = (await store.range({ ...prefixRange('queryIndex'), limit: 1000 })).slice(1);
    const isPlaces = ([key]: Entry): boolean => key[1] === 2;
    const isOfSecond = ([key]: Entry): boolean => key.at(-1) === 64;
    const [[first], [second, value]] = [
      present(records[0], 'a time'),
      present(
        records.find((record) => isPlaces(record) && isOfSecond(record)),
        'places',
      ),
    ];
    await write([
      { type: 'delete', key: first },
      { type: 'put', key: second, value: bent(value) },
    ]);
    // They are of two groups.
    const two = { ...none, index: 2 };
    expect(sums(await scrubbed(undefined, { index }))).toEqual({ found: two, repaired: two, open: 0 });
    expect((await store.range({ ...prefixRange('queryIndex'), limit: 1000 })).slice(1)).toEqual(records);
    // What is being made anew is nobody's.
    await write([{ type: 'delete', key: first }]);
    const dropped = () => ({ stored: undefined, epoch: 1 });
    expect(sums(await scrubbed(undefined, { index: dropped }))).toEqual({ found: none, repaired: none, open: 0 });
  });

  it('finds cosignatures that are others or gone, and writes again what it remembers', async () => {
    const key = prefixedKey('cosignature', new Uint8Array(32).fill(3));
    const records = [{ key, value: Uint8Array.of(1, 2, 3) }];
    const cosignatures = () => ({ records });
    await write([{ type: 'put', key, value: Uint8Array.of(1, 2, 3) }]);
    expect(sums(await scrubbed(undefined, { cosignatures }))).toEqual({ found: none, repaired: none, open: 0 });
    for (const damage of [
      { type: 'put', key, value: Uint8Array.of(1, 2) } as const,
      { type: 'delete', key } as const,
    ]) {
      await write([damage]);
      const one = { ...none, cosignatures: 1 };
      expect(sums(await scrubbed(undefined, { cosignatures }))).toEqual({ found: one, repaired: one, open: 0 });
      expect(store.get(key)).toEqual(Uint8Array.of(1, 2, 3));
    }
  });

  it('a value that is gone is not said to be absent', async () => {
    const [key] = await entry('state', 5);
    await write([{ type: 'delete', key }]);
    chain = Chain.reopen(store);
    const name = textOfKey(key);
    expect(() => chain.ledger.state.get(name)).toThrow(expect.objectContaining({ code: 'storage-damaged' }));
  });
});

it('finds a page of the tree that is another, and makes it anew out of the values', async () => {
  const credentials = (from: number, count: number) =>
    Array.from({ length: count }, (_, index) => chain.credential('north', `agent ${from + index}`, 'clinician'));
  await chain.block(credentials(0, 700));
  await write(treeParts(store));
  chain = Chain.reopen(store);
  const [key, value] = await entry('treeNode', 7);
  await write([{ type: 'put', key, value: bent(value) }]);
  chain = Chain.reopen(store);
  const counts = await scrubbed();
  expect(sums(counts)).toEqual({ found: { ...none, tree: 1 }, repaired: { ...none, tree: 1 }, open: 0 });
  expect(store.get(key)).toEqual(value);
  await chain.block(credentials(700, 50));
  chain = Chain.reopen(store);
  expect(sums(await scrubbed())).toEqual({ found: none, repaired: none, open: 0 });
});

describe('messages about repairs', () => {
  const hash = new Uint8Array(32).fill(7);
  it.each<[string, RepairMessage]>([
    ['a block', { type: 'ask', wanted: { type: 'block', height: 9, hash }, offset: 0 }],
    ['a value', { type: 'ask', wanted: { type: 'value', key: 'consent/x', height: 0, hash }, offset: pieceBytesMax }],
    [
      'a piece',
      {
        type: 'give',
        wanted: { type: 'block', height: 9, hash },
        offset: 4,
        total: 8,
        bytes: Uint8Array.of(1, 2, 3, 4),
      },
    ],
    [
      'nothing',
      {
        type: 'give',
        wanted: { type: 'value', key: 'k', height: 7, hash },
        offset: 0,
        total: 0,
        bytes: new Uint8Array(),
      },
    ],
  ])('%s comes back as it was', (_, message) => {
    expect(decodeRepairMessage(encodeRepairMessage(message))).toEqual(message);
  });

  it('anything else is refused', () => {
    const wanted = { type: 'block', height: 9, hash } as const;
    const frames = [
      new Uint8Array(),
      encodeRepairMessage({ type: 'ask', wanted: { ...wanted, height: 0 }, offset: 0 }),
      encodeRepairMessage({ type: 'ask', wanted: { ...wanted, hash: hash.slice(1) }, offset: 0 }),
      encodeRepairMessage({ type: 'ask', wanted: { type: 'value', key: 'with space', height: 3, hash }, offset: 0 }),
      encodeRepairMessage({ type: 'ask', wanted: { type: 'value', key: 'k', height: -1, hash }, offset: 0 }),
      encodeRepairMessage({ type: 'give', wanted, offset: 6, total: 8, bytes: new Uint8Array(4) }),
      encodeRepairMessage({ type: 'give', wanted, offset: 0, total: 600_000, bytes: new Uint8Array(4) }),
    ];
    for (const frame of frames)
      expect(() => decodeRepairMessage(frame)).toThrow(expect.objectContaining({ code: 'frame-invalid' }));
  });
});
