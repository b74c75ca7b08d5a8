import { cpSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import type { StatusView } from '../../src/api/index.ts';
import { clusterOfThree } from './cluster-of-three.ts';
import { newTransaction, occurrences, sameHead, until } from './support.ts';

const { cluster, home } = clusterOfThree();

const statusOf = (number: number): Promise<StatusView> => cluster.client(number).status();

async function commit(count: number, ...at: readonly number[]): Promise<void> {
  const outcomes = await cluster.client(...at).submitBatch(Array.from({ length: count }, () => newTransaction(home)));
  expect(outcomes.map(({ status }) => status)).toEqual(Array(count).fill('committed'));
}

it('a node whose old disk is put back starts, signs nothing and says why (scenario 50)', async () => {
  await commit(5);
  const leader = await cluster.leader();
  const [back, other] = [1, 2, 3].filter((number) => number !== leader) as [number, number];
  const data = join(cluster.directory, `node-${back}`, 'data');
  const copy = join(cluster.directory, `node-${back}`, 'copy');
  await cluster.json('cluster', 'stop', String(back));
  cpSync(data, copy, { recursive: true });
  expect((await cluster.run('cluster', 'restart', String(back))).exitCode).toBe(0);
  await commit(20);
  const before = await sameHead(cluster, 1, 2, 3);
  // Its acks are durable at the leader with the batch that follows them.
  await commit(1);
  await sameHead(cluster, 1, 2, 3);

  await cluster.json('cluster', 'kill', String(back));
  rmSync(data, { recursive: true });
  cpSync(copy, data, { recursive: true });
  await startBeside(leader);
  const status = await statusOf(back);
  expect(status.withheld).toMatch(
    /^Its disk was rolled back, .*: 12D3Koo\w+ holds an ack of this key at \(\d+, \d+\)\.$/,
  );
  const node = ['--node', cluster.urls[back - 1] ?? ''];
  expect((await cluster.run(...node, 'status')).stdout).toContain('Its disk was rolled back');
  await expect(cluster.client(back).waitForReady({ timeoutMs: 500 })).rejects.toMatchObject({ code: 'recovering' });

  // It follows what the others certify.
  await commit(5, leader, other);
  const followed = await sameHead(cluster, 1, 2, 3);
  expect(followed.height).toBeGreaterThan(before.height);

  // Its ack counts for nothing: with it alone, the leader commits nothing.
  const alone = newTransaction(home);
  const isOpen = async (...at: readonly number[]): Promise<void> => {
    const { status: outcome } = await cluster.client(...at).submit(alone, { timeoutMs: 4000 });
    expect(['nothing-happened', 'unknown']).toContain(outcome);
    expect(await statusOf(back)).toMatchObject({ role: 'recovering', height: followed.height });
  };
  const leads = await cluster.leader();
  const follows = leads === leader ? other : leader;
  await cluster.json('cluster', 'pause', String(follows));
  await isOpen(leads);
  expect((await statusOf(leads)).height).toBe(followed.height);
  // Neither does its vote: with it alone, the follower becomes no leader.
  await cluster.json('cluster', 'pause', String(leads));
  await cluster.json('cluster', 'resume', String(follows));
  await until('the follower asks for votes', async () => (await statusOf(follows)).role === 'candidate');
  await isOpen(follows);
  expect(await statusOf(follows)).toMatchObject({ role: 'candidate', leader: null, height: followed.height });

  await cluster.json('cluster', 'resume', String(leads));
  expect((await cluster.client(leader, other).submit(alone, { timeoutMs: 30_000 })).status).toBe('committed');
  await sameHead(cluster, 1, 2, 3);
  expect((await occurrences(cluster.client(back))).get(alone.id)).toBe(1);

  // A second start with the same disk comes to the same.
  await startBeside(leader);

  /** Starts the node while only the one answers that holds its acks: a majority of others would let it pass. */
  async function startBeside(holder: number): Promise<void> {
    const silent = String([1, 2, 3].find((number) => number !== back && number !== holder));
    await cluster.json('cluster', 'pause', silent);
    expect((await cluster.run('cluster', 'restart', String(back))).exitCode).toBe(0);
    await until('it has been answered', async () => (await statusOf(back)).role === 'recovering');
    await cluster.json('cluster', 'resume', silent);
  }
}, 120_000);
