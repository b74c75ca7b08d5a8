import { expect } from 'vitest';
import { toHex } from '../../../src/base/index.ts';
import type { ConfigurationStep } from '../../../src/consensus/index.ts';
import { TestCluster, type TestNode } from './cluster.ts';

type Step = ConfigurationStep['step'];

/** A cluster that node 0 leads, with one certified block everywhere. */
export function ledCluster(
  size: number,
  options: NonNullable<ConstructorParameters<typeof TestCluster>[1]> = {},
): { readonly cluster: TestCluster; readonly leader: TestNode } {
  const cluster = new TestCluster(size, options);
  cluster.settle();
  const leader = cluster.elect(0);
  leader.seal();
  cluster.settle();
  expect(leader.status.certifiedHeight).toBe(1);
  return { cluster, leader };
}

/** Takes a step that has to be certified at once. */
export function take(cluster: TestCluster, step: Step, index: number): void {
  const leader = cluster.leader;
  const block = leader?.change(step, index);
  expect(block, `there is a slot for: ${step} ${index}`).toBeDefined();
  cluster.settle();
  expect(leader?.status.certifiedHeight, `${step} ${index} is certified`).toBe(block?.height);
}

/** The indexes of the voters in force at the node's tip. */
export function votersAt(cluster: TestCluster, node: TestNode): number[] {
  const { nodes } = node.raft.configuration;
  return nodes.filter(({ role }) => role === 'voter').map(({ id }) => cluster.forge.indexOf(id));
}

/** The indexes of all nodes in force at the node's tip. */
export function nodesAt(cluster: TestCluster, node: TestNode): number[] {
  return node.raft.configuration.nodes.map(({ id }) => cluster.forge.indexOf(id));
}

/** What is committed is the same everywhere, and nobody is blamed or accused. */
export function expectOneChain(cluster: TestCluster): void {
  const hashes = new Map<number, string>();
  for (const node of cluster.nodes) {
    expect(node.evidence, 'no evidence names an honest node').toEqual([]);
    for (const { block } of node.committed) {
      const hash = toHex(block.hash);
      expect(hashes.get(block.height) ?? hash, `one certified block of height ${block.height}`).toBe(hash);
      hashes.set(block.height, hash);
    }
  }
}

/** Lets time pass until a leader has certified a new block of its own. Gives that leader. */
export function untilCommits(cluster: TestCluster, among: readonly number[], ticksMax = 500): TestNode {
  let done: TestNode | undefined;
  const sealed = new Map<TestNode, number>();
  cluster.until(
    `one of ${among.join(', ')} leads and commits`,
    () => {
      for (const index of among) {
        const node = cluster.node(index);
        if (!node.isRunning || node.status.role !== 'leader') continue;
        const height = sealed.get(node);
        if (height !== undefined && node.status.certifiedHeight >= height) done = node;
        else if (height === undefined || node.status.tip.height < height) {
          const block = node.seal();
          if (block !== undefined) sealed.set(node, block.height);
          cluster.settle();
        }
      }
      return done !== undefined;
    },
    ticksMax,
  );
  if (done === undefined) throw new Error('a leader commits');
  return done;
}
