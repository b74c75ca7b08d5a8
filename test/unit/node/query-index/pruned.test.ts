import { afterEach, describe, expect, it } from 'vitest';
import { present, silentLogger } from '../../../../src/base/index.ts';
import { Archivist } from '../../../../src/node/archive/archivist.ts';
import { NodeArchive, Turns } from '../../../../src/node/archive/index.ts';
import { Pruner } from '../../../../src/node/archive/pruner.ts';
import { systemClock } from '../../../../src/node/clock.ts';
import { putIndexed } from '../../../../src/node/query-index/records.ts';
import { MemoryArchiveStore, type Operation, prefixedKey } from '../../../../src/storage/index.ts';
import { Chain, who } from '../replay/support.ts';
import { Indexed, placeOf } from './support.ts';

const running: Indexed[] = [];
afterEach(async () => {
  for (const { indexer } of running.splice(0)) await indexer.stop();
});

/** A chain with a chunk in its archive, and what gives up the blocks of it. */
async function archived(): Promise<{ chain: Chain; archive: NodeArchive; prune: () => Promise<void> }> {
  const chain = await Chain.begin();
  while (chain.ledger.applied.height < 1030)
    await chain.block(chain.ledger.applied.height % 50 === 0 ? [chain.access()] : []);
  const { ledger, store: database } = chain;
  const archive = await NodeArchive.open(new MemoryArchiveStore(), ledger.ledgerId, database);
  const write = (operations: readonly Operation[]): Promise<void> =>
    new Promise((resolve, reject) =>
      database.write(operations, (error) => (error === undefined ? resolve() : reject(error))),
    );
  const turns = new Turns(systemClock, () => 0);
  const logger = silentLogger;
  const parts = { archive, ledger, database, write, turns, logger };
  await new Archivist(parts).work();
  const last = present(archive.records.at(-1), 'a chunk was written').last;
  expect(last).toBe(1023);
  const pruner = new Pruner({ ...parts, raiseBase: () => undefined });
  const prune = async (): Promise<void> => {
    await pruner.prune(last);
    await pruner.sweep();
  };
  return { chain, archive, prune };
}

function indexed(...given: ConstructorParameters<typeof Indexed>): Indexed {
  const made = new Indexed(...given);
  running.push(made);
  return made;
}

describe('where blocks are pruned', () => {
  it('finds the same, also in a period, and makes the index anew out of the archive', async () => {
    const { chain, archive, prune } = await archived();
    const query = { agent: who('kay').did, kind: 'access' };
    const timeOf = (height: number): number => present(chain.ledger.block(height), 'it is kept').header.timestamp;
    const period = { ...query, from: timeOf(101), to: timeOf(402) };
    const index = indexed(chain, { archive });
    const [whole, some] = [await index.all(query), await index.all(period)];
    expect(whole).toHaveLength(20);
    // Those above 101 and below 402: an access comes in the block after each fiftieth.
    expect(some.map(({ height }) => height)).toEqual([101, 151, 201, 251, 301, 351, 401]);
    await prune();
    expect(chain.ledger.block(101)).toBeUndefined();
    expect(await index.all(query)).toEqual(whole);
    expect(await index.all({ ...period, order: 'newest-first', limit: 2 })).toEqual(some.toReversed());
    await index.indexer.stop();
    const key = prefixedKey('queryIndex', Uint8Array.of(0));
    await new Promise<void>((resolve) => chain.store.write([{ type: 'delete', key }], () => resolve()));
    const again = indexed(chain, { archive });
    expect(await again.all(query)).toEqual(whole);
    expect(again.indexer.epoch).toBe(1);
    await again.indexer.stop();
    // Without the archive there is a gap after an old index: it begins anew with what is left, and the answer says so.
    const { hash } = present(await archive.block(5), 'it is archived');
    const old = putIndexed({ from: 1, through: 5, hash });
    await new Promise<void>((resolve) => chain.store.write([old], () => resolve()));
    const alone = indexed(chain);
    const page = await alone.page(query);
    expect(page.indexed).toEqual({ from: 1024, through: 1030 });
    expect(page.rows.map(placeOf)).toEqual(whole.filter(({ height }) => height > 1023).map(placeOf));
    await alone.indexer.stop();
    // And made anew as soon as the archive is there.
    const late = indexed(chain, { archive });
    await late.indexer.reached(1030, 10_000);
    await late.indexer.stop();
    expect(late.indexer.indexed).toMatchObject({ from: 1, through: 1030 });
  }, 60_000);
});
