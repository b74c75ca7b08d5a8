import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { GroupTerms } from '../../../../src/node/query-index/group-terms.ts';
import { comparePlaces, encodePostings, Postings } from '../../../../src/node/query-index/postings.ts';
import {
  firstHeightFrom,
  firstOfGroup,
  lastOfGroup,
  postingsKey,
  putTime,
} from '../../../../src/node/query-index/records.ts';
import { type RowPlace, type Search, search } from '../../../../src/node/query-index/search.ts';
import { type Term, termKey } from '../../../../src/node/query-index/terms.ts';
import { type Entry, MemoryStore, type Operation } from '../../../../src/storage/index.ts';

function term(number: number): Term {
  return { facet: 'subject', value: String(number) };
}

interface Index {
  readonly store: MemoryStore;
  readonly open: { recordOf(term: Term): Entry | undefined };
}

/**
 * Rows of each term in a store, in groups of which one begins at each of these heights and at the multiples of 64; the
 * last is not in the store yet where that is asked.
 */
async function indexOf(
  terms: readonly (readonly RowPlace[])[],
  { cuts = [], isOpen = false }: { cuts?: readonly number[]; isOpen?: boolean } = {},
): Promise<Index> {
  const beginning = new Set(cuts);
  const heightMax = Math.max(0, ...terms.flat().map(({ height }) => height));
  let lastFirst = 1;
  const firsts: number[] = [0];
  for (let height = 1; height <= heightMax; height++) {
    if (height === firstOfGroup(height) || beginning.has(height)) lastFirst = height;
    firsts.push(lastFirst);
  }
  const operations: Operation[] = [];
  const open = new Map<string, Entry>();
  for (const [number, places] of terms.entries())
    for (const [first, rows] of Map.groupBy(places, ({ height }) => firsts[height] as number)) {
      const group = new GroupTerms();
      const own = group.numberOf('subject', String(number));
      for (const { height, index, number } of rows.toSorted(compareRows)) group.add(own, height - first, index, number);
      const key = postingsKey(termKey(term(number)), first);
      const value = group.encode(own, key);
      if (isOpen && first === lastFirst) open.set(String(number), [key, value]);
      else operations.push({ type: 'put', key, value });
    }
  const store = new MemoryStore();
  await write(store, operations);
  return { store, open: { recordOf: ({ value }) => open.get(value) } };
}

function compareRows(left: RowPlace, right: RowPlace): number {
  return left.height - right.height || comparePlaces(left, right);
}

function write(store: MemoryStore, operations: readonly Operation[]): Promise<void> {
  return new Promise((resolve, reject) =>
    store.write(operations, (error) => (error === undefined ? resolve() : reject(error))),
  );
}

const heightMax = 400;

/** Every slice. */
async function all(
  { store, open }: Index,
  asked: Omit<Search, 'after'>,
): Promise<{ rows: RowPlace[]; slices: number }> {
  const rows: RowPlace[] = [];
  let after: RowPlace | undefined;
  for (let slices = 1; ; slices++) {
    const found = await search(store, open, { ...asked, after });
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
const height = fc.integer({ min: 1, max: heightMax });
/** Where groups begin: nowhere but where they have to, at some heights, or at nearly all. */
const cuts = fc.oneof(
  fc.array(height, { maxLength: 12 }),
  fc.array(height, { maxLength: 6 }).map((left) => {
    const without = new Set(left);
    return Array.from({ length: heightMax }, (_, block) => block + 1).filter((block) => !without.has(block));
  }),
);

describe('a search', () => {
  it('finds what all terms have, in order, within its heights, whatever the groups and the slices', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.oneof(few, many), { minLength: 1, maxLength: 3 }),
        fc.record({ first: height, last: height, newestFirst: fc.boolean(), limit: fc.integer({ min: 1, max: 60 }) }),
        fc.record({ cuts, isOpen: fc.boolean() }),
        async (terms, asked, groups) => {
          const index = await indexOf(terms, groups);
          const { rows } = await all(index, { ...asked, terms: terms.map((_, number) => term(number)) });
          const texts = terms.map((places) => new Set(places.map((place) => JSON.stringify(row(place)))));
          const [one = [], ...others] = terms.map((places) => places.map(row));
          const expected = [...new Map(one.map((place) => [JSON.stringify(place), place])).values()]
            .filter(({ height }) => asked.first <= height && height <= asked.last)
            .filter((place) => others.every((_, other) => texts[other + 1]?.has(JSON.stringify(place))))
            .sort(compareRows);
          expect(rows.map(row)).toEqual(asked.newestFirst ? expected.reverse() : expected);
        },
      ),
      { numRuns: 150 },
    );
  });

  it('finds what was not in the store when it began, and is there now, once', async () => {
    const places = Array.from({ length: 150 }, (_, block) => ({ height: block + 1, index: 0, number: 0 }));
    const { store, open } = await indexOf([places], { cuts: [145], isOpen: true });
    const [key, value] = open.recordOf(term(0)) ?? [];
    expect(key).toBeDefined();
    const arriving: Index['store'] = Object.create(store);
    arriving.range = async (options) => {
      await write(store, [{ type: 'put', key: key as Uint8Array, value: value as Uint8Array }]);
      return store.range(options);
    };
    for (const newestFirst of [false, true]) {
      const { rows } = await all(
        { store: arriving, open },
        { terms: [term(0)], first: 1, last: 150, newestFirst, limit: 40 },
      );
      expect(rows.map(row)).toEqual(newestFirst ? places.toReversed() : places);
    }
  });

  it('goes on after a page that ended early because its records are long', async () => {
    const places = Array.from({ length: 40 }, (_, block) =>
      Array.from({ length: 2500 }, (_, index) => ({ height: block + 1, index, number: 0 })),
    ).flat();
    const index = await indexOf([places], { cuts: places.map(({ height }) => height) });
    for (const newestFirst of [false, true]) {
      const { rows } = await search(index.store, index.open, {
        ...{ terms: [term(0)], first: 1, last: 40, newestFirst },
        limit: places.length,
      });
      expect(rows).toHaveLength(places.length);
    }
  });

  it('reads about as much as the rarest term has', async () => {
    const rare = [10, 4000, 4001, 9000].map((height) => ({ height, index: 0, number: 0 }));
    const common = Array.from({ length: 10_000 }, (_, block) => ({ height: block + 1, index: 0, number: 0 }));
    // Where each block is a group, what is before a height in the blocks that it might be indexed with is passed over.
    for (const [cuts, upwards] of [[[], 40] as const, [common.map(({ height }) => height), 200] as const])
      for (const newestFirst of [false, true]) {
        const { store, open } = await indexOf([common, rare], { cuts });
        let read = 0;
        const counting = {
          range: async (options: Parameters<MemoryStore['range']>[0]) => {
            const entries = await store.range(options);
            read += entries.length;
            return entries;
          },
        };
        const asked = { terms: [term(0), term(1)], first: 1, last: 10_000, newestFirst, limit: 50 };
        const found = await search(counting, open, asked);
        expect(found.rows).toHaveLength(rare.length);
        expect(found.next).toBeUndefined();
        expect(read).toBeLessThan(newestFirst ? 40 : upwards);
      }
  });

  it('ends after a bounded piece where terms never meet, and goes on', async () => {
    const odd = Array.from({ length: 5000 }, (_, block) => ({ height: 2 * block + 1, index: 0, number: 0 }));
    const even = odd.map((place) => ({ ...place, height: place.height + 1 }));
    for (const groups of [[], odd.map(({ height }) => height)]) {
      const index = await indexOf([odd, even], { cuts: groups });
      const asked = { terms: [term(0), term(1)], first: 1, last: 10_001, newestFirst: false, limit: 50 };
      const found = await search(index.store, index.open, asked);
      expect(found.rows).toEqual([]);
      expect(found.next).toBeDefined();
      const { rows, slices } = await all(index, asked);
      expect(rows).toEqual([]);
      expect(slices).toBeGreaterThan(5);
    }
  });
});

describe('the rows of a group under a term', () => {
  it('are read only as a whole, and under the key that they were written for', () => {
    const rows: readonly (readonly [block: number, index: number, number: number, count: number])[] = [
      [0, 3, 127, 2],
      [0, 140, 0, 1],
      [2, 0, 0, 1],
      [63, 20_000, 999, 300],
    ];
    const key = postingsKey(termKey(term(1)), 7);
    const value = encodePostings(key, rows.flat(), rows.length);
    const postings = new Postings(key, value);
    for (const block of [0, 1, 2, 63]) {
      const expected = rows
        .filter(([own]) => own === block)
        .flatMap(([, index, number, count]) =>
          Array.from({ length: count }, (_, place) => ({ index, number: number + place })),
        );
      expect(postings.rowsAt(block)).toEqual(expected);
    }
    expect([0, 1, 3, 64].map((block) => postings.nearest(block, false))).toEqual([0, 2, 63, undefined]);
    expect([0, 1, 3, 64].map((block) => postings.nearest(block, true))).toEqual([0, 0, 2, 63]);
    const others = [postingsKey(termKey(term(2)), 7), postingsKey(termKey(term(1)), 8)].map(
      (other) => [other, value] as const,
    );
    const pieces = Array.from(value, (_, length) => [key, value.subarray(0, length)] as const);
    for (const [place, bytes] of [...others, ...pieces])
      expect(() => new Postings(place, bytes)).toThrow(expect.objectContaining({ code: 'storage-damaged' }));
  });

  it('are those that were added, each once, of as many terms as there are', () => {
    const group = new GroupTerms();
    const count = 3000;
    for (let block = 0; block < 3; block++)
      for (let value = 0; value < count; value++) {
        const own = group.numberOf('agent', `${value}`);
        for (const number of [block, block, block + 1]) group.add(own, block, value, number);
      }
    expect([group.size, group.runCount]).toEqual([count, 3 * count]);
    for (const [{ value }, own] of group) {
      const key = postingsKey(termKey({ facet: 'agent', value }), 1);
      const postings = new Postings(key, group.encode(own, key));
      for (let block = 0; block < 3; block++)
        expect(postings.rowsAt(block)).toEqual([block, block + 1].map((number) => ({ index: Number(value), number })));
    }
    expect(group.find({ facet: 'agent', value: '2999' })).toBe(2999);
    expect(group.find({ facet: 'subject', value: '1' })).toBeUndefined();
    expect(() => group.add(0, 1, 0, 0)).toThrow('in their order');
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

it('a group is of the heights from a multiple of 64 to the next', () => {
  expect([1, 63, 64, 127].map(firstOfGroup)).toEqual([0, 0, 64, 64]);
  expect([1, 63, 64, 127].map(lastOfGroup)).toEqual([63, 63, 127, 127]);
});

function row({ height, index, number }: RowPlace): RowPlace {
  return { height, index, number };
}
