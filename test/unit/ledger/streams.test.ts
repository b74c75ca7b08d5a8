import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { AssentError } from '../../../src/base/index.ts';
import { genesisOrigin } from '../../../src/ledger/state/state-space.ts';
import {
  entriesOfRecord,
  entriesPerRecordMax,
  putStreamRecord,
  streamPlaceOf,
  streamRecords,
} from '../../../src/ledger/stream-records.ts';
import { readStream, type StreamEntry } from '../../../src/ledger/streams.ts';
import type { IndexEntry } from '../../../src/ledger/types/execution.ts';
import { type Entry, MemoryStore, type Operation, type Store } from '../../../src/storage/index.ts';
import { LevelStore } from '../../../src/storage/level-store.ts';
import type { RangeOptions } from '../../../src/storage/store.ts';

/** Runs of entries that differ in little, as a batch has, between others. */
const entryRuns: fc.Arbitrary<Uint8Array[]> = fc
  .tuple(
    fc.uint8Array({ minLength: 60, maxLength: 300, size: 'max' }),
    fc.array(
      fc.oneof(
        {
          weight: 4,
          arbitrary: fc.array(fc.tuple(fc.nat({ max: 300 }), fc.uint8Array({ maxLength: 40 })), { maxLength: 5 }),
        },
        { weight: 1, arbitrary: fc.uint8Array({ maxLength: 2500 }) },
      ),
      { maxLength: 90 },
    ),
  )
  .map(([template, others]) => [
    template,
    ...others.map((other) => (Array.isArray(other) ? altered(template, other) : other)),
  ]);

function altered(template: Uint8Array, changes: readonly (readonly [number, Uint8Array])[]): Uint8Array {
  const entry = template.slice();
  for (const [place, bytes] of changes) {
    const at = place % entry.length;
    entry.set(bytes.subarray(0, entry.length - at), at);
  }
  return entry;
}

interface Added {
  readonly height: number;
  readonly index: number;
  readonly entries: readonly IndexEntry[];
}

/** What transactions of some blocks add to two streams. */
const added: fc.Arbitrary<Added[]> = fc
  .array(fc.array(fc.tuple(fc.constantFrom('a', 'b'), entryRuns), { maxLength: 4 }), { maxLength: 5 })
  .map((transactions) =>
    transactions.map((runs, count) => ({
      height: 1 + Math.floor(count / 2),
      index: count % 2,
      entries: runs.flatMap(([stream, entries]) => entries.map((entry): IndexEntry => ({ stream, entry }))),
    })),
  );

function ofStream(all: readonly Added[], name: string): StreamEntry[] {
  return all.flatMap(({ height, index, entries }) =>
    entries.flatMap(({ stream, entry }, number) => (stream === name ? [{ height, index, number, entry }] : [])),
  );
}

async function writeAll(store: Store, all: readonly Added[]): Promise<void> {
  const operations = all.flatMap(({ height, index, entries }) => streamOperations(height, index, entries));
  if (operations.length === 0) return;
  await new Promise<void>((resolve, reject) => {
    store.write(operations, (error) => (error === undefined ? resolve() : reject(error)));
  });
}

async function pagesOf(store: Store, name: string, limit: number, reverse: boolean): Promise<StreamEntry[]> {
  const read: StreamEntry[] = [];
  for (let after: Uint8Array | undefined; ; ) {
    const options = after === undefined ? { limit, reverse } : { limit, reverse, after };
    const { entries, next } = await readStream(store, name, genesisOrigin, options);
    expect(entries.length).toBeLessThanOrEqual(limit);
    read.push(...entries);
    if (next === undefined) return read;
    expect(entries).toHaveLength(limit);
    after = next;
  }
}

function streamOperations(height: number, index: number, entries: readonly IndexEntry[]): Operation[] {
  return streamRecords(entries).map((record) => putStreamRecord(record, height, index));
}

describe('records of an index stream', () => {
  it('give back every entry at its place, many that are alike in one', () => {
    fc.assert(
      fc.property(entryRuns, (run) => {
        const operations = streamOperations(
          7,
          2,
          run.map((entry) => ({ stream: 's', entry })),
        );
        const read = operations.flatMap((operation) => {
          if (operation.type !== 'put') throw new Error('a record is put');
          const entries = entriesOfRecord(operation.value);
          expect(entries.length).toBeLessThanOrEqual(entriesPerRecordMax);
          const { height, index, number } = streamPlaceOf(operation.key);
          return entries.map((entry, place) => ({ height, index, number: number + place, entry: [...entry] }));
        });
        expect(read).toEqual(run.map((entry, number) => ({ height: 7, index: 2, number, entry: [...entry] })));
      }),
    );
  });

  it('hold what differs', () => {
    const entry = new Uint8Array(370).fill(5);
    const alike = Array.from({ length: 50 }, (_, place) => entry.with(17, place).with(300, place + 100));
    const operations = streamOperations(
      1,
      0,
      alike.map((each) => ({ stream: 's', entry: each })),
    );
    expect(operations).toHaveLength(1);
    const [operation] = operations;
    if (operation?.type !== 'put') throw new Error('a record is put');
    expect(operation.value).toHaveLength(1 + 2 + 370 + 49 * (1 + 2 * 5));
    expect(entriesOfRecord(operation.value)).toEqual(alike);
  });

  it('that a disk altered are entries or an error that says so, and nothing else', () => {
    const alike = (run: Uint8Array[]): IndexEntry[] => run.map((entry) => ({ stream: 's', entry }));
    fc.assert(
      fc.property(entryRuns, fc.nat(), fc.integer({ min: 1, max: 255 }), fc.boolean(), (run, where, flip, isCut) => {
        for (const operation of streamOperations(1, 0, alike(run))) {
          if (operation.type !== 'put') throw new Error('a record is put');
          const place = where % operation.value.length;
          const value = isCut
            ? operation.value.subarray(0, place)
            : operation.value.with(place, (operation.value[place] as number) ^ flip);
          try {
            expect(entriesOfRecord(value).length).toBeLessThanOrEqual(255);
          } catch (error) {
            expect(error).toBeInstanceOf(AssentError);
            expect(error).toMatchObject({ code: 'storage-damaged' });
          }
        }
      }),
    );
  });
});

class CountingStore extends MemoryStore {
  reads = 0;

  override range(options: RangeOptions): Promise<Entry[]> {
    this.reads += 1;
    return super.range(options);
  }
}

describe('a page of an index stream', () => {
  const limits = fc.constantFrom(1, 2, 7, 50, 63, 64, 65, 500);

  it('has the entries in their order and the reverse, page by page, however they are in records', async () => {
    await fc.assert(
      fc.asyncProperty(added, limits, fc.boolean(), async (all, limit, reverse) => {
        const store = new MemoryStore();
        await writeAll(store, all);
        for (const name of ['a', 'b', 'c']) {
          const expected = ofStream(all, name);
          expect(await pagesOf(store, name, limit, reverse)).toEqual(reverse ? expected.reverse() : expected);
        }
      }),
      { numRuns: 60 },
    );
  });

  it('takes one read where the stream ends within it', async () => {
    const store = new CountingStore();
    const entries = Array.from({ length: 20 }, (_, place) => ({ stream: 'a', entry: new Uint8Array(300).fill(place) }));
    await writeAll(store, [{ height: 1, index: 0, entries: entries.slice(0, 7) }]);
    await writeAll(store, [{ height: 2, index: 0, entries: entries.slice(7) }]);
    for (const reverse of [false, true]) {
      const { entries: read } = await readStream(store, 'a', genesisOrigin, { limit: 50, reverse });
      expect(read).toHaveLength(20);
    }
    expect(store.reads).toBe(2);
  });

  it('is the same on a disk', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'assent-streams-'));
    const store = await LevelStore.open(directory, { create: true });
    try {
      const [all] = fc.sample(fc.array(added, { minLength: 8, maxLength: 8 }), { numRuns: 1, seed: 7 }) as [Added[][]];
      const chain = all.flatMap((each, place) => each.map((one) => ({ ...one, height: one.height + 10 * place })));
      await writeAll(store, chain);
      for (const name of ['a', 'b']) {
        const expected = ofStream(chain, name);
        expect(expected.length).toBeGreaterThan(100);
        for (const limit of [1, 50, 64, 500]) {
          expect(await pagesOf(store, name, limit, false)).toEqual(expected);
          expect(await pagesOf(store, name, limit, true)).toEqual(expected.toReversed());
        }
      }
    } finally {
      await store.close();
      rmSync(directory, { recursive: true });
    }
  });
});
