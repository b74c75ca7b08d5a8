import { describe, expect, test } from 'vitest';
import { present, toHex } from '../../src/base/index.ts';
import { type BlockReference, type Message, tipOf } from '../../src/consensus/index.ts';
import { TestCluster, type TestNode } from '../unit/consensus/cluster.ts';
import { Forge, genesisTip } from '../unit/consensus/forge.ts';

const places = (chain: readonly BlockReference[]): string[] => chain.map(({ term, height }) => `${term}.${height}`);
const hashes = (chain: readonly BlockReference[]): string[] => chain.map(({ hash }) => toHex(hash));
const last = (chain: readonly BlockReference[]): BlockReference => present(chain.at(-1), 'the chain has a block');

function append(
  term: number,
  previous: BlockReference | undefined,
  blocks: readonly BlockReference[],
  parts: Partial<Extract<Message, { type: 'append' }>> = {},
): Message {
  const previousTip = previous === undefined ? genesisTip : tipOf(previous);
  return { type: 'append', term, sequence: 1, previous: previousTip, blocks, ...parts };
}

/** The acks that nodes put on the wire since it was last emptied. */
function acksOnWire(cluster: TestCluster): string[] {
  return cluster.wire.flatMap(({ message }) => {
    if (message.type === 'append-reply')
      return message.acks.map(({ statement }) => `${statement.term}.${statement.height}`);
    return [];
  });
}

function sealAndSettle(cluster: TestCluster, node: TestNode, count = 1): void {
  for (let sealed = 0; sealed < count; sealed++) {
    expect(node.seal()).toBeDefined();
    cluster.settle();
  }
}

describe('replication', () => {
  test('16: an old-term block on a majority is not committed before a block of the present term is', () => {
    const forge = new Forge(3);
    const chain = forge.branch(genesisTip, 1, 0, 2, [0, 1]);
    const cluster = new TestCluster(3, { forge, disks: [forge.disk(chain), forge.disk(chain), forge.disk()] });
    const leader = cluster.elect(0);
    cluster.tick(5);
    expect(cluster.nodes.map((node) => node.disk.chain.length)).toEqual([2, 2, 2]);
    expect(cluster.nodes.map((node) => node.status.committedHeight)).toEqual([0, 0, 0]);
    sealAndSettle(cluster, leader);
    expect(cluster.nodes.map((node) => node.status.committedHeight)).toEqual([3, 3, 3]);
  });

  test("17: the logs of the paper's figure 7 converge", () => {
    const forge = new Forge(7);
    const voters = [0, 1, 2, 3];
    const grow = (chain: readonly BlockReference[], term: number, leader: number, count: number) => {
      const end = chain.at(-1);
      return [...chain, ...forge.branch(end === undefined ? genesisTip : tipOf(end), term, leader, count, voters)];
    };
    const ones = grow([], 1, 0, 3);
    const fours = grow(ones, 4, 1, 4);
    const fives = grow(fours.slice(0, 5), 5, 2, 2);
    const sixes = grow(fives, 6, 3, 4);
    const sevens = grow(sixes.slice(0, 10), 7, 4, 2);
    const threes = grow(grow(ones, 2, 5, 3), 3, 5, 5);
    const logs = [sixes.slice(0, 10), sixes.slice(0, 9), fours.slice(0, 4), sixes, sevens, fours, threes];
    expect(places(threes)).toEqual('1.1 1.2 1.3 2.4 2.5 2.6 3.7 3.8 3.9 3.10 3.11'.split(' '));
    const cluster = new TestCluster(7, { forge, disks: logs.map((log) => forge.disk(log, { term: 7 })) });
    cluster.until('everything is committed everywhere', () => {
      if (cluster.leader?.status.certifiedHeight === 0) cluster.leader.seal();
      cluster.settle();
      return cluster.nodes.every((node) => node.status.committedHeight >= 11);
    });
    const expected = hashes(cluster.node(0).disk.chain);
    for (const node of cluster.nodes) {
      expect(hashes(node.disk.chain)).toEqual(expected);
      expect(node.evidence).toEqual([]);
    }
  });

  test('18: a certificate above the verified part commits nothing of a diverging tail', () => {
    const forge = new Forge(3);
    const shared = forge.branch(genesisTip, 1, 0, 6, [0, 1]);
    const six = last(shared);
    const stale = forge.branch(tipOf(six), 2, 1, 2, [1, 2]);
    const fresh = forge.branch(tipOf(six), 3, 0, 2, [0, 1]);
    const cluster = new TestCluster(3, {
      forge,
      disks: [forge.disk(), forge.disk(), forge.disk([...shared, ...stale])],
    });
    cluster.settle();
    const follower = cluster.node(2);
    const leader = cluster.node(0).id;
    const termCertificate = forge.termCertificate(3, 0, tipOf(six), [0, 1]);
    const certificate = forge.blockCertificate(last(fresh), [0, 1]);
    follower.step(leader, append(3, six, [], { termCertificate, certificate }));
    expect(follower.status.committedHeight, 'the certified block is not in its chain').toBe(0);
    follower.step(leader, append(3, six, [], { certificate: forge.blockCertificate(six, [0, 1]) }));
    expect(follower.status.committedHeight).toBe(6);
    follower.step(leader, append(3, six, fresh));
    expect(follower.status.committedHeight).toBe(8);
    expect(hashes(follower.disk.chain)).toEqual(hashes([...shared, ...fresh]));
  });

  test('19: a stale rejection and an overlapping resend leave the committed prefix alone', () => {
    const cluster = new TestCluster(3);
    const leader = cluster.elect(0);
    sealAndSettle(cluster, leader, 5);
    const before = hashes(leader.disk.chain);
    const follower = cluster.node(1);
    const { term } = leader.status;
    follower.step(leader.id, append(term, leader.disk.chain[0], leader.disk.chain.slice(1, 3)));
    leader.step(follower.id, {
      type: 'append-reply',
      term,
      sequence: 1,
      acks: [],
      durable: genesisTip,
      conflict: { hintTerm: 0, hintHeight: 0 },
    });
    cluster.settle();
    expect(hashes(follower.disk.chain)).toEqual(before);
    sealAndSettle(cluster, leader);
    cluster.tick(5);
    expect(cluster.nodes.map((node) => node.status.committedHeight)).toEqual([6, 6, 6]);
  });

  test('20: a follower acknowledges what the append covered, and nothing of its own older tail', () => {
    const forge = new Forge(3);
    const old = forge.branch(genesisTip, 1, 1, 5, [1, 2]);
    const third = present(old[2], 'there are five');
    const fresh = forge.branch(tipOf(third), 2, 0, 1, [0, 1]);
    const cluster = new TestCluster(3, { forge, disks: [forge.disk(), forge.disk(), forge.disk(old)] });
    cluster.settle();
    const follower = cluster.node(2);
    const termCertificate = forge.termCertificate(2, 0, tipOf(third), [0, 1]);
    follower.step(cluster.node(0).id, append(2, third, [], { termCertificate }));
    expect(acksOnWire(cluster)).toEqual([]);
    follower.step(cluster.node(0).id, append(2, third, fresh));
    expect(acksOnWire(cluster)).toEqual(['2.4']);
    expect(places(follower.disk.chain)).toEqual(['1.1', '1.2', '1.3', '2.4']);
  });

  test('21: writes that complete after later terms overwrote them change nothing', () => {
    const forge = new Forge(5);
    const cluster = new TestCluster(5, { forge });
    cluster.settle();
    const follower = cluster.node(4);
    follower.holdsWrites = true;
    for (const term of [1, 2, 3]) {
      const leader = term - 1;
      const blocks = forge.branch(genesisTip, term, leader, 4 - term, [0, 1, 2]);
      const { term: termCertificate } = present(blocks[0], 'a block').justification;
      follower.step(forge.id(leader), append(term, undefined, blocks, termCertificate && { termCertificate }));
    }
    cluster.wire = [];
    while (follower.writes.length > 0) follower.sync(1);
    expect(places(follower.disk.chain)).toEqual(['3.1']);
    expect(acksOnWire(cluster)).toEqual(['3.1']);
    expect(follower.status.durableTip.term).toBe(3);
  });

  test('22: a self-ack that comes after the term changed is dropped', () => {
    const cluster = new TestCluster(3);
    const old = cluster.elect(0);
    old.holdsWrites = true;
    cluster.passes = (from, to) => from !== old && to !== old;
    old.seal();
    cluster.settle();
    cluster.elect(1);
    cluster.heal();
    cluster.tick(3);
    expect(old.status.role).toBe('follower');
    cluster.wire = [];
    old.sync();
    expect(acksOnWire(cluster)).toEqual([]);
    expect(old.status.certifiedHeight).toBe(0);
    cluster.settle();
    old.holdsWrites = false;
    cluster.node(1).seal();
    cluster.settle();
    cluster.tick(5);
    expect(cluster.nodes.map((node) => node.status.committedHeight)).toEqual([1, 1, 1]);
  });

  test('23: a full window of lost messages recovers by heartbeat', () => {
    const cluster = new TestCluster(3, { limits: { inflightAppendsMax: 2, appendBlocksMax: 1 } });
    const leader = cluster.elect(0);
    sealAndSettle(cluster, leader);
    cluster.passes = (_from, _to, message) => message.type !== 'append';
    for (let sealed = 0; sealed < 10; sealed++) leader.seal();
    cluster.settle();
    expect(leader.status.peers.map((peer) => peer.inflightAppends)).toEqual([2, 2]);
    cluster.heal();
    cluster.until('all is committed', () => cluster.nodes.every((node) => node.status.committedHeight === 11), 30);
  });

  test('23: a window whose answers are lost opens when a heartbeat says what is durable', () => {
    const cluster = new TestCluster(3, { limits: { inflightAppendsMax: 1, appendBlocksMax: 1 } });
    const leader = cluster.elect(0);
    sealAndSettle(cluster, leader);
    cluster.passes = (_from, _to, message) => message.type !== 'append-reply';
    leader.seal();
    cluster.settle();
    leader.seal();
    cluster.until('the second block is sent', () => cluster.nodes.every((node) => node.status.tip.height === 3), 20);
  });

  test('a block that the followers certified is shown by its leader only after its own sync', () => {
    const cluster = new TestCluster(3);
    const leader = cluster.elect(0);
    leader.holdsWrites = true;
    leader.seal();
    cluster.settle();
    expect([leader.status.certifiedHeight, leader.committed.length]).toEqual([1, 0]);
    leader.sync();
    expect(leader.committed.length).toBe(1);
  });

  test('24: without a quorum a flood of proposals ends in a bounded, typed refusal', () => {
    const cluster = new TestCluster(3, { limits: { uncertifiedBlocksMax: 16 } });
    const leader = cluster.elect(0);
    cluster.partition([0], [1, 2]);
    let sealed = 0;
    while (leader.seal() !== undefined) sealed += 1;
    expect(sealed).toBe(16);
    expect(leader.status.sealRefusal).toBe('uncertified-tail-full');
    for (let tick = 0; tick < cluster.parameters.electionTicks; tick++) leader.tick();
    expect(leader.status.role).toBe('follower');
    cluster.heal();
    cluster.until('a leader commits again', () => {
      cluster.leader?.seal();
      cluster.settle();
      return cluster.nodes.every((node) => node.status.committedHeight > 0);
    });
  });

  test('69: acks of different heights certify within one round trip at every load', () => {
    const cluster = new TestCluster(3);
    const leader = cluster.elect(0);
    for (const load of [1, 2, 7, 30]) {
      const { committedHeight } = leader.status;
      for (let sealed = 0; sealed < load; sealed++) expect(leader.seal()).toBeDefined();
      // Every message, once each, without a tick.
      cluster.settle();
      expect(cluster.nodes.map((node) => node.status.committedHeight)).toEqual(
        cluster.nodes.map(() => committedHeight + load),
      );
    }
  });

  test("74: with the tail at its cap and leaders changing twice, the new leader's first block gets through", () => {
    const cluster = new TestCluster(3, { limits: { uncertifiedBlocksMax: 8 } });
    const first = cluster.elect(0);
    // Blocks arrive everywhere; no ack ever comes back.
    cluster.passes = (_from, _to, message) =>
      message.type !== 'append-reply' && !(message.type === 'heartbeat-reply' && message.ack !== undefined);
    while (first.seal() !== undefined);
    cluster.settle();
    expect(cluster.nodes.map((node) => node.status.tip.height)).toEqual([8, 8, 8]);
    for (const index of [1, 2]) {
      cluster.heal();
      const leader = cluster.elect(index);
      expect(leader.status.certifiedHeight).toBe(0);
      expect(leader.raft.proposalSlot(leader.nowMs)?.mandatory).toBe(true);
      if (index === 1) cluster.passes = (_from, _to, message) => message.type !== 'append';
      expect(leader.seal()).toBeDefined();
      cluster.settle();
    }
    cluster.tick(5);
    expect(cluster.nodes.every((node) => node.status.committedHeight >= 9)).toBe(true);
  });

  test('75: when all acks of a block are lost, heartbeat replies repeat them', () => {
    const cluster = new TestCluster(3);
    const leader = cluster.elect(0);
    cluster.passes = (_from, _to, message) => message.type !== 'append-reply' || message.acks.length === 0;
    expect(leader.seal()).toBeDefined();
    cluster.settle();
    expect(leader.status.committedHeight).toBe(0);
    cluster.tick(cluster.parameters.heartbeatTicks + 1);
    expect(cluster.nodes.map((node) => node.status.committedHeight)).toEqual([1, 1, 1]);
  });

  test('75: also when the followers restarted in between', () => {
    const cluster = new TestCluster(3);
    const leader = cluster.elect(0);
    cluster.passes = (_from, _to, message) => message.type !== 'append-reply' || message.acks.length === 0;
    expect(leader.seal()).toBeDefined();
    cluster.settle();
    for (const index of [1, 2]) cluster.node(index).restart();
    cluster.tick(10);
    expect(cluster.nodes.map((node) => node.status.committedHeight)).toEqual([1, 1, 1]);
  });
});
