import { describe, expect, test } from 'vitest';
import { TestCluster } from './cluster.ts';

describe('three cores', () => {
  test('elect, replicate and commit', () => {
    const cluster = new TestCluster(3);
    cluster.until('a leader', () => cluster.leader !== undefined);
    const leader = cluster.leader;
    for (let count = 0; count < 5; count++) {
      expect(leader?.seal()).toBeDefined();
      cluster.settle();
    }
    for (const node of cluster.nodes) {
      expect(node.committed.map(({ block }) => block.height)).toEqual([1, 2, 3, 4, 5]);
      expect(node.complaints).toEqual([]);
    }
  });

  test('a single voter commits by its own ack', () => {
    const cluster = new TestCluster(1);
    cluster.until('a leader', () => cluster.leader !== undefined);
    cluster.node(0).seal();
    expect(cluster.node(0).committed.length).toBe(1);
  });
});
