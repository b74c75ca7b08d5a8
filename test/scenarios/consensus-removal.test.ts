import { describe, expect, test } from 'vitest';
import { present } from '../../src/base/index.ts';
import { type BlockReference, tipOf } from '../../src/consensus/index.ts';
import { TestCluster, type TestNode } from '../unit/consensus/cluster.ts';
import { Forge, genesisTip } from '../unit/consensus/forge.ts';
import { expectOneChain, ledCluster, take, untilCommits, votersAt } from '../unit/consensus/membership.ts';

/** Node 5 of six is removed; it holds the block and not the certificate, and its leader and one more die. */
function removedInTheDark(): { readonly cluster: TestCluster; readonly removed: TestNode } {
  const { cluster, leader } = ledCluster(6);
  const removed = cluster.node(5);
  const block = present(leader.change('remove', 5), 'a slot');
  cluster.passes = (_, to, message) =>
    to !== removed || (message.type === 'append' && message.certificate?.ack.height !== block.height);
  cluster.settle();
  expect(leader.status.certifiedHeight).toBe(block.height);
  expect(removed.status.durableTip.hash).toEqual(block.hash);
  expect(removed.status.removedAtHeight).toBeUndefined();
  leader.crash();
  cluster.node(1).crash();
  cluster.heal();
  return { cluster, removed };
}

describe('a removed leader', () => {
  test('34: stops counting itself', () => {
    const { cluster, leader } = ledCluster(3);
    cluster.node(2).crash();
    const block = present(leader.change('remove', 0), 'a slot');
    cluster.tick(5);
    expect(leader.disk.chain.length).toBe(block.height);
    expect(cluster.node(1).disk.chain.length).toBe(block.height);
    expect(leader.status.certifiedHeight, 'one of the two voters that are left').toBeLessThan(block.height);
    cluster.node(2).restart();
    cluster.until('its removal is certified', () => leader.status.certifiedHeight >= block.height);
    expect(leader.status.role).not.toBe('leader');
    expect(leader.status.removedAtHeight).toBe(block.height);
    untilCommits(cluster, [1, 2]);
    expect(votersAt(cluster, cluster.node(1))).toEqual([1, 2]);
    expectOneChain(cluster);
  });

  test('34: hands over at once when that is certified: no election timeout passes', () => {
    const { cluster, leader } = ledCluster(3);
    take(cluster, 'remove', 0);
    expect(leader.status.role).not.toBe('leader');
    expect(cluster.leader).toBeDefined();
    untilCommits(cluster, [1, 2]);
    expectOneChain(cluster);
  });

  test('34: a demoted leader hands over, and goes on as a learner', () => {
    const { cluster, leader } = ledCluster(3);
    take(cluster, 'demote', 0);
    expect(leader.status.role).toBe('learner');
    expect(leader.status.removedAtHeight).toBeUndefined();
    const next = untilCommits(cluster, [1, 2]);
    cluster.tick(10);
    expect(leader.status.committedHeight).toBe(next.status.committedHeight);
    expectOneChain(cluster);
  });
});

describe('a removed follower', () => {
  test('36: belongs until it holds the certificate; leader and one peer die right after: the rest elects', () => {
    const { cluster, removed } = removedInTheDark();
    untilCommits(cluster, [2, 3, 4]);
    expect(votersAt(cluster, cluster.node(2))).toEqual([0, 1, 2, 3, 4]);
    cluster.until('the removed node holds the proof', () => removed.status.removedAtHeight !== undefined);
    expectOneChain(cluster);
  });

  test('36: also when it starts anew meanwhile, and every voter knows it to be removed', () => {
    const { cluster, removed } = removedInTheDark();
    removed.crash();
    untilCommits(cluster, [2, 3, 4]);
    removed.restart();
    cluster.until('the removed node holds the proof', () => removed.status.removedAtHeight !== undefined);
    expectOneChain(cluster);
  });

  test('36: fetches the proof in small pieces, with blocks between its removal and the certificate of that', () => {
    const { cluster, leader } = ledCluster(5, { limits: { appendBlocksMax: 1 } });
    const removed = cluster.node(4);
    cluster.passes = () => false;
    const block = present(leader.change('remove', 4), 'a slot');
    for (let above = 0; above < 3; above++) leader.seal();
    cluster.passes = (from, to) => from !== removed && to !== removed;
    cluster.until('all of it is certified', () => leader.status.certifiedHeight === block.height + 3);
    leader.crash();
    untilCommits(cluster, [1, 2, 3]);
    cluster.heal();
    cluster.until('the removed node holds the proof', () => removed.status.removedAtHeight === block.height);
    expectOneChain(cluster);
  });

  test('36: is sent the block of its removal again when that was lost, by the very leader', () => {
    const { cluster, leader } = ledCluster(4);
    const removed = cluster.node(3);
    cluster.partition([0, 1, 2], [3]);
    take(cluster, 'remove', 3);
    cluster.heal();
    cluster.tick(8);
    expect(removed.status.removedAtHeight).toBe(2);
    expect(leader.status.peers.map(({ nodeId }) => cluster.forge.indexOf(nodeId))).toEqual([1, 2]);
  });

  test('38: late replies of a removed node are ignored', () => {
    const { cluster, leader } = ledCluster(4);
    const removed = cluster.node(3);
    leader.seal();
    const late: (typeof cluster.wire)[number][] = [];
    cluster.passes = (from, to, message) => {
      if (from === removed) late.push({ from: from.id, to: to.id, message });
      return from !== removed;
    };
    cluster.settle();
    cluster.tick(3);
    cluster.heal();
    expect(late.some(({ message }) => message.type === 'append-reply' && message.acks.length > 0)).toBe(true);
    take(cluster, 'remove', 3);
    cluster.tick(8);
    const before = leader.status;
    const { complaints } = leader;
    for (const { from, message } of late) {
      leader.step(from, message);
      const term = 'term' in message ? { ...message, term: before.term + 5 } : message;
      leader.step(from, term);
    }
    cluster.settle();
    expect(leader.status).toEqual(before);
    expect(complaints).toEqual([]);
    expectOneChain(cluster);
  });

  test('38: what a removed node sends meanwhile moves no term, also while its replies are still taken', () => {
    const { cluster, leader } = ledCluster(4);
    const removed = cluster.node(3);
    cluster.partition([0, 1, 2], [3]);
    take(cluster, 'remove', 3);
    const { term } = leader.status;
    const tip = removed.status.durableTip;
    leader.step(removed.id, {
      type: 'heartbeat-reply',
      term: term + 5,
      round: 1,
      durable: tip,
      committedHeight: 1,
      clockMs: cluster.nowMs,
      needsTermCertificate: false,
    });
    expect(leader.status.term).toBe(term);
    expect(leader.status.role).toBe('leader');
  });
});

test('36: a certificate inside a block that is here already is taken, also when a restart forgot it', () => {
  const forge = new Forge(3);
  const [first] = forge.branch(genesisTip, 1, 0, 1, [0, 1]) as [BlockReference];
  const second = forge.block(tipOf(first), 1, forge.id(0));
  const third = forge.block(tipOf(second), 1, forge.id(0), { block: forge.blockCertificate(second, [0, 1]) });
  const chain = [first, second, third];
  const cluster = new TestCluster(3, { forge, disks: [0, 1, 2].map(() => forge.disk(chain)) });
  const node = cluster.node(2);
  expect(node.status.certifiedHeight).toBe(0);
  const termCertificate = first.justification.term as NonNullable<typeof first.justification.term>;
  node.step(forge.id(0), {
    type: 'append',
    term: 1,
    sequence: 1,
    termCertificate,
    previous: genesisTip,
    blocks: chain,
  });
  expect(node.status.certifiedHeight).toBe(2);
});
