import { describe, expect, test } from 'vitest';
import { present } from '../../src/base/index.ts';
import { TestCluster, type TestNode } from '../unit/consensus/cluster.ts';
import { ledCluster } from '../unit/consensus/membership.ts';

/** Asks, and delivers all that follows from it before any time passes. */
function read(node: TestNode, context: number): void {
  node.raft.readIndex(context);
  node.drain();
  node.cluster.settle();
}

describe('linearizable reads', () => {
  test('26: a new leader delays reads until a block of its own term is certified', () => {
    const cluster = new TestCluster(3);
    cluster.elect(0).seal();
    cluster.settle();
    const leader = cluster.elect(1);
    leader.raft.readIndex(7);
    leader.drain();
    cluster.tick(2 * cluster.parameters.heartbeatTicks);
    expect(leader.reads).toEqual([]);
    leader.seal();
    cluster.settle();
    expect(leader.reads).toEqual([{ context: 7, height: 2 }]);
  });

  test("a follower's read goes through its leader", () => {
    const cluster = new TestCluster(3);
    cluster.elect(0).seal();
    cluster.settle();
    const follower = cluster.node(2);
    follower.raft.readIndex(1);
    follower.drain();
    cluster.settle();
    expect(follower.reads).toEqual([{ context: 1, height: 1 }]);
  });

  test('27: of three, a follower that asks is the majority with its leader: no round leaves', () => {
    const { cluster, leader } = ledCluster(3);
    cluster.passes = (from, _to, message) => message.type !== 'heartbeat' || from !== leader;
    read(cluster.node(2), 1);
    expect(cluster.node(2).reads).toEqual([{ context: 1, height: 1 }]);
    read(leader, 2);
    expect(leader.reads).toEqual([]);
  });

  test('27: of five, a follower that asks counts once, and for itself only', () => {
    const { cluster, leader } = ledCluster(5);
    const answering = new Set([cluster.node(1)]);
    cluster.passes = (from, _to, message) => message.type !== 'heartbeat-reply' || answering.has(from);
    read(cluster.node(1), 1);
    expect(cluster.node(1).reads, 'asked and answered a round: still two of five').toEqual([]);
    read(leader, 2);
    expect(leader.reads, 'who asked before is no witness for a later read').toEqual([]);
    answering.add(cluster.node(2));
    cluster.tick(cluster.parameters.heartbeatTicks);
    expect(cluster.node(1).reads).toEqual([{ context: 1, height: 1 }]);
    expect(leader.reads).toEqual([{ context: 2, height: 1 }]);
  });

  test('27: a learner that asks counts for nothing', () => {
    const { cluster, leader } = ledCluster(4, { learners: 1 });
    cluster.passes = (from, _to, message) => message.type !== 'heartbeat' || from !== leader;
    read(cluster.node(3), 1);
    expect(cluster.node(3).reads).toEqual([]);
    cluster.heal();
    cluster.tick(cluster.parameters.heartbeatTicks);
    expect(cluster.node(3).reads).toEqual([{ context: 1, height: 1 }]);
  });

  test('28: what a deposed leader answers to a question from before the election is not taken', () => {
    const { cluster, leader: old } = ledCluster(3);
    const follower = cluster.node(2);
    follower.raft.readIndex(1);
    follower.drain();
    const asked = cluster.wire.splice(0);
    expect(asked.map(({ to, message }) => [to, message.type])).toEqual([[old.id, 'read-index-request']]);
    old.isRunning = false;
    cluster.elect(1).seal();
    cluster.settle();
    expect(cluster.node(1).status.certifiedHeight).toBe(2);
    old.isRunning = true;
    old.step(follower.id, present(asked[0], 'one was asked').message);
    cluster.settle();
    expect(follower.reads).toEqual([{ context: 1 }]);
  });

  test('27: answers to a round before the read confirm nothing', () => {
    const cluster = new TestCluster(3);
    const leader = cluster.elect(0);
    leader.seal();
    cluster.settle();
    cluster.passes = (_from, _to, message) => message.type !== 'heartbeat-reply';
    cluster.tick(cluster.parameters.heartbeatTicks);
    const { term } = leader.status;
    leader.raft.readIndex(1);
    leader.drain();
    const sent = cluster.wire.flatMap(({ message }) => (message.type === 'heartbeat' ? [message.round] : []));
    const round = Math.max(...sent);
    const reply = (of: number): void => {
      leader.step(cluster.node(1).id, {
        type: 'heartbeat-reply',
        term,
        round: of,
        durable: leader.status.tip,
        committedHeight: 1,
        clockMs: cluster.nowMs,
        needsTermCertificate: false,
      });
    };
    reply(round - 1);
    expect(leader.reads).toEqual([]);
    reply(round);
    expect(leader.reads).toEqual([{ context: 1, height: 1 }]);
  });

  test('28: a leader that was paused across an election refuses', () => {
    const cluster = new TestCluster(3);
    const old = cluster.elect(0);
    old.seal();
    cluster.settle();
    old.isRunning = false;
    cluster.until('another leader commits', () => {
      const { leader } = cluster;
      leader?.seal();
      cluster.settle();
      return leader !== undefined && leader.status.committedHeight > 1;
    });
    old.isRunning = true;
    old.raft.readIndex(1);
    old.drain();
    expect(old.reads).toEqual([]);
    cluster.tick(cluster.parameters.electionTicks);
    expect(old.reads).toEqual([{ context: 1 }]);
  });

  test('without a leader a read is refused at once, and one that gets no answer within an election timeout', () => {
    const cluster = new TestCluster(3);
    cluster.settle();
    const node = cluster.node(2);
    node.raft.readIndex(1);
    node.drain();
    expect(node.reads).toEqual([{ context: 1 }]);
    cluster.elect(0);
    cluster.passes = (_from, _to, message) => message.type !== 'read-index-request';
    node.raft.readIndex(2);
    node.drain();
    cluster.tick(cluster.parameters.electionTicks + 1);
    expect(node.reads).toEqual([{ context: 1 }, { context: 2 }]);
  });
});
