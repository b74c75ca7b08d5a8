import { describe, expect, it } from 'vitest';
import type { AssentError } from '../../src/base/index.ts';
import type { LinkFaults } from '../../src/cli/cluster/links/relay.ts';
import { clusterOfThree } from './cluster-of-three.ts';
import { Load } from './load.ts';
import { newTransaction, occurrences, sameHead, until } from './support.ts';

describe('three real nodes whose links are cut', () => {
  const { cluster, home } = clusterOfThree('--links');

  const statusOf = (number: number) => cluster.client(number).status();
  /** The leader, and the others. */
  async function roles(): Promise<[leader: number, first: number, second: number]> {
    const leader = await cluster.leader();
    const [first, second] = [1, 2, 3].filter((number) => number !== leader) as [number, number];
    return [leader, first, second];
  }

  it('elect another leader on the larger side, and are equal again when all is healed', async () => {
    const load = new Load(cluster, home, 2);
    await until('transactions are committed', () => load.committed.length >= 20);
    const [old, first, second] = await roles();
    const { term } = await statusOf(old);
    const cut = await cluster.json<LinkFaults>('cluster', 'partition', `${old}/${first},${second}`);
    const pairs = cut.cut.map(({ from, to }) => `${from}${to}`);
    expect(pairs.sort()).toEqual([`${first}${old}`, `${second}${old}`, `${old}${first}`, `${old}${second}`].sort());
    expect((await cluster.run('cluster', 'status')).stdout).toMatch(/Cut: \d–\d, \d–\d\.\n$/);

    const elected = await until('another leads', async () => {
      const statuses = await Promise.all([statusOf(first), statusOf(second)]);
      return statuses.find((status) => status.role === 'leader' && status.term > term);
    });
    expect((await statusOf(old)).nodeId).not.toBe(elected.nodeId);
    // The old one hands on to nobody and answers all the same; nothing that it is given is called committed.
    await until('the old one has stepped down', async () => (await statusOf(old)).role !== 'leader');
    const refusedReads = await Promise.allSettled(
      Array.from({ length: 3 }, () => cluster.client(old).block('head', { timeoutMs: 10_000 })),
    );
    for (const read of refusedReads)
      expect(read.status === 'rejected' && (read.reason as AssentError).code).toBe('no-quorum');
    const alone = newTransaction(home);
    const { status } = await cluster.client(old).submit(alone, { timeoutMs: 5000 });
    expect(['nothing-happened', 'unknown']).toContain(status);
    const before = load.committed.length;
    await until('the others commit', () => load.committed.length >= before + 20, 30_000);
    // Those who have a revocation by now are told from who may still decide without it.
    const { height } = await statusOf(first);
    const reach = await cluster.run(
      'block',
      'reach',
      `${height}`,
      '--timeout',
      '1',
      '--node',
      `${cluster.urls[first - 1]}`,
    );
    expect([reach.exitCode, reach.stdout]).toEqual([
      1,
      expect.stringMatching(/^2 of 3 nodes have it; \S+ \(.+\) has not said so\.\n/),
    ]);

    await cluster.json('cluster', 'heal');
    await until('the old one follows', async () => (await statusOf(old)).leader === (await statusOf(first)).leader);
    await load.stop();
    await load.expectKept(cluster);
    // What was refused for want of a majority is committed under the same id, and once.
    expect((await cluster.client(old).submit(alone, { timeoutMs: 20_000 })).status).toBe('committed');
    await sameHead(cluster, 1, 2, 3);
    expect((await occurrences(cluster.client(first))).get(alone.id)).toBe(1);
  });

  it('keep leader and term when one follower is cut off from the leader only (scenario 10)', async () => {
    const [leader, bridge, follower] = await roles();
    const { term } = await sameHead(cluster, 1, 2, 3);
    await cluster.json('cluster', 'partition', `${leader},${bridge}/${bridge},${follower}`);
    await until('the follower has lost the leader', async () => (await statusOf(follower)).role === 'candidate');
    const load = new Load(cluster, home, 2);
    // Its PreVotes are refused again and again meanwhile.
    await until('transactions are committed', () => load.committed.length >= 60, 30_000);
    await load.stop();
    for (const number of [leader, bridge]) expect(await statusOf(number)).toMatchObject({ term });
    expect(await statusOf(leader)).toMatchObject({ role: 'leader' });
    await cluster.json('cluster', 'heal');
    await load.expectKept(cluster);
    expect(await statusOf(follower)).toMatchObject({ term, role: 'follower' });
  });

  it('go on when one way of a link is slow', async () => {
    const [leader, slow] = await roles();
    const { term } = await sameHead(cluster, 1, 2, 3);
    await cluster.json('cluster', 'delay', String(leader), String(slow), '300');
    const faults = await cluster.json<LinkFaults>('cluster', 'delay', String(slow), String(leader), '20');
    expect(faults.delays).toHaveLength(2);
    const load = new Load(cluster, home, 2);
    await until('transactions are committed', () => load.committed.length >= 40, 30_000);
    // Behind the delay, too, a read shows what was committed before it.
    const { height } = await cluster.client(leader).block('head');
    expect((await cluster.client(slow).block('head', { timeoutMs: 10_000 })).height).toBeGreaterThanOrEqual(height);
    await load.stop();
    expect((await statusOf(leader)).term).toBe(term);
    expect((await cluster.json<LinkFaults>('cluster', 'heal')).delays).toEqual([]);
    await load.expectKept(cluster);
  });

  it('are linked again, all links whole, when the relay and they come up once more', async () => {
    await cluster.json('cluster', 'partition', '1');
    const before = cluster.file.links?.process;
    expect(before).toBeTruthy();
    await cluster.json('cluster', 'down');
    expect(cluster.file.links?.process).toBeNull();
    await cluster.json('cluster', 'up', '--detach');
    expect(cluster.file.links?.process?.pid).not.toBe(before?.pid);
    const status = await cluster.json<{ links: LinkFaults }>('cluster', 'status');
    expect(status.links).toEqual({ cut: [], delays: [] });
    await sameHead(cluster, 1, 2, 3);
  });
});
