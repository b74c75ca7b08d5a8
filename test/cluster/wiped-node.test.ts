import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import type { StatusView } from '../../src/api/index.ts';
import { present } from '../../src/base/index.ts';
import { clusterOfThree } from './cluster-of-three.ts';
import { newTransaction, occurrences, sameHead, until } from './support.ts';

const { cluster, home } = clusterOfThree();

async function commit(count: number, ...at: readonly number[]): Promise<string[]> {
  const transactions = Array.from({ length: count }, () => newTransaction(home));
  const outcomes = await cluster.client(...at).submitBatch(transactions);
  expect(outcomes.map(({ status }) => status)).toEqual(Array(count).fill('committed'));
  return transactions.map(({ id }) => id);
}

it('a node whose data directory is gone signs nothing, says why, and comes back under a new key with one command', async () => {
  const leader = await cluster.leader();
  const [wiped, other] = [1, 2, 3].filter((number) => number !== leader) as [number, number];
  const before = await commit(30);
  await sameHead(cluster, 1, 2, 3);
  // Its acks are durable at the leader with the batch that follows them.
  before.push(...(await commit(1)));
  await sameHead(cluster, 1, 2, 3);

  await cluster.json('cluster', 'kill', String(wiped));
  rmSync(join(cluster.directory, `node-${wiped}`, 'data'), { recursive: true });
  // Only the one answers that holds its acks: a majority that never heard of them would let it pass.
  await cluster.json('cluster', 'pause', String(other));
  await cluster.json('cluster', 'restart', String(wiped));
  const statusOf = (number: number): Promise<StatusView> => cluster.client(number).status();
  await until('it has been answered', async () => (await statusOf(wiped)).role === 'recovering');
  await cluster.json('cluster', 'resume', String(other));
  const url = present(cluster.urls[wiped - 1], 'a node');
  const { stdout } = await cluster.run('--node', url, 'status');
  expect(stdout).toMatch(/signs nothing +Its disk was rolled back, so it has to come back under a new key: 12D3Koo/);
  await until(
    'the cluster goes on',
    async () => (await cluster.client(leader, other).submit(newTransaction(home))).status === 'committed',
  );

  // Nobody but its member replaces it. What the refused call made is what the next one goes on with.
  const foreign = present(cluster.file.nodes[leader - 1], 'the leader').member;
  const refused = await cluster.run('node', 'replace', String(wiped), '--as', `member/${foreign}`);
  expect(refused).toMatchObject({
    exitCode: 1,
    stderr: expect.stringMatching(/\[not-your-node, rule node-is-own\]\n$/),
  });
  const made = present(cluster.file.nodes[3], 'the new node');
  expect(made).toMatchObject({ number: 4, membership: 'joining' });

  const { node, nodeId, oldDirectory } = await cluster.json<{ node: number; nodeId: string; oldDirectory: string }>(
    ...['node', 'replace', String(wiped)],
  );
  expect({ node, nodeId }).toEqual({ node: 4, nodeId: made.nodeId });
  expect(oldDirectory).toBe(join(cluster.directory, `node-${wiped}`));
  expect((await cluster.statuses())[wiped - 1]).toMatchObject({ role: 'removed' });
  await sameHead(cluster, leader, other, node);
  const counts = await occurrences(cluster.client(node));
  expect(before.filter((id) => counts.get(id) !== 1)).toEqual([]);

  // The new key signs: with it alone, the leader commits.
  expect(await statusOf(node)).toMatchObject({ nodeId, withheld: null });
  const leads = await cluster.leader();
  const away = [leader, other, node].find((number) => number !== leads && number !== node) ?? other;
  await cluster.json('cluster', 'stop', String(away));
  await commit(5);
}, 180_000);
