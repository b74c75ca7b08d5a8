import { describe, expect, test } from 'vitest';
import { present } from '../../../src/base/index.ts';
import { TestCluster } from './cluster.ts';
import { Forge, genesisTip } from './forge.ts';

describe('catching up', () => {
  test('a follower far behind executes old blocks as certified, in order, whatever the clock says of them', () => {
    const cluster = new TestCluster(3, { limits: { appendBlocksMax: 7, aheadBlocksMax: 40, stagedBlocksMax: 80 } });
    const leader = cluster.elect(0);
    const late = cluster.node(2);
    late.crash();
    for (let sealed = 0; sealed < 300; sealed++) {
      expect(leader.seal()).toBeDefined();
      cluster.settle();
    }
    late.judge = ({ certified }) => (certified ? { ok: true } : { ok: false, reason: 'timestamp' });
    late.restart();
    cluster.until('it is there', () => late.status.committedHeight === 300, 100);
    expect(late.executed.map(({ block }) => block.height)).toEqual(
      Array.from({ length: 300 }, (_, index) => index + 1),
    );
    expect(late.status.refusal).toBeUndefined();
  });

  test('with blocks as large as an append', () => {
    const limits = { appendBytesMax: 1000, inflightBytesMax: 3000, uncertifiedBytesMax: 20_000 };
    const cluster = new TestCluster(3, { limits });
    const leader = cluster.elect(0);
    const late = cluster.node(2);
    late.crash();
    for (let burst = 0; burst < 8; burst++) {
      for (let sealed = 0; sealed < 10; sealed++) expect(leader.seal(1000)).toBeDefined();
      cluster.settle();
    }
    late.judge = ({ certified }) => (certified ? { ok: true } : { ok: false, reason: 'timestamp' });
    late.restart();
    cluster.until('it is there', () => late.status.committedHeight === 80, 10);
  });

  test('a pre-candidate that is refused for its lower tip fetches the branch of the refuser', () => {
    const forge = new Forge(3);
    const shared = forge.branch(genesisTip, 1, 0, 3, [0, 1]);
    const end = present(shared.at(-1), 'a block');
    const stale = forge.branch({ term: 1, height: 3, hash: end.hash }, 2, 1, 2, [1, 2]);
    const fresh = forge.branch({ term: 1, height: 3, hash: end.hash }, 5, 2, 150, [0, 2]);
    const disks = [forge.disk(), forge.disk([...shared, ...stale]), forge.disk([...shared, ...fresh])];
    const cluster = new TestCluster(3, { forge, disks });
    cluster.settle();
    cluster.node(0).crash();
    for (let tick = 0; tick < 25; tick++) cluster.node(1).tick();
    // Only node 1 campaigns.
    cluster.settle();
    expect(cluster.node(1).status.tip).toEqual(cluster.node(2).status.tip);
    expect(cluster.node(1).disk.chain).toEqual([...shared, ...fresh]);
    for (let tick = 0; tick < 40 && cluster.node(1).status.role !== 'leader'; tick++) {
      cluster.node(1).tick();
      cluster.settle();
    }
    expect(cluster.node(1).status.role).toBe('leader');
    expect(cluster.nodes.flatMap((node) => node.evidence)).toEqual([]);
  });

  test('a certificate travels alone on an idle chain', () => {
    const cluster = new TestCluster(3);
    const leader = cluster.elect(0);
    leader.seal();
    cluster.settle();
    expect(cluster.nodes.map((node) => node.status.committedHeight)).toEqual([1, 1, 1]);
  });

  test('a learner follows and counts for nothing', () => {
    const cluster = new TestCluster(3, { learners: 1 });
    const leader = cluster.elect(0);
    leader.seal();
    cluster.settle();
    expect(cluster.node(2).status).toMatchObject({ role: 'learner', committedHeight: 1 });
    cluster.node(1).crash();
    leader.seal();
    cluster.settle();
    expect(leader.status.certifiedHeight, 'one of two voters').toBe(1);
    cluster.tick(100);
    expect(cluster.node(2).status.term).toBe(leader.status.term);
  });

  test('one unproved message raises the term by a bound only', () => {
    const cluster = new TestCluster(3, { limits: { termLeapMax: 50 } });
    const leader = cluster.elect(0);
    const { term } = leader.status;
    leader.step(cluster.node(1).id, {
      type: 'append-reply',
      term: 2 ** 40,
      sequence: 0,
      acks: [],
      durable: genesisTip,
    });
    expect(leader.status.term).toBe(term + 50);
  });
});
