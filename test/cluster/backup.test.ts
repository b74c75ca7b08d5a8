import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { present } from '../../src/base/index.ts';
import { nodeDirectory } from '../../src/cli/cluster/cluster-file.ts';
import { choosePorts } from '../../src/cli/cluster/ports.ts';
import { AssentClient } from '../../src/client/index.ts';
import { clusterOfThree } from './cluster-of-three.ts';
import { startDirectory } from './node-process.ts';
import { newTransaction, sameHead, until } from './support.ts';

const patienceMs = 120_000;
const { cluster, home } = clusterOfThree();

async function commit(count: number): Promise<string[]> {
  const transactions = Array.from({ length: count }, () => newTransaction(home));
  const outcomes = await cluster.client().submitBatch(transactions);
  expect(new Set(outcomes.map(({ status }) => status))).toEqual(new Set(['committed']));
  return transactions.map(({ id }) => id);
}

/** Lets a node archive from its next start on. */
function archive(number: number): void {
  const file = join(nodeDirectory(cluster.directory, number), 'node.json');
  const config = JSON.parse(readFileSync(file, 'utf8')) as object;
  writeFileSync(file, JSON.stringify({ ...config, archive: { directory: 'archive' } }));
}

function chunksOf(number: number): string[] {
  const folder = join(nodeDirectory(cluster.directory, number), 'archive');
  return existsSync(folder) ? readdirSync(folder).filter((name) => name.endsWith('.chunk')) : [];
}

function fileOf(number: number, name: string): Buffer {
  return readFileSync(join(nodeDirectory(cluster.directory, number), 'archive', name));
}

it('archives are the same after kills and changes of the leader; a lost node comes back from a backup under a new key', async () => {
  for (const number of [1, 2, 3]) {
    await cluster.json('cluster', 'stop', String(number));
    archive(number);
    await cluster.json('cluster', 'restart', String(number));
  }
  const first = await commit(3);
  for (let round = 0; round < 3; round++) {
    const leader = await cluster.leader();
    // One ends in the middle of whatever it does: the leader once, a follower else.
    const victim = round === 1 ? leader : (leader % 3) + 1;
    const loading = (async () => {
      for (let batch = 0; batch < 6; batch++) await commit(1000);
    })();
    await cluster.json('cluster', 'kill', String(victim));
    await loading;
    await cluster.json('cluster', 'restart', String(victim));
    await sameHead(cluster, 1, 2, 3);
  }
  await until('all have archived', () => [1, 2, 3].every((number) => chunksOf(number).length > 0), patienceMs);
  const names = chunksOf(1).filter((name) => chunksOf(2).includes(name) && chunksOf(3).includes(name));
  expect(names.length).toBeGreaterThan(0);
  for (const name of [...names, 'genesis'])
    for (const number of [2, 3]) expect(fileOf(number, name).equals(fileOf(1, name)), name).toBe(true);
  const status = await cluster.client(1).status();
  expect(status.archive).toMatchObject({ from: 1, problem: null });

  const lost = ((await cluster.leader()) % 3) + 1;
  const { nodeId: old, member } = present(cluster.file.nodes[lost - 1], 'a node');
  const file = join(cluster.directory, '..', 'backup');
  const url = present(cluster.urls[lost - 1], 'a node');
  const { height } = await cluster.json<{ height: number }>('ledger', 'backup', file, '--node', url);
  await cluster.json('cluster', 'kill', String(lost));
  const after = await commit(5);

  const directory = join(cluster.directory, '..', 'restored');
  const [p2pPort, apiPort] = await choosePorts(2, { start: 0, exact: false });
  const ports = ['--p2p-port', String(p2pPort), '--api-port', String(apiPort)];
  const other = present(cluster.urls[lost % 3], 'another node');
  const { nodeId } = await cluster.json<{ nodeId: string }>(
    ...['join', '--dir', directory, '--member', member, '--node', other, ...ports],
  );
  const restored = await cluster.json('ledger', 'restore', file, '--dir', directory);
  expect(restored).toMatchObject({ nodeId, formerNodeId: old, height });
  const replacing = cluster.json('node', 'replace', old, '--new-dir', directory, '--as', `member/${member}`);
  await startDirectory(directory, patienceMs);
  await replacing;
  const client = new AssentClient({ nodes: [`http://127.0.0.1:${apiPort}`] });
  await until('it votes', async () => (await client.status()).withheld === null, patienceMs);
  const own = await client.status();
  expect(own.configuration.voters).toContain(nodeId);
  expect(own.configuration.voters).not.toContain(old);
  // It replayed what came after the backup, and has what was before it.
  expect(own).toMatchObject({ firstBlockHeight: 1 });
  for (const id of [...first, ...after]) expect((await client.transaction(id)).id).toBe(id);
}, 400_000);
