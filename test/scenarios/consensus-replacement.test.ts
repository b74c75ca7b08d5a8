import { describe, expect, test } from 'vitest';
import { present } from '../../src/base/index.ts';
import { parameters, type TestCluster, type TestNode } from '../unit/consensus/cluster.ts';
import { expectOneChain, ledCluster, nodesAt, take, untilCommits, votersAt } from '../unit/consensus/membership.ts';

/** Drives {0,1} with the learner 2 to {1,2}: whoever leads takes the next step as soon as it may. */
function stepTowards(cluster: TestCluster): boolean {
  const { leader } = cluster;
  if (leader === undefined) return false;
  const voters = votersAt(cluster, leader);
  if (!voters.includes(2)) leader.change('promote', 2);
  else if (voters.includes(0)) leader.change('remove', 0);
  else return true;
  if (leader.status.tip.term < leader.status.term) leader.seal();
  return false;
}

/** Lets everything happen until this many messages were delivered; the rest is lost. False when there were fewer. */
function stopAfter(cluster: TestCluster, deliveries: number): boolean {
  let left = deliveries;
  cluster.passes = () => left-- > 0;
  for (let tick = 0; tick < 40 && left > 0; tick++) {
    stepTowards(cluster);
    cluster.tick();
  }
  return left <= 0;
}

/** For a while only this node can ask for votes, and nobody leads. */
function letCampaign(cluster: TestCluster, candidate: TestNode): void {
  cluster.passes = (from, _, { type }) =>
    from === candidate || (type !== 'heartbeat' && type !== 'append' && !type.endsWith('vote-request'));
  for (let tick = 0; tick < 60 && candidate.status.role !== 'leader'; tick++) cluster.tick();
  cluster.heal();
}

describe('replacement', () => {
  test.each([0, 1, 2])('32: {0,1} becomes {1,2} with a re-election of %i at every point: one chain', (elected) => {
    let points = 0;
    for (let isWithin = true; isWithin; points++) {
      const { cluster } = ledCluster(3, { learners: 1, seed: points + 1 });
      isWithin = stopAfter(cluster, points);
      letCampaign(cluster, cluster.node(elected));
      let isDone = false;
      cluster.until(`{1,2} after a re-election of ${elected} at point ${points}`, () => {
        isDone = stepTowards(cluster);
        return isDone;
      });
      const last = untilCommits(cluster, [1, 2]);
      expect(votersAt(cluster, last)).toEqual([1, 2]);
      cluster.until('the removed node holds the proof', () => cluster.node(0).status.removedAtHeight !== undefined);
      expectOneChain(cluster);
      if (points > 200) break;
    }
    expect(points, 'every message of the run was once the last').toBeGreaterThan(20);
  });

  test('76: three voters change under load, the removed one offline throughout: nothing waits for it', () => {
    const { cluster, leader } = ledCluster(3, { outsiders: 1 });
    cluster.node(2).crash();
    const steps = [
      ['add', 3],
      ['promote', 3],
      ['remove', 2],
    ] as const;
    for (const [step, index] of steps) {
      for (let tick = 0; tick < 30; tick++) {
        const block = present(leader.seal(), 'the load is never refused');
        cluster.tick();
        expect(leader.status.certifiedHeight, 'within the round').toBe(block.height);
      }
      take(cluster, step, index);
    }
    expect(votersAt(cluster, leader)).toEqual([0, 1, 3]);
    cluster.node(1).crash();
    untilCommits(cluster, [0, 3]);
    cluster.node(2).restart();
    cluster.until('the removed node learns it', () => cluster.node(2).status.removedAtHeight !== undefined);
    expectOneChain(cluster);
  });
});

describe('growth', () => {
  /** {0,1,2} became {0,1,2,3,4} while 2 heard nothing; then 0 and 1 died. */
  function grown(): TestCluster {
    const { cluster } = ledCluster(3, { outsiders: 2 });
    cluster.partition([0, 1, 3, 4], [2]);
    take(cluster, 'add', 3);
    take(cluster, 'promote', 3);
    take(cluster, 'add', 4);
    cluster.tick(4);
    take(cluster, 'promote', 4);
    cluster.node(0).crash();
    cluster.node(1).crash();
    expect(nodesAt(cluster, cluster.node(2))).toEqual([0, 1, 2]);
    return cluster;
  }

  test('65: 3 voters grow to 5, the lagging one learns it from a peer it did not know: {3,4,5} live on', () => {
    const cluster = grown();
    cluster.heal();
    untilCommits(cluster, [2, 3, 4]);
    cluster.tick(10);
    expect(votersAt(cluster, cluster.node(2))).toEqual([0, 1, 2, 3, 4]);
    expectOneChain(cluster);
  });

  test('65: also when the lagging voter starts anew, and nobody whom it knows can answer its nonce', () => {
    const cluster = grown();
    cluster.node(2).restart();
    cluster.heal();
    untilCommits(cluster, [2, 3, 4]);
    expect(cluster.node(2).status.withheld).toBeUndefined();
    expectOneChain(cluster);
  });

  test('65: the certificate of the term outlived a crash, and the configuration under which it counts did not', () => {
    const { cluster, leader } = ledCluster(3, { outsiders: 2 });
    const lagging = cluster.node(2);
    cluster.partition([0, 1, 3, 4], [2]);
    take(cluster, 'add', 3);
    take(cluster, 'promote', 3);
    cluster.tick(4);
    take(cluster, 'add', 4);
    cluster.tick(4);
    // Certified is {0,1,2,3}; that 4 gets a vote too, only 1 and 3 have heard.
    cluster.partition([0, 1, 3], [2], [4]);
    cluster.passes = (from, to) => from === leader && (to === cluster.node(1) || to === cluster.node(3));
    leader.change('promote', 4);
    cluster.settle();
    leader.crash();
    cluster.node(4).crash();
    cluster.heal();
    lagging.holdsVerdicts = true;
    const next = cluster.elect(1);
    cluster.until('it follows', () => lagging.status.leader === next.id);
    cluster.tick(4);
    expect(lagging.disk.termCertificates.has(next.status.term)).toBe(true);
    expect(lagging.disk.chain.length).toBe(1);
    lagging.holdsVerdicts = false;
    lagging.restart();
    const { term } = next.status;
    untilCommits(cluster, [1], 40);
    expect(next.status.term).toBe(term);
    expectOneChain(cluster);
  });

  test('65: what was fetched from a stranger does not keep a voter from the leader that it still follows', () => {
    const { cluster, leader } = ledCluster(3, { outsiders: 1 });
    const [lagging, stranger] = [cluster.node(2), cluster.node(3)];
    cluster.partition([0, 1, 3], [2]);
    take(cluster, 'add', 3);
    take(cluster, 'promote', 3);
    cluster.tick(4);
    cluster.passes = (from, to) => from === leader && to === stranger;
    const uncertified = present(leader.seal(), 'a slot');
    cluster.settle();
    for (let tick = 0; tick < parameters.electionTicks; tick++) lagging.tick();
    expect(lagging.status.leader).toBe(leader.id);
    cluster.passes = (from, to) => [from, to].every((node) => node === lagging || node === stranger);
    lagging.step(stranger.id, {
      type: 'pre-vote-request',
      term: leader.status.term + 1,
      round: 1,
      tip: stranger.status.tip,
    });
    cluster.settle();
    expect(lagging.status.tip.height).toBe(uncertified.height - 1);
    cluster.node(1).crash();
    cluster.heal();
    const { term } = leader.status;
    cluster.until(
      'it acknowledges what its leader sends',
      () => leader.status.certifiedHeight >= uncertified.height,
      8,
    );
    expect(leader.status.term).toBe(term);
    expect(lagging.status.leader).toBe(leader.id);
  });

  test('65: a learner whose only known voters do not lead hears of the leader that it does not know', () => {
    const { cluster } = ledCluster(3, { learners: 1, outsiders: 1 });
    cluster.partition([0, 1, 3], [2]);
    take(cluster, 'add', 3);
    take(cluster, 'promote', 3);
    cluster.elect(3);
    untilCommits(cluster, [3]);
    const leader = cluster.node(3);
    cluster.passes = (from, to) => cluster.node(2) !== to || from === leader;
    cluster.tick(5);
    expect(leader.status.role).toBe('leader');
    expect(cluster.node(2).status.committedHeight).toBe(leader.status.committedHeight);
  });

  test('a node joins whose operator named a voter that does not lead, when all voters of genesis but one are gone', () => {
    const { cluster } = ledCluster(2, { outsiders: 3 });
    const joiner = cluster.node(4);
    joiner.crash();
    for (const index of [2, 3]) {
      take(cluster, 'add', index);
      cluster.tick(4);
      take(cluster, 'promote', index);
    }
    cluster.elect(2);
    untilCommits(cluster, [2]);
    take(cluster, 'remove', 0);
    cluster.node(0).crash();
    cluster.tick(4);
    take(cluster, 'add', 4);
    cluster.node(1).crash();
    joiner.seeds = [cluster.node(3).id];
    joiner.restart();
    cluster.until('it has caught up', () => joiner.status.committedHeight === cluster.node(2).status.committedHeight);
    cluster.tick(4);
    take(cluster, 'promote', 4);
    expect(votersAt(cluster, joiner)).toEqual([1, 2, 3, 4]);
    expectOneChain(cluster);
  });
});
