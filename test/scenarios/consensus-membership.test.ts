import { describe, expect, test } from 'vitest';
import { expectOneChain, ledCluster, nodesAt, take, untilCommits, votersAt } from '../unit/consensus/membership.ts';

describe('promotion', () => {
  test('13: a voter that has not heard of its own promotion still votes', () => {
    const { cluster, leader } = ledCluster(3, { learners: 1 });
    cluster.partition([0, 1], [2]);
    take(cluster, 'promote', 2);
    leader.crash();
    cluster.heal();
    expect(votersAt(cluster, cluster.node(2))).toEqual([0, 1]);
    expect(cluster.elect(1).status.role).toBe('leader');
    untilCommits(cluster, [1]);
    expect(votersAt(cluster, cluster.node(2))).toEqual([0, 1, 2]);
    expectOneChain(cluster);
  });

  test('13: also when it was restarted since, and a voter that it knows is gone', () => {
    const { cluster, leader } = ledCluster(3, { learners: 1 });
    cluster.partition([0, 1], [2]);
    take(cluster, 'promote', 2);
    leader.crash();
    cluster.node(2).restart();
    cluster.heal();
    untilCommits(cluster, [1, 2]);
    expect(votersAt(cluster, cluster.node(2))).toEqual([0, 1, 2]);
    expectOneChain(cluster);
  });

  test('13: a voter that was away starts anew, and only a node that it knows as a learner is left', () => {
    const { cluster, leader } = ledCluster(3, { learners: 1 });
    cluster.partition([0, 2], [1]);
    take(cluster, 'promote', 2);
    leader.crash();
    cluster.node(1).restart();
    cluster.heal();
    untilCommits(cluster, [1, 2]);
    expect(cluster.node(1).status.withheld).toBeUndefined();
    expectOneChain(cluster);
  });

  test('13: also when nobody that is left knows the promotion to be certified', () => {
    const { cluster, leader } = ledCluster(3, { learners: 1 });
    cluster.partition([0, 1], [2]);
    const { passes } = cluster;
    cluster.passes = (from, to, message) =>
      passes(from, to, message) && !('certificate' in message && message.certificate?.ack.height === 2);
    take(cluster, 'promote', 2);
    expect(cluster.node(1).status.certifiedHeight).toBe(1);
    leader.crash();
    cluster.node(2).restart();
    cluster.heal();
    untilCommits(cluster, [1, 2]);
    expect(cluster.node(2).status.withheld).toBeUndefined();
    expectOneChain(cluster);
  });

  test('13: a voter that starts anew asks also those whose promotion it does not know to be certified', () => {
    const { cluster, leader } = ledCluster(5, { learners: 1 });
    cluster.partition([0, 1, 2, 4], [3]);
    const { passes } = cluster;
    cluster.passes = (from, to, message) =>
      passes(from, to, message) && !('certificate' in message && message.certificate?.ack.height === 2);
    take(cluster, 'promote', 4);
    leader.crash();
    cluster.node(2).crash();
    cluster.node(3).restart();
    cluster.heal();
    // Three of five, and of the four that the voter knows two.
    untilCommits(cluster, [1, 3, 4]);
    expect(cluster.node(3).status.withheld).toBeUndefined();
    expectOneChain(cluster);
  });

  test('72: an uncertified promotion kept to its leader, and a newer block that only the learner has', () => {
    const { cluster } = ledCluster(4, { learners: 1 });
    const [first, second, learner] = [cluster.node(1), cluster.node(2), cluster.node(3)];
    cluster.elect(1);
    cluster.partition([1, 2], [0, 3]);
    first.seal();
    cluster.settle();
    cluster.partition([1], [0, 2, 3]);
    expect(first.change('promote', 3)).toBeDefined();
    cluster.settle();
    cluster.elect(2);
    expect(second.status.term).toBeGreaterThan(first.status.tip.term);
    cluster.partition([1], [2, 3], [0]);
    second.seal();
    cluster.settle();
    expect(learner.status.durableTip.term).toBe(second.status.term);
    second.crash();
    cluster.heal();
    untilCommits(cluster, [0, 1]);
    expect(votersAt(cluster, first)).toEqual([0, 1, 2]);
    expectOneChain(cluster);
  });
});

describe('two leaders', () => {
  test('30: two leaders with divergent one-node changes: no disjoint majorities', () => {
    const { cluster, leader } = ledCluster(5, { learners: 1 });
    cluster.partition([0, 4], [1, 2, 3]);
    const kept = leader.change('promote', 4);
    expect(kept).toBeDefined();
    cluster.settle();
    const rival = cluster.elect(1);
    expect(rival.change('remove', 3), 'not before a block of its own term is certified').toBeUndefined();
    rival.seal();
    cluster.settle();
    take(cluster, 'remove', 3);
    // The majorities that the two leaders need: three of five here, two of three there.
    cluster.partition([0, 3, 4], [1, 2]);
    cluster.tick(100);
    expect(cluster.node(0).committed.map(({ block }) => block.hash)).not.toContainEqual(kept?.hash);
    cluster.heal();
    untilCommits(cluster, [0, 1, 2]);
    expect(votersAt(cluster, cluster.node(0))).toEqual([0, 1, 2]);
    expectOneChain(cluster);
  });

  test('31: a recovered uncertified change is certified before the next', () => {
    const { cluster, leader } = ledCluster(3, { outsiders: 2 });
    cluster.passes = (from, to, { type }) => from !== leader || (to === cluster.node(1) && type === 'append');
    cluster.node(1).holdsWrites = true;
    const change = leader.change('add', 3);
    cluster.settle();
    leader.crash();
    cluster.node(1).holdsWrites = false;
    cluster.node(1).sync();
    cluster.heal();
    const next = cluster.elect(1);
    expect(nodesAt(cluster, next)).toEqual([0, 1, 2, 3]);
    expect(next.status.certifiedHeight).toBeLessThan(change?.height ?? 0);
    expect(next.change('add', 4)).toBeUndefined();
    // The other voter learns the configuration, under which the term counts, from the blocks.
    cluster.tick(4);
    next.holdsWrites = true;
    cluster.node(2).holdsWrites = true;
    expect(next.seal()).toBeDefined();
    cluster.settle();
    expect(next.change('add', 4), 'its first block waits').toBeUndefined();
    next.holdsWrites = false;
    cluster.node(2).holdsWrites = false;
    next.sync();
    cluster.node(2).sync();
    cluster.settle();
    take(cluster, 'add', 4);
    expect(nodesAt(cluster, cluster.node(4))).toEqual([0, 1, 2, 3, 4]);
    expectOneChain(cluster);
  });

  test('33: a partitioned leader shrinks the configuration towards itself, and commits nothing', () => {
    const { cluster, leader } = ledCluster(3);
    cluster.partition([0], [1, 2]);
    expect(leader.change('remove', 1)).toBeDefined();
    cluster.settle();
    expect(leader.change('remove', 2), 'the change before is not certified').toBeUndefined();
    leader.seal();
    cluster.settle();
    expect(leader.status.certifiedHeight).toBe(1);
    untilCommits(cluster, [1, 2]);
    cluster.heal();
    untilCommits(cluster, [1, 2]);
    expect(votersAt(cluster, leader)).toEqual([0, 1, 2]);
    expectOneChain(cluster);
  });

  test('37: an isolated leader removes a node: nothing is lost', () => {
    const { cluster, leader } = ledCluster(3);
    leader.seal();
    cluster.settle();
    cluster.partition([0], [1, 2]);
    leader.change('remove', 2);
    cluster.settle();
    const next = untilCommits(cluster, [1, 2]);
    const { certifiedHeight } = next.status;
    cluster.heal();
    untilCommits(cluster, [1, 2]);
    cluster.tick(10);
    expect(cluster.nodes.every(({ status }) => status.committedHeight >= certifiedHeight)).toBe(true);
    expect(votersAt(cluster, leader)).toEqual([0, 1, 2]);
    expectOneChain(cluster);
  });

  test('35: an uncertified retirement rolls back: the node is active again', () => {
    const { cluster, leader } = ledCluster(5);
    const retired = cluster.node(4);
    cluster.partition([0, 4], [1, 2, 3]);
    leader.change('remove', 4);
    cluster.settle();
    expect(retired.status.withheld).toBe('not-a-voter');
    expect(retired.status.removedAtHeight).toBeUndefined();
    leader.crash();
    cluster.elect(1);
    cluster.heal();
    untilCommits(cluster, [1]);
    cluster.tick(10);
    expect(votersAt(cluster, retired)).toEqual([0, 1, 2, 3, 4]);
    expect(retired.status.withheld).toBeUndefined();
    // It is one of the three of five that are left now.
    cluster.node(2).crash();
    untilCommits(cluster, [1, 3, 4]);
    expectOneChain(cluster);
  });
});
