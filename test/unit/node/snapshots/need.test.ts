import { beforeAll, describe, expect, it } from 'vitest';
import { present } from '../../../../src/base/index.ts';
import type { ReplicaStatus } from '../../../../src/node/replica/index.ts';
import { SnapshotNeed } from '../../../../src/node/snapshots/need.ts';
import { put, TestCluster } from './harness.ts';

const electionTicks = 10;
const snapshotLagBlocks = 50;

/** A voter at height 40 that knows of 20 blocks more, and has applied and stored what it has. */
let behind: ReplicaStatus;
beforeAll(async () => {
  const cluster = new TestCluster();
  for (const node of cluster.voters) await cluster.start(node);
  await cluster.commit([put(1)]);
  const status = present(
    cluster.voters.find((node) => node !== cluster.leader),
    'a follower',
  ).replica.status();
  const tip = { ...status.tip, height: 40 };
  behind = { ...status, tip, durableTip: tip, appliedHeight: 40, behindBlocks: 20 };
});

/** Whether it wants one after this many ticks in this state. */
function wants(change: Partial<ReplicaStatus>, ticks = 0, isStaged = false): boolean {
  const need = new SnapshotNeed({ electionTicks, snapshotLagBlocks });
  const status = { ...behind, ...change };
  need.passed(0, status);
  if (ticks > 0) need.passed(ticks, status);
  return need.isThere(status, isStaged);
}

describe('a snapshot is wanted', () => {
  it('by a newcomer that lags by more than so many blocks, at once', () => {
    expect(wants({ appliedHeight: 0, behindBlocks: 51 })).toBe(true);
    expect(wants({ appliedHeight: 0, behindBlocks: 50 })).toBe(false);
    expect(wants({ role: 'learner', behindBlocks: 51 })).toBe(true);
    // It has more of the chain than it lacks.
    expect(wants({ role: 'learner', behindBlocks: 40, tip: { ...behind.tip, height: 41 } })).toBe(false);
    expect(wants({ behindBlocks: 1000 })).toBe(false);
  });

  it('by a node with a chain that stands still for longer than ten election timeouts, under a leader', () => {
    expect(wants({}, 100)).toBe(false);
    expect(wants({}, 101)).toBe(true);
    const { leader: _, ...status } = behind;
    const need = new SnapshotNeed({ electionTicks, snapshotLagBlocks });
    for (const ticks of [0, 101]) need.passed(ticks, status);
    expect(need.isThere(status, false)).toBe(false);
  });

  it('not while blocks come, however slow the disk or the link', () => {
    expect(wants({ durableTip: { ...behind.tip, height: 39 } }, 101)).toBe(false);
    const need = new SnapshotNeed({ electionTicks, snapshotLagBlocks });
    for (let height = 40; height < 60; height++) {
      const tip = { ...behind.tip, height };
      const status = { ...behind, tip, durableTip: tip };
      for (const ticks of [0, 60]) need.passed(ticks, status);
      expect(need.isThere(status, false)).toBe(false);
    }
  });

  it('by who has begun with one, unless nothing is missing any more', () => {
    expect(wants({}, 0, true)).toBe(true);
    expect(wants({ behindBlocks: 0 }, 0, true)).toBe(false);
    expect(wants({ role: 'leader' }, 101, true)).toBe(false);
  });
});
