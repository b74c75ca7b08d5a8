import { expect, it } from 'vitest';
import { put, TestCluster, transaction } from './harness.ts';

async function grown(count: number, bytes = 8): Promise<TestCluster> {
  const cluster = new TestCluster();
  for (const node of cluster.voters) await cluster.start(node);
  const puts = Array.from({ length: count }, (_, index) => put(index, bytes));
  const change = transaction('sim.change', [1, 'add', new Uint8Array(32).fill(77)]);
  const outcomes = await cluster.commit([...puts, change]);
  expect(new Set(outcomes.map(({ status }) => status))).toEqual(new Set(['committed']));
  return cluster;
}

const caughtUp = (cluster: TestCluster) => (): boolean => {
  const { leader, learner } = cluster;
  return leader !== undefined && learner.ledger.applied.height === leader.ledger.applied.height;
};

it('a node without a chain begins with a snapshot, and follows from there', async () => {
  const cluster = await grown(30);
  const { learner } = cluster;
  await cluster.start(learner);
  await cluster.until(caughtUp(cluster), 'the learner catches up');
  expect(learner.ledger.firstBlockHeight).toBeGreaterThan(20);
  expect(learner.ledger.applied.stateRoot).toEqual(cluster.leader?.ledger.applied.stateRoot);
  await cluster.commit([put(1), put(2)]);
  await cluster.until(caughtUp(cluster), 'the learner follows');
  expect(learner.ledger.applied.stateRoot).toEqual(cluster.leader?.ledger.applied.stateRoot);
  expect(cluster.nodes.flatMap(({ faults, blamed }) => [...faults, ...blamed])).toEqual([]);
});
