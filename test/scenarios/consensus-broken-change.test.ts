import { describe, expect, test } from 'vitest';
import { type BlockReference, type Configuration, type Justification, tipOf } from '../../src/consensus/index.ts';
import type { TestCluster, TestNode } from '../unit/consensus/cluster.ts';
import { expectOneChain, ledCluster, take, untilCommits, votersAt } from '../unit/consensus/membership.ts';

/** Blocks of the leader's term on its tip, each with what it says of its past. */
function forged(leader: TestNode, justifications: readonly Justification[]): BlockReference[] {
  const blocks: BlockReference[] = [];
  let tip = leader.status.tip;
  for (const justification of justifications) {
    const block = leader.cluster.forge.block(tip, leader.status.term, leader.id, justification);
    blocks.push(block);
    tip = tipOf(block);
  }
  return blocks;
}

/** The leader sends these to a follower, in one append or in one each. */
function send(leader: TestNode, to: TestNode, blocks: readonly BlockReference[], inOne: boolean): void {
  let previous = leader.status.tip;
  for (const piece of inOne ? [blocks] : blocks.map((block) => [block])) {
    to.step(leader.id, { type: 'append', term: leader.status.term, sequence: 900, previous, blocks: piece });
    previous = tipOf(piece.at(-1) as BlockReference);
  }
}

function without(cluster: TestCluster, from: Configuration, ...indexes: readonly number[]): Configuration {
  return indexes.reduce((configuration, index) => cluster.forge.stepFrom(configuration, 'remove', index), from);
}

describe('a dishonest leader', () => {
  for (const inOne of [true, false]) {
    const how = inOne ? 'all at once' : 'one after the other';
    test(`71: stacks uncertified removals down to itself, ${how}: refused, and evidence (vi)`, () => {
      const { cluster, leader } = ledCluster(4);
      const { forge } = cluster;
      const first = leader.disk.chain[0] as BlockReference;
      const block = forge.blockCertificate(first, [0, 1, 2]);
      const all = leader.raft.configuration;
      const blocks = forged(leader, [
        { block, configuration: without(cluster, all, 3) },
        { block, configuration: without(cluster, all, 3, 2) },
        { block, configuration: without(cluster, all, 3, 2, 1) },
      ]);
      // Its own majority of one.
      const certificate = forge.blockCertificate(blocks[2] as BlockReference, [0]);
      const victim = cluster.node(1);
      send(leader, victim, blocks, inOne);
      victim.step(leader.id, {
        type: 'append',
        term: leader.status.term,
        sequence: 0,
        previous: leader.status.tip,
        blocks: [],
        certificate,
      });
      const [proof] = victim.evidence;
      expect(victim.evidence.map(({ kind, culprit }) => [kind, culprit])).toEqual([['broken-change', leader.id]]);
      expect(proof?.first.subarray(0, 32)).toEqual(blocks[1]?.hash);
      expect(proof?.second.subarray(0, 32)).toEqual(blocks[0]?.hash);
      expect(victim.status.refusal).toBe('change-before-certificate-of-the-last');
      expect(victim.status.certifiedHeight).toBe(1);
      leader.crash();
      untilCommits(cluster, [1, 2, 3]);
    });
  }

  test('71: changes at once when its term begins, on the certificate of another: refused, and evidence (vi)', () => {
    const { cluster } = ledCluster(4);
    cluster.partition([0], [1, 2, 3]);
    const leader = cluster.elect(1);
    const { forge } = cluster;
    const block = forge.blockCertificate(leader.disk.chain[0] as BlockReference, [0, 1, 2]);
    const { status } = leader;
    const term = forge.termCertificate(status.term, 1, status.tip, [1, 2, 3]);
    const configuration = without(cluster, leader.raft.configuration, 3);
    const [opening, change] = forged(leader, [
      { block, term },
      { block, configuration },
    ]);
    const victim = cluster.node(2);
    send(leader, victim, [opening, change] as BlockReference[], false);
    expect(victim.status.refusal).toBe('change-without-certificate-of-its-term');
    expect(victim.evidence.map(({ kind, culprit }) => [kind, culprit])).toEqual([['broken-change', leader.id]]);
    const first = forged(leader, [{ block, term, configuration }]);
    const other = cluster.node(3);
    send(leader, other, first, false);
    expect(other.status.refusal).toBe('change-without-certificate-of-its-term');
    expect(other.evidence.map(({ kind, culprit }) => [kind, culprit])).toEqual([['broken-change', leader.id]]);
  });

  test('71: changes two voters at once, nothing, or without a word: refused, and evidence (vi)', () => {
    const { cluster, leader } = ledCluster(4);
    const { forge } = cluster;
    const block = forge.blockCertificate(leader.disk.chain[0] as BlockReference, [0, 1, 2]);
    const all = leader.raft.configuration;
    const [two] = forged(leader, [{ block, configuration: without(cluster, all, 2, 3) }]);
    const [none] = forged(leader, [{ block, configuration: all }]);
    const [silent] = forged(leader, [{ block }]).map((made) => {
      return { ...made, configurationHash: without(cluster, all, 3).hash };
    });
    const reasons = [two, none, silent].map((made, index) => {
      const victim = cluster.node(index + 1);
      send(leader, victim, [made as BlockReference], true);
      expect(victim.evidence.map(({ kind, culprit }) => [kind, culprit])).toEqual([['broken-change', leader.id]]);
      return victim.status.refusal;
    });
    expect(reasons).toEqual(['configuration-step', 'configuration-step', 'configuration-missing']);
  });

  test('71: removals that are certified one by one are no fault, nor is a recurring configuration', () => {
    const { cluster, leader } = ledCluster(4);
    const { hash } = leader.raft.configuration;
    take(cluster, 'demote', 3);
    take(cluster, 'promote', 3);
    expect(leader.raft.configuration.hash).toEqual(hash);
    take(cluster, 'demote', 3);
    take(cluster, 'remove', 3);
    take(cluster, 'remove', 2);
    cluster.node(1).restart();
    cluster.settle();
    untilCommits(cluster, [0, 1]);
    expect(votersAt(cluster, cluster.node(1))).toEqual([0, 1]);
    expectOneChain(cluster);
  });
});
