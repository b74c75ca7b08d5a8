import { describe, expect, test } from 'vitest';
import { present } from '../../../src/base/index.ts';
import type { TestCluster, TestNode } from './cluster.ts';
import { expectOneChain, ledCluster, nodesAt, take, untilCommits, votersAt } from './membership.ts';

/** Delivers what is on its way from one node to another now. */
function deliver(cluster: TestCluster, from: TestNode, to: TestNode): void {
  const isChosen = (flight: (typeof cluster.wire)[number]): boolean => flight.from === from.id && flight.to === to.id;
  const chosen = cluster.wire.filter(isChosen);
  cluster.wire = cluster.wire.filter((flight) => !isChosen(flight));
  for (const flight of chosen) cluster.deliver(flight);
}

test('a pre-candidate whose vote is taken by a block that it fetches meanwhile does not campaign', () => {
  const { cluster, leader } = ledCluster(6);
  const [holder, candidate] = [cluster.node(1), cluster.node(2)];
  cluster.partition([0, 1], [2], [3], [4], [5]);
  leader.change('demote', 2);
  cluster.settle();
  leader.crash();
  cluster.passes = () => false;
  cluster.tick(25);
  cluster.heal();
  while (!cluster.wire.some(({ from, message }) => from === candidate.id && message.type === 'pre-vote-request'))
    candidate.tick();
  const { term } = candidate.status;
  for (const index of [1, 3, 4, 5]) deliver(cluster, candidate, cluster.node(index));
  deliver(cluster, holder, candidate);
  deliver(cluster, candidate, holder);
  deliver(cluster, holder, candidate);
  expect(votersAt(cluster, candidate)).toEqual([0, 1, 3, 4, 5]);
  // A majority of the five, without it.
  for (const index of [3, 4, 5]) deliver(cluster, cluster.node(index), candidate);
  expect(candidate.status.term).toBe(term);
  expect(candidate.status.role).toBe('learner');
  untilCommits(cluster, [1, 3, 4, 5]);
  expect(cluster.nodes.flatMap(({ complaints }) => complaints)).toEqual([]);
});

test('a voter that starts anew is answered by one that has never heard of it, and to whom it gave a vote', () => {
  const { cluster } = ledCluster(1, { outsiders: 2 });
  const [second, third] = [cluster.node(1), cluster.node(2)];
  take(cluster, 'add', 1);
  cluster.tick(6);
  take(cluster, 'promote', 1);
  cluster.tick(2);
  take(cluster, 'remove', 0);
  untilCommits(cluster, [1]);
  cluster.node(0).crash();
  cluster.partition([1], [2]);
  take(cluster, 'add', 2);
  second.change('promote', 2);
  cluster.settle();
  second.restart();
  expect(second.status.withheld).toBe('start-up');
  expect(nodesAt(cluster, third)).toEqual([0]);
  cluster.heal();
  untilCommits(cluster, [1, 2]);
  cluster.tick(4);
  expect(votersAt(cluster, third)).toEqual([1, 2]);
  expectOneChain(cluster);
});

describe('the tripwire', () => {
  test('is to be passed again under a configuration whose majority has not answered, and no ack leaves before', () => {
    const { cluster, leader } = ledCluster(4, { learners: 1 });
    const node = cluster.node(2);
    cluster.node(1).crash();
    node.restart();
    cluster.tick(4);
    expect(node.status.withheld, 'two of three').toBeUndefined();
    cluster.passes = (_, to, { type }) => to !== node || type !== 'nonce-reply';
    const change = present(leader.change('promote', 3), 'a slot');
    cluster.tick(6);
    expect(node.status.durableTip.height).toBe(change.height);
    expect(node.status.withheld, 'two of four').toBe('start-up');
    expect(leader.status.certifiedHeight, 'without its ack').toBeLessThan(change.height);
    cluster.heal();
    cluster.until('it acknowledges', () => leader.status.certifiedHeight >= change.height, 10);
    expect(node.status.withheld).toBeUndefined();
  });

  test('counts an answer under every configuration whose voter gave it', () => {
    const { cluster, leader } = ledCluster(4);
    const node = cluster.node(2);
    node.restart();
    cluster.tick(4);
    let nonces = 0;
    cluster.passes = (from, _, { type }) => {
      if (from === node && type === 'nonce-request') nonces += 1;
      return true;
    };
    take(cluster, 'remove', 3);
    take(cluster, 'remove', 1);
    cluster.tick(4);
    expect(node.status.withheld).toBeUndefined();
    expect(nonces).toBe(0);
    expect(votersAt(cluster, leader)).toEqual([0, 2]);
  });

  test('a voter of a configuration to come holds what the disk lost: the node never votes again', () => {
    const { cluster, leader } = ledCluster(3, { learners: 1 });
    const node = cluster.node(1);
    const backup = { ...node.disk, chain: [...node.disk.chain], promises: new Map(node.disk.promises) };
    leader.seal();
    cluster.settle();
    cluster.tick(2);
    take(cluster, 'promote', 2);
    cluster.tick(20);
    node.crash();
    node.disk = backup;
    leader.crash();
    cluster.node(2).tick();
    node.restart();
    cluster.tick(60);
    expect(node.status.withheld).toBe('contradicted');
    expect(cluster.leader).toBeUndefined();
  });
});

describe('where a node was removed', () => {
  test('is known when that is certified, of a voter as of a learner', () => {
    const { cluster, leader } = ledCluster(5, { learners: 1 });
    cluster.partition([0, 3, 4], [1, 2]);
    leader.change('remove', 3);
    cluster.settle();
    expect(votersAt(cluster, cluster.node(3))).toEqual([0, 1, 2]);
    expect(cluster.node(3).status.removedAtHeight).toBeUndefined();
    cluster.heal();
    cluster.until('it is certified', () => cluster.node(3).status.removedAtHeight === 2, 20);
    take(cluster, 'remove', 4);
    cluster.tick(4);
    expect(cluster.nodes.map(({ status }) => status.removedAtHeight)).toEqual([undefined, undefined, undefined, 2, 3]);
  });

  test('also by a node that its operator named to itself', () => {
    const { cluster } = ledCluster(3);
    const node = cluster.node(2);
    node.seeds = [node.id, cluster.node(1).id];
    node.restart();
    cluster.tick(4);
    take(cluster, 'remove', 2);
    cluster.tick(4);
    expect(node.status.removedAtHeight).toBe(2);
  });
});

describe('a leader takes a step', () => {
  const may = (leader: TestNode, step: 'add' | 'promote' | 'demote' | 'remove', index: number): boolean =>
    leader.raft.mayEnact({ step, nodeId: leader.cluster.forge.id(index) });

  test('to a vote only when the node answers, and holds what says who the others are', () => {
    const { cluster, leader } = ledCluster(3, { outsiders: 1 });
    const joiner = cluster.node(3);
    expect(may(leader, 'add', 3)).toBe(true);
    expect(may(cluster.node(1), 'add', 3), 'it does not lead').toBe(false);
    joiner.holdsVerdicts = true;
    take(cluster, 'add', 3);
    cluster.tick(6);
    expect(may(leader, 'promote', 3), 'nothing is durable there').toBe(false);
    joiner.holdsVerdicts = false;
    joiner.answer();
    cluster.tick(4);
    expect(may(leader, 'promote', 3)).toBe(true);
    joiner.crash();
    cluster.tick(12);
    expect(may(leader, 'promote', 3), 'it is silent').toBe(false);
  });

  test('to a vote only when the node is near', () => {
    const { cluster, leader } = ledCluster(2, { learners: 1, limits: { promotionLagBlocksMax: 3 } });
    const learner = cluster.node(1);
    cluster.passes = (_, to, { type }) => to !== learner || type !== 'append';
    for (let sealed = 0; sealed < 3; sealed++) leader.seal();
    cluster.tick(4);
    expect(may(leader, 'promote', 1)).toBe(true);
    leader.seal();
    cluster.tick(4);
    expect(may(leader, 'promote', 1)).toBe(false);
  });

  test('that takes a vote only when a majority of the others answers', () => {
    const { cluster, leader } = ledCluster(5);
    cluster.node(3).crash();
    cluster.node(4).crash();
    cluster.tick(12);
    expect(may(leader, 'remove', 4), 'three of four').toBe(true);
    expect(may(leader, 'remove', 0), 'two of four').toBe(false);
    expect(may(leader, 'demote', 1), 'two of four').toBe(false);
  });
});
