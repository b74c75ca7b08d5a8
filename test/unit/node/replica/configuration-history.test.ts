import { beforeAll, describe, expect, it } from 'vitest';
import { present, utf8 } from '../../../../src/base/index.ts';
import { consensusConfiguration } from '../../../../src/node/replica/configuration.ts';
import { ConfigurationHistories } from '../../../../src/node/replica/configuration-history.ts';
import { ConfigurationRecords } from '../../../../src/node/replica/configuration-records.ts';
import { type Operation, prefixedKey, type Store } from '../../../../src/storage/index.ts';
import {
  decodeHistory,
  encodeHistory,
  type KnownConfiguration,
  type ProvedConfiguration,
  verifyHistory,
} from '../../../../src/verify/index.ts';
import { SimulatedCluster } from '../../../support/simulated-cluster.ts';
import { calmNetwork } from '../../../support/simulated-network.ts';
import { SeededRandom } from '../../../support/simulated-random.ts';
import { fastSignatures } from '../../../support/simulated-signer.ts';
import { simulationEpochMs } from '../../../support/simulated-time.ts';
import { Workload } from '../../../support/simulated-workload.ts';

const nodes = [0, 2, 3, 4];
const random = new SeededRandom(1);
const cluster = new SimulatedCluster(
  {
    voterCount: 3,
    learnerCount: 2,
    signatures: fastSignatures,
    tickMs: 10,
    heartbeatTicks: 2,
    electionTicks: 10,
    network: calmNetwork,
    disk: { writeMinMs: 0.5, writeMeanMs: 1 },
  },
  random,
);
const workload = new Workload(
  cluster,
  random,
  { clientCount: 1, meanIntervalMs: Number.POSITIVE_INFINITY, keyCount: 4 },
  { told: () => undefined, toldExpired: () => undefined },
);
const { genesis } = cluster;
const { ledgerId } = genesis;
const known: KnownConfiguration = { ledgerId, height: 0, configuration: consensusConfiguration(genesis.configuration) };

async function until(what: string, condition: () => boolean): Promise<void> {
  const endMs = cluster.queue.nowMs + 20_000;
  while (!condition()) {
    if (!cluster.step(endMs)) throw new Error(`not in time: ${what}`);
    await undefined;
  }
}

/** How many changes the node's chain has, and whether it has applied them. */
function changesAt(node: number): number {
  const { changes } = open(node).records;
  const appliedHeight = cluster.machineAt(node).process?.status()?.appliedHeight ?? 0;
  return changes.filter(({ height }) => height <= appliedHeight).length;
}

beforeAll(async () => {
  cluster.startAll();
  const steps = [
    ['promote', 3],
    ['promote', 4],
    ['remove', 1],
  ] as const;
  for (const [index, [step, node]] of steps.entries()) {
    const payload = [1, step, cluster.machineAt(node).signer.publicKey];
    await until('a leader', () => cluster.machines.some(({ process }) => process?.status()?.role === 'leader'));
    const leader = present(
      cluster.machines.find(({ process }) => process?.status()?.role === 'leader'),
      'there is one',
    );
    cluster.submit(
      leader.index,
      [workload.create({ kind: 'sim.change', payload }, simulationEpochMs + 500_000)],
      () => undefined,
    );
    await until(`change ${index}`, () => nodes.every((each) => changesAt(each) === index + 1));
  }
  const doneMs = cluster.queue.nowMs + 500;
  while (cluster.step(doneMs)) await undefined;
});

/** What the disk of a node, or another with the same records, can prove. */
function open(node: number, store: Store = cluster.machineAt(node).disk.store) {
  const written: Operation[] = [];
  const records = new ConfigurationRecords(store, known.configuration);
  const histories = new ConfigurationHistories({ store, ledger: { ledgerId, genesis } }, records, (operations) =>
    written.push(...operations),
  );
  return { histories, written, records };
}

/** The disk without what is under these keys, and with what is put in their place. */
function without(node: number, isGone: (key: Uint8Array) => boolean, instead?: Uint8Array): Store {
  const { store } = cluster.machineAt(node).disk;
  const get: Store['get'] = (key) => (isGone(key) ? instead : store.get(key));
  return Object.create(store, { get: { value: get } }) as Store;
}

const begins = (prefix: Uint8Array) => (key: Uint8Array) => Buffer.from(key).subarray(0, prefix.length).equals(prefix);
const isStep = begins(prefixedKey('consensus', utf8('configuration-step')));
const isBlock = begins(prefixedKey('block', new Uint8Array()));

function prove(histories: ConfigurationHistories, from: KnownConfiguration = known): readonly ProvedConfiguration[] {
  const history = present(histories.after(from.height, from.configuration.hash), 'the beginning is known');
  return verifyHistory(decodeHistory(encodeHistory(history)), from, cluster.signatures.verify);
}

const allHeights = Number.MAX_SAFE_INTEGER;

describe('the history of the configuration', () => {
  it.each(nodes)('is proved by what node %i wrote as the changes were applied, without a block', (node) => {
    const { histories, written } = open(node, without(node, isBlock));
    histories.applied(allHeights);
    expect(written).toEqual([]);
    const proved = prove(histories);
    expect(proved.map(({ step }) => step)).toEqual(['promote', 'promote', 'remove']);
    expect(histories.known.map(({ height }) => height)).toEqual([0, ...proved.map(({ height }) => height)]);
    expect(histories.known.map(({ change }) => change?.step)).toEqual([undefined, 'promote', 'promote', 'remove']);
  });

  it.each(nodes)('is made again from the chain where the records of node %i are missing', (node) => {
    const { histories, written } = open(node, without(node, isStep));
    histories.applied(allHeights);
    expect(written).toHaveLength(3);
    expect(prove(histories)).toHaveLength(3);
  });

  it('is proved by the certificates in justifications where no other was kept', () => {
    const isCertificate = begins(prefixedKey('certificate', new Uint8Array()));
    const { histories } = open(
      0,
      without(0, (key) => isStep(key) || isCertificate(key)),
    );
    histories.applied(allHeights);
    // The last change is the only one that nothing after it has to cite.
    expect(prove(histories).length).toBeGreaterThanOrEqual(2);
  });

  it('says nothing of changes that are not applied', () => {
    const { histories, records } = open(0);
    const [first, second] = records.changes;
    histories.applied(present(second, 'there are three').height - 1);
    expect(prove(histories).map(({ height }) => height)).toEqual([first?.height]);
  });

  it('says when it is too long for a snapshot, and so for every newcomer', () => {
    const { histories, records } = open(0);
    histories.applied(allHeights);
    expect(histories.isOnePiece).toBe(true);
    const [change] = records.changes;
    const many = (count: number): ConfigurationHistories => {
      const long = Object.create(records, { changes: { value: Array(count).fill(change) } }) as ConfigurationRecords;
      const { store } = cluster.machineAt(0).disk;
      const made = new ConfigurationHistories({ store, ledger: { ledgerId, genesis } }, long, () => undefined);
      made.applied(allHeights);
      return made;
    };
    expect(many(1025).isOnePiece).toBe(false);
    expect(many(10).isOnePiece).toBe(true);
  });

  it('goes on from any change, and from nothing else', () => {
    const { histories } = open(0);
    histories.applied(allHeights);
    const proved = prove(histories);
    for (const [index, change] of proved.entries()) {
      expect(prove(histories, { ...known, ...change })).toHaveLength(proved.length - 1 - index);
      expect(histories.after(change.height, known.configuration.hash)).toBeUndefined();
      expect(histories.after(change.height + 1)).toBeUndefined();
    }
    expect(histories.after(0, proved[0]?.configuration.hash)).toBeUndefined();
  });

  it('says that a record is damaged', () => {
    const { histories } = open(0, without(0, isStep, utf8('damaged')));
    expect(() => histories.applied(allHeights)).toThrow(expect.objectContaining({ code: 'storage-damaged' }));
  });
});
