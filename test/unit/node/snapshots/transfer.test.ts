import { describe, expect, it } from 'vitest';
import { present, toHex } from '../../../../src/base/index.ts';
import { comparePlaces } from '../../../../src/consensus/index.ts';
import { verifySignature } from '../../../../src/crypto/index.ts';
import { SnapshotSource } from '../../../../src/ledger/index.ts';
import { leftoversKey } from '../../../../src/ledger/snapshot/staging-keys.ts';
import { consensusConfiguration, decodeMessage } from '../../../../src/node/replica/index.ts';
import { decodeSnapshotMessage, encodeSnapshotMessage } from '../../../../src/node/snapshots/messages.ts';
import { proofsOf, verifyProofs } from '../../../../src/node/snapshots/proofs.ts';
import { verifyHistory } from '../../../../src/verify/index.ts';
import { isDriverFrame } from '../../../support/driver-frames.ts';
import { SeededRandom } from '../../../support/simulated-random.ts';
import { SimulatedDisk } from '../../../support/simulated-store.ts';
import { genesis, put, TestCluster, type TestNode, transaction } from './harness.ts';

/** More than one chunk of values. */
const large = 20_000;

async function grown(count: number, bytes = 8, lagBlocks?: number): Promise<TestCluster> {
  const cluster = new TestCluster(lagBlocks);
  for (const node of cluster.voters) await cluster.start(node);
  const puts = Array.from({ length: count }, (_, index) => put(index, bytes));
  const change = transaction('sim.change', [1, 'add', new Uint8Array(32).fill(77)]);
  const outcomes = await cluster.commit([change, ...puts]);
  expect(new Set(outcomes.map(({ status }) => status))).toEqual(new Set(['committed']));
  await cluster.until(() => {
    const { tip, configuration } = present(cluster.leader, 'a leader').replica.status();
    const isApplied = cluster.voters.every(({ ledger }) => ledger.applied.height === tip.height);
    return configuration.nodes.length === 5 && isApplied;
  }, 'all have the same');
  return cluster;
}

function untilCaughtUp(cluster: TestCluster, node: TestNode = cluster.learner): Promise<void> {
  return cluster.until(() => {
    const { leader } = cluster;
    return leader !== undefined && toHex(node.ledger.applied.hash) === toHex(leader.ledger.applied.hash);
  }, 'it catches up');
}

/** It has the same state, by way of a snapshot, and follows. */
async function expectBegun(cluster: TestCluster, node: TestNode = cluster.learner): Promise<void> {
  await untilCaughtUp(cluster, node);
  expect(node.ledger.firstBlockHeight).toBeGreaterThan(1);
  await cluster.commit([put(1), put(2)]);
  await untilCaughtUp(cluster, node);
  expect(node.ledger.applied.stateRoot).toEqual(cluster.leader?.ledger.applied.stateRoot);
  expect(cluster.nodes.flatMap(({ faults }) => faults)).toEqual([]);
}

/** The chunks that arrive, by address, in their order. */
function watchChunks(cluster: TestCluster): string[] {
  const addresses: string[] = [];
  cluster.onFrame = ({ channel, bytes }) => {
    const message = channel === 'bulk' ? decodeSnapshotMessage(bytes) : undefined;
    if (message?.type === 'piece' && message.address.length > 0 && message.offset === 0)
      addresses.push(toHex(message.address));
    return bytes;
  };
  return addresses;
}

describe('a node without a chain', () => {
  it('begins with a snapshot, follows from there, and proves the configurations of before to others', async () => {
    const cluster = await grown(30);
    const { learner } = cluster;
    await cluster.start(learner);
    await expectBegun(cluster);
    expect(learner.ledger.firstBlockHeight).toBeGreaterThan(20);
    expect(learner.blamed).toEqual([]);
    const history = present(learner.replica.history.after(0), 'a history');
    const known = {
      ledgerId: genesis.ledgerId,
      height: 0,
      configuration: consensusConfiguration(genesis.configuration),
    };
    const [change] = verifyHistory(history, known, verifySignature);
    expect(change?.height).toBeLessThan(learner.ledger.firstBlockHeight);
    expect(change?.configuration.hash).toEqual(learner.replica.status().configuration.hash);
    expect(learner.snapshots.progress).toBeUndefined();

    const { firstBlockHeight } = learner.ledger;
    cluster.crash(learner);
    await cluster.start(learner);
    await cluster.commit([put(3)]);
    await untilCaughtUp(cluster);
    expect(learner.ledger.firstBlockHeight).toBe(firstBlockHeight);
  });

  it('takes the blocks when it lags by less', async () => {
    const cluster = await grown(30, 8, 1000);
    await cluster.start(cluster.learner);
    await untilCaughtUp(cluster);
    expect(cluster.learner.ledger.firstBlockHeight).toBe(1);
    expect(cluster.learner.ledger.applied.stateRoot).toEqual(cluster.leader?.ledger.applied.stateRoot);
  });

  it('takes no blocks while it waits for a snapshot', async () => {
    const cluster = await grown(150);
    const { learner } = cluster;
    cluster.onFrame = ({ channel, bytes }) => (channel === 'bulk' ? undefined : bytes);
    await cluster.start(learner);
    await cluster.until(
      () => learner.ledger.applied.height > 0 || learner.replica.status().behindBlocks > 8,
      'it hears',
    );
    for (let step = 0; step < 100; step++) await cluster.step();
    // But for the first piece of the chain, by which it learned how far it is behind.
    expect(learner.replica.status().tip.height).toBeLessThanOrEqual(64);
  });

  it('goes on with what it held after a restart', async () => {
    const cluster = await grown(60, large);
    const { learner } = cluster;
    const addresses = watchChunks(cluster);
    await cluster.start(learner);
    await cluster.until(() => (learner.snapshots.progress?.chunksHeld ?? 0) >= 3, 'some chunks');
    const height = learner.snapshots.progress?.height;
    cluster.crash(learner);
    // Whoever is asked for any snapshot may open a later one now.
    await cluster.commit([put(100)]);
    await cluster.start(learner);
    await expectBegun(cluster);
    expect(learner.ledger.firstBlockHeight).toBe(height);
    expect(addresses.length).toBeGreaterThan(6);
    // But for one that was on its way.
    expect(addresses.length - new Set(addresses).size).toBeLessThanOrEqual(1);
  });

  it.each([
    ['at the same block, and goes on with what it held', false],
    ['at a later block, and begins again', true],
  ])('is left by its source, and finds another %s', async (_, grows) => {
    const cluster = await grown(60, large);
    const { learner } = cluster;
    const addresses = watchChunks(cluster);
    await cluster.start(learner);
    await cluster.until(() => (learner.snapshots.progress?.chunksHeld ?? 0) >= 3, 'some chunks');
    const { height, fromNode } = present(learner.snapshots.progress, 'it takes one in');
    expect(fromNode).not.toBe(cluster.leader?.nodeId);
    const source = present(
      cluster.nodes.find(({ nodeId }) => nodeId === fromNode),
      'a node',
    );
    cluster.crash(source);
    if (grows) await cluster.commit([put(100), put(101)]);
    else await cluster.until(() => learner.snapshots.progress?.fromNode !== fromNode, 'it asks another at once', 10);
    await expectBegun(cluster);
    if (grows) expect(learner.ledger.firstBlockHeight).toBeGreaterThan(height);
    else {
      expect(learner.ledger.firstBlockHeight).toBe(height);
      expect(addresses.length - new Set(addresses).size).toBeLessThanOrEqual(1);
    }
  });

  it('blames who lies, in a chunk or in the manifest, and takes the truth from another', async () => {
    const cluster = await grown(30);
    const { leader, learner } = cluster;
    const [first, second] = cluster.voters.filter((node) => node !== leader);
    cluster.onFrame = ({ from, channel, bytes }) => {
      const message = channel === 'bulk' && from !== leader ? decodeSnapshotMessage(bytes) : undefined;
      if (message?.type !== 'piece' || message.address.length > 0 === (from === second)) return bytes;
      const forged = message.bytes.slice();
      const place = forged.length >> 1;
      forged[place] = (forged[place] ?? 0) ^ 1;
      return encodeSnapshotMessage({ ...message, bytes: forged });
    };
    await cluster.start(learner);
    await expectBegun(cluster);
    // Each once: who lied is not asked again in the same attempt.
    expect(learner.blamed.map(({ from }) => from).toSorted()).toEqual([first?.nodeId, second?.nodeId].toSorted());
    expect(new Set(learner.blamed.map(({ error }) => error.code))).toEqual(new Set(['snapshot-invalid']));
  });

  it('leaves who announces snapshots and gives no chunk of any', async () => {
    const cluster = await grown(30);
    const { leader, learner } = cluster;
    let refused = 0;
    cluster.onFrame = ({ from, channel, bytes }) => {
      const message = channel === 'bulk' && from !== leader ? decodeSnapshotMessage(bytes) : undefined;
      if (message?.type !== 'piece' || message.address.length === 0) return bytes;
      refused += 1;
      return encodeSnapshotMessage({ type: 'none', block: message.block, address: message.address });
    };
    await cluster.start(learner);
    await expectBegun(cluster);
    // Three from each of the two.
    expect(refused).toBe(6);
    expect(learner.blamed).toEqual([]);
  });

  it('blames nobody for its own disk', async () => {
    const cluster = await grown(60, large);
    const { learner } = cluster;
    await cluster.start(learner);
    await cluster.until(() => (learner.snapshots.progress?.chunksHeld ?? 0) >= 2, 'some chunks');
    cluster.stuckDisks.add(learner);
    await cluster.until(() => learner.disk.inFlight > 0, 'it writes');
    learner.disk.failNext(new Error('the disk is gone'));
    await cluster.until(() => learner.faults.length > 0, 'it says so');
    for (let step = 0; step < 10; step++) await cluster.step();
    expect(learner.blamed).toEqual([]);
  });

  it('removes what the snapshot has replaced, by and by', async () => {
    const cluster = await grown(30);
    const { learner } = cluster;
    await cluster.start(learner);
    await expectBegun(cluster);
    await cluster.until(() => learner.disk.store.get(leftoversKey) === undefined, 'nothing is left over');
  });

  it('takes the blocks after all when nobody gives it a snapshot', async () => {
    const cluster = await grown(30);
    cluster.onFrame = ({ channel, bytes }) => (channel === 'bulk' ? undefined : bytes);
    await cluster.start(cluster.learner);
    await untilCaughtUp(cluster);
    expect(cluster.learner.ledger.firstBlockHeight).toBe(1);
  });

  it('can crash after every batch of the way, and its tip never decreases (scenario 42)', async () => {
    let crashes = 0;
    for (let batches = 1; ; batches++) {
      const cluster = await grown(12, large);
      const { learner } = cluster;
      await cluster.start(learner);
      cluster.crashAfter = { node: learner, batches };
      let tip = { term: 0, height: 0 };
      await cluster.until(() => {
        if (learner.isUp) tip = learner.replica.status().durableTip;
        return !learner.isUp || learner.ledger.firstBlockHeight > 1;
      }, 'it crashes, or stands on the snapshot');
      if (learner.isUp) break;
      crashes += 1;
      await cluster.start(learner);
      expect(comparePlaces(learner.replica.status().tip, tip)).toBeGreaterThanOrEqual(0);
      await untilCaughtUp(cluster);
      expect(comparePlaces(learner.replica.status().tip, tip)).toBeGreaterThanOrEqual(0);
      expect(learner.ledger.applied.stateRoot).toEqual(cluster.leader?.ledger.applied.stateRoot);
      expect(cluster.nodes.flatMap(({ faults }) => faults)).toEqual([]);
    }
    expect(crashes).toBeGreaterThan(4);
  });
});

describe('a voter to which nobody has the next block', () => {
  /** A leader that sealed two blocks alone, after which the two others went on; it hears no blocks, only certificates. */
  async function leftBehind(count = 10): Promise<{ cluster: TestCluster; behind: TestNode; ahead: TestNode }> {
    const cluster = await grown(count);
    const behind = present(cluster.leader, 'a leader');
    cluster.onFrame = ({ from, to, bytes }) => (from === behind || to === behind ? undefined : bytes);
    behind.replica.submit([put(200)], () => () => undefined);
    await cluster.step();
    behind.replica.submit([put(201)], () => () => undefined);
    await cluster.until(() => behind.replica.status().tip.height >= behind.ledger.applied.height + 2, 'it seals alone');
    await cluster.until(
      () => cluster.voters.some((node) => node !== behind && node.replica.status().role === 'leader'),
      'another leader',
    );
    await cluster.until(() => behind.replica.status().role !== 'leader', 'it steps down');
    const ahead = present(
      cluster.voters.find((node) => node !== behind && node.replica.status().role === 'leader'),
      'another leader',
    );
    const { height } = ahead.replica.status().tip;
    await cluster.until(() => ahead.ledger.applied.height === height, 'its first block is applied');
    return { cluster, behind, ahead };
  }

  it('installs a snapshot over its own uncertified tail, and nothing is sent over and over (scenario 39)', async () => {
    const { cluster, behind, ahead } = await leftBehind(80);
    const tail = behind.replica.status().tip;
    // A source of a block below the tail's end stays open, since another has asked for it.
    await cluster.start(cluster.learner);
    await cluster.until(() => cluster.learner.ledger.firstBlockHeight > 1, 'another goes on from a snapshot');
    cluster.crash(cluster.learner);
    expect(ahead.ledger.applied.height).toBeLessThan(tail.height);
    await cluster.commit([put(300), put(301), put(302)]);
    let appends = 0;
    cluster.onFrame = ({ to, channel, bytes }) => {
      if (channel !== 'replication' || to !== behind) return bytes;
      appends += 1;
      return behind.ledger.firstBlockHeight > 1 ? bytes : undefined;
    };
    await cluster.until(() => behind.ledger.firstBlockHeight > 1, 'it goes on from a snapshot');
    expect(behind.ledger.firstBlockHeight).toBeLessThan(tail.height);
    expect(comparePlaces(behind.replica.status().tip, tail)).toBeGreaterThan(0);
    appends = 0;
    await untilCaughtUp(cluster, behind);
    for (let step = 0; step < 50; step++) await cluster.step();
    expect(appends).toBeLessThan(10);
    // It is a voter again: of the other two one goes.
    await cluster.until(() => behind.replica.status().withheld === undefined, 'it may sign');
    cluster.crash(
      present(
        cluster.voters.find((node) => node !== behind && node !== cluster.leader),
        'a third',
      ),
    );
    await expectBegun(cluster, behind);
  });

  it('says how it stood while a snapshot replaces what it held', async () => {
    const { cluster, behind } = await leftBehind();
    cluster.crash(behind);
    await cluster.start(behind);
    const tail = behind.replica.status().durableTip;
    cluster.onFrame = ({ to, channel, bytes }) => (channel !== 'replication' || to !== behind ? bytes : undefined);
    const told = new Set<number>();
    behind.disk.onDurable = () => told.add(behind.replica.status().durableTip.height);
    await cluster.until(() => behind.ledger.firstBlockHeight > 1, 'it goes on from a snapshot');
    const { height } = behind.replica.status().durableTip;
    expect(height).toBeLessThan(tail.height);
    expect([...told]).toEqual([tail.height, height]);
  });

  it('signs again where the snapshot is of the term of its last ack', async () => {
    const cluster = await grown(10);
    const behind = present(
      cluster.voters.find((node) => node !== cluster.leader),
      'a follower',
    );
    const { term } = behind.replica.status();
    cluster.onFrame = ({ to, channel, bytes }) =>
      channel !== 'replication' || to !== behind || behind.ledger.firstBlockHeight > 1 ? bytes : undefined;
    await cluster.commit([put(300), put(301), put(302)]);
    await cluster.until(() => behind.ledger.firstBlockHeight > 1, 'it goes on from a snapshot');
    await cluster.until(() => behind.replica.status().withheld === undefined, 'it may sign');
    expect(behind.replica.status().term).toBe(term);
  });

  it('commits and promises nothing less when its disk is slow all the way (scenario 40)', async () => {
    const { cluster, behind } = await leftBehind();
    await cluster.commit([put(300), put(301), put(302)]);
    const random = new SeededRandom(3);
    cluster.onFrame = ({ to, channel, bytes }) => {
      if (to === behind && channel === 'bulk' && random.below(2) === 0) cluster.stuckDisks.add(behind);
      const isKept = channel !== 'replication' || to !== behind || behind.ledger.firstBlockHeight > 1;
      return isKept ? bytes : undefined;
    };
    let { tip } = behind.replica.status();
    await cluster.until(() => {
      const now = behind.replica.status();
      expect(comparePlaces(now.durableTip, now.tip)).toBeLessThanOrEqual(0);
      expect(comparePlaces(now.tip, tip)).toBeGreaterThanOrEqual(0);
      tip = now.tip;
      cluster.leader?.replica.submit([put(400 + random.below(50))], () => () => undefined);
      if (random.below(6) === 0) cluster.stuckDisks.delete(behind);
      return behind.ledger.firstBlockHeight > 1;
    }, 'it goes on from a snapshot');
    cluster.stuckDisks.clear();
    await expectBegun(cluster, behind);
  });
});

it('passes over a snapshot of its own tip, which is nobody’s fault', async () => {
  const cluster = await grown(10);
  const behind = present(
    cluster.voters.find((node) => node !== cluster.leader),
    'a follower',
  );
  const others = cluster.voters.filter((node) => node !== behind);
  const any = { block: new Uint8Array(), address: new Uint8Array() };
  const request = encodeSnapshotMessage({ type: 'request', ...any, offset: 0 });
  for (const { snapshots } of others) snapshots.receive(behind.nodeId, request);
  await cluster.until(() => others.every(({ snapshots }) => snapshots.counts.opened === 1), 'all have a source');
  const manifests = new Set<TestNode>();
  cluster.onFrame = ({ from, to, channel, bytes }) => {
    if (to === behind && channel === 'bulk') manifests.add(from);
    return to === behind && channel === 'replication' ? undefined : bytes;
  };
  const before = behind.replica.status().tip;
  await cluster.commit([put(300), put(301)]);
  await cluster.until(() => manifests.size === others.length, 'all have answered');
  for (let step = 0; step < 10; step++) await cluster.step();
  expect(behind.blamed).toEqual([]);
  expect(behind.replica.status().tip).toEqual(before);
  cluster.onFrame = ({ bytes }) => bytes;
  await untilCaughtUp(cluster, behind);
});

it('refuses a snapshot that is not above its tip, and follows on (scenario 41)', async () => {
  const cluster = await grown(12, 8, 1000);
  const { learner } = cluster;
  const [source] = cluster.voters;
  const { store } = present(source, 'a voter').disk;
  const opened = present(
    await SnapshotSource.open(store, (block) => proofsOf(store, block, () => source?.replica.history.after(0))),
    'a snapshot',
  );
  await cluster.start(learner);
  await untilCaughtUp(cluster);
  const before = learner.replica.status().tip;
  const proved = verifyProofs(opened.manifest, genesis, verifySignature);
  let refusal: string | undefined;
  let isAsked = false;
  learner.replica.install(
    proved,
    () => {
      isAsked = true;
      return [];
    },
    (error) => {
      refusal = error?.code;
    },
  );
  await cluster.until(() => refusal !== undefined, 'an answer');
  expect(refusal).toBe('snapshot-invalid');
  expect(isAsked).toBe(false);
  expect(learner.replica.status().tip).toEqual(before);
  await cluster.commit([put(500)]);
  await untilCaughtUp(cluster);
  expect(learner.ledger.firstBlockHeight).toBe(1);
  await opened.close();
});

it('a key that was contradicted stays spent when its node has taken in a snapshot', async () => {
  const cluster = await grown(30);
  const voter = present(
    cluster.voters.find((node) => node !== cluster.leader),
    'a follower',
  );
  cluster.crash(voter);
  voter.disk = new SimulatedDisk();
  await cluster.start(voter);
  await cluster.until(() => voter.replica.status().role === 'recovering', 'it is told what its key has signed');
  // Nobody tells it a second time.
  cluster.onFrame = ({ channel, bytes, to }) => {
    const isReply = to === voter && channel === 'heartbeat' && typeOf(bytes) === 'nonce-reply';
    return isReply ? undefined : bytes;
  };
  await cluster.until(() => voter.ledger.firstBlockHeight > 1, 'it begins with a snapshot');
  await untilCaughtUp(cluster, voter);
  expect(voter.replica.status()).toMatchObject({ role: 'recovering', withheld: 'contradicted' });
});

function typeOf(frame: Uint8Array): string | undefined {
  const noBlocks = (): never => {
    throw new Error('no blocks travel there');
  };
  return isDriverFrame(frame) ? undefined : decodeMessage(frame, { bytes: noBlocks, receive: noBlocks }).type;
}
