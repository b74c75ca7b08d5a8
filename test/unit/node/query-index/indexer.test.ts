import { describe, expect, it } from 'vitest';
import { AssentError, present, toHex, utf8 } from '../../../../src/base/index.ts';
import { encodeBlock, encodeHeader, openBlock, putBlock } from '../../../../src/ledger/index.ts';
import { putIndexed } from '../../../../src/node/query-index/records.ts';
import { type Entry, type Operation, prefixedKey, prefixRange } from '../../../../src/storage/index.ts';
import { Chain, who } from '../replay/support.ts';
import { type Asking, type Indexed, indexesOfTests, placeOf, written } from './support.ts';

const indexed = indexesOfTests();

const permit = { type: 'permit', purposes: ['TREAT'] };

async function grown(blocks: number, chain?: Chain): Promise<Chain> {
  const grown = chain ?? (await Chain.begin());
  for (let block = 0; block < blocks; block++)
    await grown.block([grown.grant(permit), grown.access(), grown.batch([grown.access(), grown.access()])]);
  return grown;
}

function recordsOf({ store }: Chain): Promise<Entry[]> {
  return store.range({ ...prefixRange('queryIndex'), limit: 10_000 });
}

function texts(entries: readonly Entry[]): string[] {
  return entries.map(([key, value]) => `${toHex(key)} ${toHex(value)}`);
}

function write({ store }: Chain, operations: readonly Operation[]): Promise<void> {
  return new Promise((resolve, reject) =>
    store.write(operations, (error) => (error === undefined ? resolve() : reject(error))),
  );
}

/** Everything, as places. */
async function everything(index: Indexed, query: Asking = {}): Promise<string[]> {
  return (await index.all(query)).map(placeOf);
}

/** What a search finds, and has to read from the disk for it; what is in groups that are full is there. */
async function indexedOnce(chain: Chain): Promise<{ index: Indexed; whole: string[] }> {
  const index = indexed(chain);
  const { height } = chain.ledger.applied;
  await written(index.indexer, height);
  const whole = await everything(index);
  await index.indexer.stop();
  expect(index.indexer.stored?.from).toBe(1);
  return { index, whole };
}

describe('the indexer', () => {
  it('removes what is left of an index that is no more before it begins another', async () => {
    const chain = await grown(9);
    const { whole } = await indexedOnce(chain);
    const records = await recordsOf(chain);
    // Of another chain, with a record that is not of this one.
    const { height } = chain.ledger.applied;
    const [key, value] = present(records.at(-1), 'there are records');
    const stray = Uint8Array.from(key).fill(7, 2, 18);
    await write(chain, [
      putIndexed({ from: 1, through: height, hash: new Uint8Array(32) }),
      { type: 'put', key: stray, value },
    ]);
    const index = indexed(Chain.reopen(chain.store));
    expect(await everything(index)).toEqual(whole);
    await written(index.indexer, height);
    expect(texts(await recordsOf(chain))).toEqual(texts(records));
  });

  it('makes the index anew when it is of another version, or goes further than the chain', async () => {
    const chain = await grown(9);
    const { whole } = await indexedOnce(chain);
    const [first] = await recordsOf(chain);
    const [key, value] = present(first, 'how far it goes');
    const { height, hash } = chain.ledger.applied;
    const other = Uint8Array.from(value);
    other[1] = 9;
    const changes: Operation[] = [
      { type: 'put', key, value: other },
      { type: 'put', key, value: value.slice(1) },
      putIndexed({ from: 1, through: height + 5, hash }),
      putIndexed({ from: 2, through: height, hash }),
    ];
    for (const change of changes) {
      await write(chain, [change]);
      const index = indexed(Chain.reopen(chain.store));
      await index.indexer.reached(height, 10_000);
      expect(index.indexer.indexed).toMatchObject({ from: 1, through: height });
      expect(index.indexer.epoch).toBe(1);
      expect(await everything(index)).toEqual(whole);
      await index.indexer.stop();
    }
  });

  it('does not go past a block that is damaged, and says how far it is', async () => {
    const chain = await grown(3);
    const { height } = chain.ledger.applied;
    const [, ...ids] = present(chain.ledger.block(height - 1), 'it is kept').transactionBytes;
    expect(ids).toHaveLength(2);
    const access = (await chain.one(chain.access())).receipt;
    await grown(1, chain);
    await chain.forge(access, { ok: true, output: null });
    const index = indexed(chain);
    const page = await index.page({ order: 'oldest-first', limit: 200 });
    expect(page.indexed).toEqual({ from: 1, through: height });
    expect({ isWhole: page.isWhole, at: page.at }).toEqual({ isWhole: false, at: height + 2 });
    expect(index.indexer.problem?.code).toBe('storage-damaged');
    const again = await index.page({ cursor: present(page.next, 'more is to come'), limit: 200 });
    expect(again.rows).toEqual([]);
    expect(again.next).toBe(page.next);
  });

  it('takes in no block but that of the chain', async () => {
    const chain = await grown(1);
    const height = chain.ledger.applied.height + 1;
    await chain.block([]);
    await grown(1, chain);
    const bytesOf = ({ ledger }: Chain, at: number): Uint8Array => present(ledger.block(at), 'it is kept').bytes;
    const own = bytesOf(chain, height);
    // Of the same height, and as empty; but its parent is another.
    const foreign = await Chain.begin();
    await foreign.block([foreign.grant(permit)]);
    await foreign.block([]);
    expect(foreign.ledger.applied.height).toBe(height);
    const changed = bytesOf(chain, height - 1).slice();
    changed[changed.length - 5] = (changed[changed.length - 5] as number) ^ 1;
    // The same parent and content, at another time.
    const later = openBlock(own);
    const headerBytes = encodeHeader({ ...later.header, timestamp: later.header.timestamp + 1 });
    const { headerSignature, justification, transactionBytes: transactions } = later;
    const wrong: [number, Uint8Array][] = [
      [height, encodeBlock({ headerBytes, headerSignature, justification, transactions })],
      [height, bytesOf(foreign, height)],
      [height - 1, changed],
    ];
    const kept = bytesOf(chain, height - 1);
    for (const [at, bytes] of wrong) {
      const key = prefixedKey('queryIndex', Uint8Array.of(0));
      await write(chain, [putBlock(at, bytes), { type: 'delete', key }]);
      const index = indexed(chain);
      await index.indexer.reached(chain.ledger.applied.height, 10_000);
      expect(index.indexer.problem?.code).toBe('storage-damaged');
      expect(index.indexer.indexed?.through).toBe(at - 1);
      await index.indexer.stop();
      await write(chain, [putBlock(height, own), putBlock(height - 1, kept)]);
    }
    expect(await everything(indexed(chain))).not.toEqual([]);
  });

  it('never answers from a record that was changed on disk', async () => {
    const chain = await grown(5);
    const { index, whole } = await indexedOnce(chain);
    const records = await recordsOf(chain);
    let refused = 0;
    for (const [key, value] of records) {
      if (key[1] !== 2) continue;
      for (let byte = 0; byte < value.length; byte++) {
        const changed = Uint8Array.from(value);
        changed[byte] = (changed[byte] as number) ^ 1;
        await write(chain, [{ type: 'put', key, value: changed }]);
        try {
          expect(await everything(index)).toEqual(whole);
        } catch (error) {
          if (!(error instanceof AssentError)) throw error;
          expect(error.code).toBe('storage-damaged');
          refused += 1;
        }
      }
      await write(chain, [{ type: 'put', key, value }]);
    }
    expect(refused).toBeGreaterThan(10);
  });

  it('keeps places only: no DID, no name, no id', async () => {
    const chain = await grown(9);
    const { index } = await indexedOnce(chain);
    const rows = await index.all({});
    const stored = texts(await recordsOf(chain)).join('\n');
    const people = ['ana', 'kay', 'north-gateway'].map((name) => toHex(who(name).publicKey));
    const words = ['north', 'records', 'access', 'consent', 'permit', 'TREAT'].map((word) => toHex(utf8(word)));
    for (const secret of [...people, ...words, ...rows.map(({ id }) => id)]) expect(stored).not.toContain(secret);
    expect(rows.length).toBeGreaterThan(10);
  });
});
