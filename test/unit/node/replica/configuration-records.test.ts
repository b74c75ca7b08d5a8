import { beforeEach, describe, expect, it } from 'vitest';
import { toHex, utf8 } from '../../../../src/base/index.ts';
import type { BlockReference, Configuration } from '../../../../src/consensus/index.ts';
import { encodeNodeId, sha256 } from '../../../../src/crypto/index.ts';
import { nodeConfiguration } from '../../../../src/ledger/index.ts';
import { consensusConfiguration } from '../../../../src/node/replica/configuration.ts';
import { ConfigurationRecords } from '../../../../src/node/replica/configuration-records.ts';
import { MemoryStore, type Operation } from '../../../../src/storage/index.ts';
import { Forge } from '../../consensus/forge.ts';
import { write } from '../../ledger/fixture.ts';

const forge = new Forge(1);

/** A configuration of these nodes, the first of them a voter. */
function configurationOf(...names: readonly string[]): Configuration {
  const nodes = names.map((name, index) => {
    return { publicKey: sha256(utf8(name)), role: index === 0 ? ('voter' as const) : ('learner' as const) };
  });
  return consensusConfiguration(nodeConfiguration(0, nodes));
}

const genesis = configurationOf('a');
const [two, three, other] = [configurationOf('a', 'b'), configurationOf('a', 'b', 'c'), configurationOf('a', 'd')];

/** A block at this height, with a change or without. */
function blockAt(height: number, configuration?: Configuration): BlockReference {
  const parent = { term: 1, height: height - 1, hash: sha256(utf8(`${height - 1}`)) };
  return forge.block(parent, 1, forge.id(0), configuration === undefined ? {} : { configuration });
}

let store: MemoryStore;
let records: ConfigurationRecords;
beforeEach(() => {
  store = new MemoryStore();
  records = new ConfigurationRecords(store, genesis);
});

async function take(truncateAbove: number | undefined, ...appended: readonly BlockReference[]): Promise<void> {
  const operations = records.operations(truncateAbove, appended);
  if (operations.length > 0) await write(store, operations);
}

const changesOf = (from: ConfigurationRecords): readonly (readonly [number, string])[] =>
  from.changes.map(({ height, configurationHash }) => [height, toHex(configurationHash)]);

/** What is known now and after a start; the two are to be the same. */
function known(): readonly (readonly [number, string])[] {
  const restarted = new ConfigurationRecords(store, genesis);
  expect(changesOf(restarted)).toEqual(changesOf(records));
  return changesOf(restarted);
}

describe('the configurations along the durable chain', () => {
  it('are those of the genesis at first, which costs no record', async () => {
    expect(records.operations(undefined, [blockAt(1), blockAt(2)])).toEqual([]);
    expect(records.operations(0, [])).toEqual([]);
    expect(known()).toEqual([]);
    expect(records.get(genesis.hash)).toBe(genesis);
    expect(records.get(two.hash)).toBeUndefined();
  });

  it('are found after a start', async () => {
    await take(undefined, blockAt(1), blockAt(2, two), blockAt(3));
    await take(undefined, blockAt(4), blockAt(5, three));
    expect(known()).toEqual([
      [2, toHex(two.hash)],
      [5, toHex(three.hash)],
    ]);
    const restarted = new ConfigurationRecords(store, genesis);
    expect(restarted.get(three.hash)).toEqual(three);
    expect(restarted.get(two.hash)).toEqual(two);
    expect(restarted.nodes()).toEqual(new Set(['a', 'b', 'c'].map((name) => encodeNodeId(sha256(utf8(name))))));
  });

  it('go with their blocks when the chain is cut, and come back with them', async () => {
    await take(undefined, blockAt(2, two), blockAt(5, three));
    await take(4, blockAt(5), blockAt(6));
    expect(known()).toEqual([[2, toHex(two.hash)]]);
    await take(undefined, blockAt(7, three));
    expect(known()).toEqual([
      [2, toHex(two.hash)],
      [7, toHex(three.hash)],
    ]);
  });

  it('are replaced in one batch by those of another branch, also at the same height', async () => {
    await take(undefined, blockAt(2, two), blockAt(3, three));
    await take(1, blockAt(2, other));
    expect(known()).toEqual([[2, toHex(other.hash)]]);
    await take(0);
    expect(known()).toEqual([]);
  });

  it('stay when the chain is cut right above their block', async () => {
    await take(undefined, blockAt(2, two));
    expect(records.operations(2, [])).toEqual([]);
    expect(known()).toEqual([[2, toHex(two.hash)]]);
  });

  it('may recur: the same configuration at two heights', async () => {
    await take(undefined, blockAt(2, two), blockAt(4, genesis), blockAt(6, two));
    expect(known()).toEqual([
      [2, toHex(two.hash)],
      [4, toHex(genesis.hash)],
      [6, toHex(two.hash)],
    ]);
    await take(5);
    expect(known().map(([height]) => height)).toEqual([2, 4]);
    expect(records.get(two.hash)).toEqual(two);
  });

  it('are damaged where a record is missing', async () => {
    await take(undefined, blockAt(2, two), blockAt(5, three));
    // The change that cuts nothing but the older record.
    const gone = new ConfigurationRecords(store, genesis);
    const deletions = gone.operations(1, []).filter((operation): operation is Operation => operation.type === 'delete');
    await write(store, deletions.slice(1));
    expect(() => new ConfigurationRecords(store, genesis)).toThrowError(
      expect.objectContaining({ code: 'storage-damaged', message: expect.stringContaining('block 2') }),
    );
  });
});
