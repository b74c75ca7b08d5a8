import { cpSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { StatusView } from '../../src/api/index.ts';
import type { Home } from '../../src/demo/index.ts';
import { LocalCluster, newTransaction, occurrences, sameHead, until } from './support.ts';

let cluster: LocalCluster;
let home: Home;
beforeAll(async () => {
  cluster = await LocalCluster.up();
  home = await cluster.home();
});
afterAll(async () => {
  home.keystore.close();
  await cluster.remove();
});

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
  expect((await cluster.run('cluster', 'restart', String(back))).exitCode).toBe(0);
  const status = await until('it knows', async () => {
    const now = await statusOf(back);
    return now.role === 'recovering' && now;
  });
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
  await cluster.json('cluster', 'pause', String(other));
  await isOpen(leader);
  expect((await statusOf(leader)).height).toBe(followed.height);
  // Neither does its vote: with it alone, the other becomes no leader.
  await cluster.json('cluster', 'pause', String(leader));
  await cluster.json('cluster', 'resume', String(other));
  await until('the other asks for votes', async () => (await statusOf(other)).role === 'candidate');
  await isOpen(other);
  expect(await statusOf(other)).toMatchObject({ role: 'candidate', leader: null, height: followed.height });

  await cluster.json('cluster', 'resume', String(leader));
  expect((await cluster.client(leader, other).submit(alone, { timeoutMs: 30_000 })).status).toBe('committed');
  await sameHead(cluster, 1, 2, 3);
  expect((await occurrences(cluster.client(back))).get(alone.id)).toBe(1);

  // A second start with the same disk comes to the same.
  expect((await cluster.run('cluster', 'restart', String(back))).exitCode).toBe(0);
  await until('it knows again', async () => (await statusOf(back)).role === 'recovering');
}, 120_000);
