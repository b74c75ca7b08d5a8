import { describe, expect, test } from 'vitest';
import { equalBytes, present } from '../../../src/base/index.ts';
import type { ProvedChange } from '../../../src/consensus/index.ts';
import type { TestCluster, TestNode } from './cluster.ts';
import { expectOneChain, ledCluster, take, untilCommits, votersAt } from './membership.ts';

/** Node 2 is down while nodes 3 and 4 become voters; then nodes 0 and 1 are gone for good, and it comes back. */
function lagging(): { readonly cluster: TestCluster; readonly laggard: TestNode; readonly changes: ProvedChange[] } {
  const { cluster, leader } = ledCluster(3, { outsiders: 2 });
  const laggard = cluster.node(2);
  laggard.crash();
  for (const index of [3, 4]) {
    cluster.node(index).seeds = [leader.id];
    cluster.node(index).restart();
    take(cluster, 'add', index);
    take(cluster, 'promote', index);
  }
  leader.seal();
  cluster.settle();
  const changes = leader.disk.chain.flatMap(({ height, term, hash, justification: { configuration } }) =>
    configuration === undefined ? [] : [{ height, term, blockHash: hash, configuration }],
  );
  leader.crash();
  cluster.node(1).crash();
  // What a transport does: nobody hears a node that it does not let connect.
  cluster.passes = (from, to) => to.raft.connected().has(from.id);
  return { cluster, laggard, changes };
}

describe('a voter that lagged behind while the configuration changed', () => {
  test('65: learns the configurations from a history, and the ledger lives on with nodes that it did not know', () => {
    const { cluster, laggard, changes } = lagging();
    laggard.restart();
    cluster.tick(60);
    expect(laggard.raft.connected()).toEqual(new Set([0, 1, 2].map((index) => cluster.forge.id(index))));
    expect(laggard.status.tip.height).toBe(1);

    laggard.raft.learnConfigurations(changes);
    expect(laggard.raft.connected()).toEqual(new Set([0, 1, 2, 3, 4].map((index) => cluster.forge.id(index))));
    untilCommits(cluster, [2, 3, 4]);
    expect(votersAt(cluster, laggard)).toEqual([0, 1, 2, 3, 4]);
    expectOneChain(cluster);
  });

  test('65: also when it never stopped, and only its links were down', () => {
    const { cluster, laggard, changes } = lagging();
    laggard.isRunning = true;
    laggard.raft.learnConfigurations(changes);
    untilCommits(cluster, [2, 3, 4]);
    expectOneChain(cluster);
  });

  test('65: also when nobody has the blocks between for it: it votes for a node that it learned of', () => {
    const { cluster, laggard, changes } = lagging();
    laggard.restart();
    laggard.raft.learnConfigurations(changes);
    const { passes } = cluster;
    cluster.passes = (from, to, message) => message.type !== 'branch-reply' && passes(from, to, message);
    untilCommits(cluster, [3, 4]);
    expectOneChain(cluster);
  });

  test('asks the nodes of the newest configuration for their blocks, though none of them campaigns', () => {
    const { cluster, laggard, changes } = lagging();
    laggard.restart();
    laggard.raft.learnConfigurations(changes);
    const { passes } = cluster;
    cluster.passes = (from, to, message) =>
      (from === laggard || message.type === 'branch-reply') && passes(from, to, message);
    const newest = present(changes.at(-1), 'there are four changes');
    cluster.until('it has the newest change', () => laggard.status.certifiedHeight >= newest.height);
    expect(votersAt(cluster, laggard)).toEqual([0, 1, 2, 3, 4]);
  });

  test('asks the nodes of the newest configuration what they hold of its key, before it votes', () => {
    const { cluster, laggard, changes } = lagging();
    laggard.restart();
    laggard.raft.learnConfigurations(changes);
    const { vote } = laggard.disk.hardState;
    const { passes } = cluster;
    const asked = new Set<string>();
    cluster.passes = (from, to, message) => {
      if (from === laggard && message.type === 'nonce-request') asked.add(to.id);
      return message.type !== 'nonce-reply' && message.type !== 'branch-reply' && passes(from, to, message);
    };
    cluster.tick(60);
    expect(asked).toEqual(new Set([3, 4].map((index) => cluster.forge.id(index))));
    expect(laggard.disk.hardState.vote, 'nobody answered').toEqual(vote);
    expect(cluster.leader).toBeUndefined();
  });

  test('names the newest certified configuration that it knows of', () => {
    const { cluster, laggard, changes } = lagging();
    laggard.restart();
    expect(laggard.raft.newestCertified).toEqual({ height: 0, configuration: cluster.forge.configuration });
    laggard.raft.learnConfigurations(changes);
    const newest = present(changes.at(-1), 'there are four changes');
    expect(laggard.raft.newestCertified).toEqual(newest);
    // What its own chain has by now is not ahead of it any more.
    untilCommits(cluster, [2, 3, 4]);
    const { height, configuration } = laggard.raft.newestCertified;
    expect(height).toBe(newest.height);
    expect(equalBytes(configuration.hash, newest.configuration.hash)).toBe(true);
    take(cluster, 'remove', 0);
    cluster.until('the removal is certified here', () => laggard.raft.newestCertified.height > newest.height);
  });

  test('admits nobody whom the newest configuration does not name, though an earlier one did', () => {
    const { cluster, laggard, changes } = lagging();
    laggard.restart();
    laggard.raft.learnConfigurations(changes.slice(0, 2));
    expect(laggard.raft.connected().has(cluster.forge.id(3))).toBe(true);
    const removed = cluster.forge.stepFrom(present(changes[1], 'four changes').configuration, 'remove', 3);
    laggard.raft.learnConfigurations([{ ...present(changes[2], 'four changes'), configuration: removed }]);
    expect(laggard.raft.connected().has(cluster.forge.id(3))).toBe(false);
  });
});
