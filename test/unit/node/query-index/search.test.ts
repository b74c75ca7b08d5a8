import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { comparePlaces, decodePostings, Postings } from '../../../../src/node/query-index/postings.ts';
import { firstHeightFrom, postingsKey, putTime } from '../../../../src/node/query-index/records.ts';
import { type RowPlace, type Search, search } from '../../../../src/node/query-index/search.ts';
import { MemoryStore, type Operation } from '../../../../src/storage/index.ts';

function term(number: number): string {
  return String.fromCharCode(number + 1).repeat(16);
}

async function storeOf(terms: readonly (readonly RowPlace[])[]): Promise<MemoryStore> {
  const operations: Operation[] = [];
  for (const [number, places] of terms.entries())
    for (const [height, rows] of Map.groupBy(places, (place) => place.height)) {
      const postings = new Postings();
      for (const { index, number } of rows.toSorted(comparePlaces)) postings.add(index, number);
      const key = postingsKey(term(number), height);
      operations.push({ type: 'put', key, value: postings.encode(key) });
    }
  const store = new MemoryStore();
  await write(store, operations);
  return store;
}

function write(store: MemoryStore, operations: readonly Operation[]): Promise<void> {
  return new Promise((resolve, reject) =>
    store.write(operations, (error) => (error === undefined ? resolve() : reject(error))),
  );
}

const heightMax = 400;

/** Every slice. */
async function all(store: MemoryStore, asked: Omit<Search, 'after'>): Promise<{ rows: RowPlace[]; slices: number }> {
  const rows: RowPlace[] = [];
  let after: RowPlace | undefined;
  for (let slices = 1; ; slices++) {
    const found = await search(store, { ...asked, after });
    rows.push(...found.rows);
    after = found.next;
    if (after === undefined) return { rows, slices };
  }
}

const place = fc.record({
  height: fc.integer({ min: 1, max: heightMax }),
  index: fc.nat(300),
  number: fc.constantFrom(0, 1, 2, 3, 200),
});
const few = fc.array(place, { maxLength: 40 });
/** Long, and dense. */
const many = fc
  .record({ step: fc.integer({ min: 1, max: 3 }), index: fc.nat(3), rows: fc.integer({ min: 1, max: 4 }) })
  .map(({ step, index, rows }) =>
    Array.from({ length: Math.floor(heightMax / step) }, (_, block) =>
      Array.from({ length: rows }, (_, number) => ({ height: 1 + block * step, index, number })),
    ).flat(),
  );

describe('a search', () => {
  it('finds what all terms have, in order, within its heights, whatever the slices', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.oneof(few, many), { minLength: 1, maxLength: 3 }),
        fc.record({
          first: fc.integer({ min: 1, max: heightMax }),
          last: fc.integer({ min: 1, max: heightMax }),
          newestFirst: fc.boolean(),
          limit: fc.integer({ min: 1, max: 60 }),
        }),
        async (terms, asked) => {
          const store = await storeOf(terms);
          const { rows } = await all(store, { ...asked, terms: terms.map((_, number) => term(number)) });
          const texts = terms.map((places) => new Set(places.map((place) => JSON.stringify(row(place)))));
          const [one = [], ...others] = terms.map((places) => places.map(row));
          const expected = [...new Map(one.map((place) => [JSON.stringify(place), place])).values()]
            .filter(({ height }) => asked.first <= height && height <= asked.last)
            .filter((place) => others.every((_, other) => texts[other + 1]?.has(JSON.stringify(place))))
            .sort((left, right) => left.height - right.height || comparePlaces(left, right));
          expect(rows.map(row)).toEqual(asked.newestFirst ? expected.reverse() : expected);
        },
      ),
      { numRuns: 60 },
    );
  });

  it('reads about as much as the rarest term has', async () => {
    const rare = [10, 4000, 4001, 9000].map((height) => ({ height, index: 0, number: 0 }));
    const common = Array.from({ length: 10_000 }, (_, block) => ({ height: block + 1, index: 0, number: 0 }));
    const store = await storeOf([common, rare]);
    let read = 0;
    const counting = {
      range: async (options: Parameters<MemoryStore['range']>[0]) => {
        const entries = await store.range(options);
        read += entries.length;
        return entries;
      },
    };
    for (const newestFirst of [false, true]) {
      read = 0;
      const asked = { terms: [term(0), term(1)], first: 1, last: 10_000, newestFirst, limit: 50 };
      const found = await search(counting, asked);
      expect(found.rows).toHaveLength(rare.length);
      expect(found.next).toBeUndefined();
      expect(read).toBeLessThan(40);
    }
  });

  it('ends after a bounded piece where terms never meet, and goes on', async () => {
    const odd = Array.from({ length: 5000 }, (_, block) => ({ height: 2 * block + 1, index: 0, number: 0 }));
    const even = odd.map((place) => ({ ...place, height: place.height + 1 }));
    const store = await storeOf([odd, even]);
    const asked = { terms: [term(0), term(1)], first: 1, last: 10_001, newestFirst: false, limit: 50 };
    const found = await search(store, asked);
    expect(found.rows).toEqual([]);
    expect(found.next).toBeDefined();
    const { rows, slices } = await all(store, asked);
    expect(rows).toEqual([]);
    expect(slices).toBeGreaterThan(5);
  });
});

describe('the rows of a block under a term', () => {
  it('are read only as a whole, and under the key that they were written for', () => {
    const postings = new Postings();
    const places = [
      { index: 3, number: 127 },
      { index: 3, number: 128 },
      { index: 140, number: 0 },
      { index: 20_000, number: 999 },
    ];
    for (const { index, number } of places) postings.add(index, number);
    const key = postingsKey(term(1), 7);
    const value = postings.encode(key);
    expect(decodePostings(key, value)).toEqual(places);
    const others = [postingsKey(term(2), 7), postingsKey(term(1), 8)].map((other) => [other, value] as const);
    const pieces = Array.from(value, (_, length) => [key, value.subarray(0, length)] as const);
    for (const [place, bytes] of [...others, ...pieces])
      expect(() => decodePostings(place, bytes)).toThrow(expect.objectContaining({ code: 'storage-damaged' }));
  });
});

describe('the first block of a time', () => {
  it('is found by one read', async () => {
    const store = new MemoryStore();
    await write(
      store,
      [100, 250, 900].map((time, place) => putTime(time, place + 7)),
    );
    const expected = [7, 7, 8, 8, 9, undefined];
    const times = [0, 100, 101, 250, 900, 901];
    expect(await Promise.all(times.map((time) => firstHeightFrom(store, time)))).toEqual(expected);
  });
});

function row({ height, index, number }: RowPlace): RowPlace {
  return { height, index, number };
}
