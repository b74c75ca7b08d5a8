import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { present, toHex } from '../../../../src/base/index.ts';
import type { IndexLimits } from '../../../../src/node/query-index/index.ts';
import { readIndexed } from '../../../../src/node/query-index/records.ts';
import { type Journal, type Operation, prefixedKey, prefixRange } from '../../../../src/storage/index.ts';
import { Chain, type Asking as Said, who } from '../replay/support.ts';
import {
  type Asking,
  Indexed,
  indexesOfTests,
  journalOf,
  placeOf,
  plainRows,
  smallGroups,
  written,
} from './support.ts';

const indexed = indexesOfTests();

const permit = { type: 'permit', purposes: ['TREAT'] };

/** What blocks are made of. */
const makers: readonly ((chain: Chain) => Said)[] = [
  (chain) => chain.grant(permit),
  (chain) => chain.grant(permit, 'ben', 'south-records'),
  (chain) => chain.access(),
  (chain) => chain.access({ subject: 'ben' }),
  (chain) => chain.batch([chain.access(), chain.access({ subject: 'ben' }), chain.access()]),
];
const block = fc.array(fc.nat(makers.length - 1), { maxLength: 3 });

function commit(chain: Chain, content: readonly number[]): Promise<unknown> {
  return chain.block(content.map((maker) => present(makers[maker], 'a maker')(chain)));
}

async function recordsOf({ store }: Chain): Promise<string[]> {
  const entries = await store.range({ ...prefixRange('queryIndex'), limit: 10_000 });
  return entries.map(([key, value]) => `${toHex(key)} ${toHex(value)}`);
}

function write({ store }: Chain, operations: readonly Operation[]): Promise<void> {
  return new Promise((resolve, reject) =>
    store.write(operations, (error) => (error === undefined ? resolve() : reject(error))),
  );
}

/** A journal that stops taking anything after so many writes, as a process that is killed. */
function journalUntil(chain: Chain, writes: number): { journal: { append: Journal['append'] }; stuck: Promise<void> } {
  const journal = journalOf(chain.store);
  const { promise: stuck, resolve } = Promise.withResolvers<void>();
  let left = writes;
  const append: Journal['append'] = (...given) => {
    left -= 1;
    if (left >= 0) journal.append(...given);
    else resolve();
  };
  return { journal: { append }, stuck };
}

/** Runs an indexer until it has done all that there is to do, or was killed after so many writes. */
async function runUntilKilled(chain: Chain, limits: IndexLimits, writes: number): Promise<void> {
  const { journal, stuck } = journalUntil(chain, writes);
  const killed = new Indexed(chain, { journal, limits });
  await Promise.race([stuck, written(killed.indexer, chain.ledger.applied.height)]);
  // What it still does, it cannot write.
  journal.append = () => undefined;
}

const questions: readonly Asking[] = [
  {},
  { subject: who('ana').did, limit: 3 },
  { agent: who('kay').did, organisation: 'north-records', order: 'newest-first', limit: 2 },
  { kind: 'consent', subject: who('ben').did, order: 'newest-first', limit: 1 },
];

/** The same as a filter over every row there is. */
function placesOf(chain: Chain, { subject, agent, organisation, kind, order }: Asking): string[] {
  const said = (value: string, names: readonly string[]) => (row: { said: string }) =>
    names.some((name) => row.said.includes(`"${name}":"${value}"`));
  const places = plainRows(chain)
    .filter((row) => kind === undefined || row.kind === kind || row.kind.startsWith(`${kind}.`))
    .filter(subject === undefined ? () => true : said(subject, ['subject']))
    .filter(agent === undefined ? () => true : said(agent, ['agent']))
    .filter(organisation === undefined ? () => true : said(organisation, ['organisation', 'domain']))
    .map(({ place }) => place);
  return order === 'newest-first' ? places.reverse() : places;
}

describe('blocks that are indexed together', () => {
  it('make the same records, and searches find the same, however often the node was killed', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.record({ blocks: fc.array(block, { minLength: 1, maxLength: 6 }), writes: fc.nat(12) }), {
          minLength: 1,
          maxLength: 4,
        }),
        fc.record({
          terms: fc.integer({ min: 1, max: 20 }),
          runs: fc.integer({ min: 1, max: 60 }),
          records: fc.integer({ min: 1, max: 9 }),
        }),
        async (lives, limits) => {
          const chain = await Chain.begin();
          for (const { blocks, writes } of lives) {
            for (const content of blocks) await commit(chain, content);
            await runUntilKilled(chain, limits, writes);
            const index = indexed(chain, { limits });
            for (const asked of questions)
              expect((await index.all(asked)).map(placeOf)).toEqual(placesOf(chain, asked));
            // It was there for a moment only, and wrote what it wrote.
            await index.indexer.stop();
          }
          const { height } = chain.ledger.applied;
          const last = indexed(chain, { limits });
          await written(last.indexer, height);
          await last.indexer.stop();
          const records = await recordsOf(chain);
          await write(chain, [{ type: 'delete', key: prefixedKey('queryIndex', Uint8Array.of(0)) }]);
          const anew = indexed(Chain.reopen(chain.store), { limits });
          await written(anew.indexer, height);
          expect(await recordsOf(chain)).toEqual(records);
          expect(anew.indexer.stored).toEqual(last.indexer.stored);
        },
      ),
      { numRuns: 25 },
    );
  }, 120_000);

  it('are no part of the index on disk until all of their records are there', async () => {
    const chain = await Chain.begin();
    for (let height = 0; height < 12; height++) await commit(chain, [0, 4]);
    const { height } = chain.ledger.applied;
    const whole = indexed(chain);
    await written(whole.indexer, height);
    await whole.indexer.stop();
    const records = await recordsOf(chain);
    const { from, through } = present(readIndexed(chain.store), 'some groups are full');
    expect(from).toBe(1);
    expect(through).toBeLessThanOrEqual(height);
    const ends = new Set<number | undefined>();
    const sizes = new Set<number>();
    for (let writes = 0; writes < 40; writes++) {
      await write(chain, [{ type: 'delete', key: prefixedKey('queryIndex', Uint8Array.of(0)) }]);
      await runUntilKilled(chain, smallGroups, writes);
      const stored = readIndexed(chain.store);
      ends.add(stored?.through);
      const left = await recordsOf(chain);
      sizes.add(left.length);
      // What is there of a group that is not all there is as it will be.
      for (const record of left.slice(stored === undefined ? 0 : 1)) expect(records).toContain(record);
      const index = indexed(chain);
      expect((await index.all({})).map(placeOf)).toEqual(placesOf(chain, {}));
      await index.indexer.stop();
    }
    // Between groups, and within them.
    expect(ends.size).toBeGreaterThan(2);
    expect(sizes.size).toBeGreaterThan(ends.size);
  }, 60_000);

  it('are found before they are written, with the newest block, and nothing is written for a query', async () => {
    const chain = await Chain.begin();
    for (let height = 0; height < 3; height++) await commit(chain, [2]);
    let writes = 0;
    const journal = journalOf(chain.store);
    const append: Journal['append'] = (...given) => {
      writes += 1;
      journal.append(...given);
    };
    // As every node has them: nothing of it is full.
    const index = indexed(chain, { journal: { append }, limits: { terms: 10_000, runs: 10_000, records: 10_000 } });
    await index.all({});
    const before = writes;
    for (let round = 0; round < 4; round++) {
      await commit(chain, [2, 0]);
      const { height, timestamp } = chain.ledger.applied;
      const period = { from: timestamp };
      for (const query of [
        period,
        { ...period, agent: who('kay').did },
        { ...period, order: 'newest-first' } as const,
      ]) {
        const { rows, indexed: has, isWhole } = await index.page(query);
        expect(rows[0]).toMatchObject({ height });
        expect({ has, isWhole }).toEqual({ has: { from: 1, through: height }, isWhole: true });
      }
    }
    expect(writes).toBe(before);
    expect(index.indexer.stored).toBeUndefined();
  });

  it('never cross a multiple of 64', async () => {
    const chain = await Chain.begin();
    const { height: begun } = chain.ledger.applied;
    for (let height = begun; height < 130; height++) await commit(chain, []);
    const index = indexed(chain, { limits: { terms: 10_000, runs: 10_000, records: 10_000 } });
    await written(index.indexer, 130);
    expect(index.indexer.indexed).toMatchObject({ from: 1, through: 130 });
    expect(index.indexer.stored).toMatchObject({ from: 1, through: 127 });
    const heights = (await chain.store.range({ ...prefixRange('queryIndex', Uint8Array.of(2)), limit: 1000 }))
      .map(([key]) => key.at(-1) as number)
      .filter((first) => first > begun);
    expect(heights.every((first) => first % 64 === 0)).toBe(true);
  });
});
