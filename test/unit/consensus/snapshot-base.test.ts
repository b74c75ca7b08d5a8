import { expect, it } from 'vitest';
import { SnapshotNeed } from '../../../src/node/snapshots/need.ts';
import { parameters, TestCluster, type TestNode } from './cluster.ts';

/** Whether production code would ask for a snapshot within so many ticks. */
function wantsSnapshot(cluster: TestCluster, node: TestNode, ticks: number): boolean {
  const need = new SnapshotNeed({ electionTicks: parameters.electionTicks, snapshotLagBlocks: 128 });
  const { committedHeight: appliedHeight } = node.disk;
  const view = (): Parameters<SnapshotNeed['isThere']>[0] => ({
    ...node.status,
    appliedHeight,
    pending: 0,
    readers: 0,
  });
  for (let tick = 0; tick < ticks; tick++) {
    cluster.tick();
    need.passed(1, view());
    if (need.isThere(view(), false)) return true;
  }
  return false;
}

/** The node's chain begins with what another has certified. */
function beginWith(cluster: TestCluster, node: TestNode, source: TestNode): void {
  node.crash();
  node.install(source);
  cluster.tick(10);
}

it('a node that was removed while it was away asks for a snapshot where nobody keeps the blocks that say so', () => {
  const cluster = new TestCluster(4);
  const [first, second, third, removed] = [0, 1, 2, 3].map((index) => cluster.node(index)) as [
    TestNode,
    TestNode,
    TestNode,
    TestNode,
  ];
  cluster.elect(0);
  first.seal();
  cluster.tick(4);
  removed.crash();
  first.seal();
  cluster.tick(3);
  expect(first.change('remove', 3)).toBeDefined();
  cluster.tick(3);
  for (let count = 0; count < 5; count++) {
    first.seal();
    cluster.tick(2);
  }
  for (const node of [second, third]) beginWith(cluster, node, first);
  cluster.elect(1);
  cluster.tick(3);
  beginWith(cluster, first, second);
  removed.restart();
  expect(wantsSnapshot(cluster, removed, 2000)).toBe(true);
  expect(removed.status).toMatchObject({ areBlocksUnkept: true });
});

it('a follower with a longer tail of a lower term hears that it is behind', () => {
  const cluster = new TestCluster(3);
  const [first, second, follower] = [0, 1, 2].map((index) => cluster.node(index)) as [TestNode, TestNode, TestNode];
  cluster.elect(0);
  first.seal();
  cluster.tick(4);
  // The leader seals ahead; its own disk is slow, and the follower's answers are lost.
  first.holdsWrites = true;
  cluster.passes = (from, to) => from === first && to === follower;
  for (let count = 0; count < 40; count++) {
    first.seal();
    cluster.settle();
  }
  const { height } = follower.status.tip;
  for (const node of [first, follower]) node.crash();
  cluster.wire = [];
  first.holdsWrites = false;
  first.restart();
  cluster.heal();
  cluster.elect(1);
  for (let count = 0; count < 10; count++) {
    second.seal();
    cluster.tick();
  }
  cluster.tick(4);
  expect(second.status.certifiedHeight).toBeLessThan(height);
  beginWith(cluster, first, second);
  second.crash();
  follower.restart();
  expect(wantsSnapshot(cluster, follower, 2000)).toBe(true);
});
