import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { present } from '../../src/base/index.ts';
import { nodeDirectory } from '../../src/cli/cluster/cluster-file.ts';
import { clusterOfThree } from './cluster-of-three.ts';
import { newTransaction, occurrences, sameHead, until } from './support.ts';

const { cluster, home } = clusterOfThree();

async function commit(count: number, ...numbers: readonly number[]): Promise<string[]> {
  const transactions = Array.from({ length: count }, () => newTransaction(home));
  const outcomes = await cluster.client(...numbers).submitBatch(transactions, { timeoutMs: 30_000 });
  expect(outcomes.map(({ status }) => status)).toEqual(Array(count).fill('committed'));
  return transactions.map(({ id }) => id);
}

function nodeIdOf(number: number): string {
  return present(cluster.file.nodes[number - 1], 'the cluster has the node').nodeId;
}

describe('a voter that was away while the configuration grew', () => {
  it('65: learns the history from a peer that it did not know, and the ledger lives on without those it knew', async () => {
    const before = await commit(5);
    await cluster.json('cluster', 'kill', '3');
    await cluster.json('cluster', 'add');
    await cluster.json('cluster', 'add');
    const meanwhile = await commit(5, 1, 2, 4, 5);
    for (const number of ['1', '2']) await cluster.json('cluster', 'kill', number);

    // Nothing on its disk names the nodes that are left.
    const directory = nodeDirectory(cluster.directory, 3);
    const configuration = readFileSync(join(directory, 'node.json'), 'utf8');
    for (const number of [4, 5]) expect(configuration).not.toContain(nodeIdOf(number));
    await cluster.json('cluster', 'restart', '3');
    await until('it knows who votes', async () => {
      const { configuration: known } = await cluster.client(3).status();
      return known.voters.includes(nodeIdOf(4)) && known.voters.includes(nodeIdOf(5));
    });

    const after = await commit(5, 3, 4, 5);
    const { configuration: last } = await sameHead(cluster, 3, 4, 5);
    expect(new Set(last.voters)).toEqual(new Set([1, 2, 3, 4, 5].map(nodeIdOf)));
    const counts = await occurrences(cluster.client(3));
    expect([...before, ...meanwhile, ...after].filter((id) => counts.get(id) !== 1)).toEqual([]);
    const url = present(cluster.urls[2], 'node 3');
    const proof = await cluster.json<{ verified: boolean; configurations: { change: { step: string } | null }[] }>(
      ...['node', 'history', '--verify', '--node', url],
    );
    expect(proof.verified).toBe(true);
    expect(proof.configurations.map(({ change }) => change?.step)).toEqual([
      undefined,
      'add',
      'promote',
      'add',
      'promote',
    ]);
    const metrics = await (await fetch(`${url}/metrics`)).text();
    expect(Number(/^assent_strangers_introduced (\d+)$/m.exec(metrics)?.[1])).toBeGreaterThan(0);
  }, 120_000);
});
