import { cpSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import type { StatusView } from '../../src/api/index.ts';
import type { AbandonedReport } from '../../src/node/index.ts';
import { clusterOfThree } from './cluster-of-three.ts';
import { newTransaction, occurrences, sameHead, until } from './support.ts';

const { cluster, home } = clusterOfThree();

const all = [1, 2, 3];
const dataOf = (number: number): string => join(cluster.directory, `node-${number}`, 'data');
const copyOf = (number: number): string => join(cluster.directory, `node-${number}`, 'backup');
const statusOf = (number: number): Promise<StatusView> => cluster.client(number).status();

async function commit(count: number): Promise<string[]> {
  const outcomes = await cluster.client().submitBatch(Array.from({ length: count }, () => newTransaction(home)));
  expect(outcomes.map(({ status }) => status)).toEqual(Array(count).fill('committed'));
  await sameHead(cluster, ...all);
  return outcomes.map(({ id }) => id);
}

async function backUp(number: number): Promise<void> {
  await cluster.json('cluster', 'stop', String(number));
  cpSync(dataOf(number), copyOf(number), { recursive: true });
}

async function stop(...numbers: readonly number[]): Promise<void> {
  for (const number of numbers) await cluster.json('cluster', 'stop', String(number));
}

async function restart(...numbers: readonly number[]): Promise<void> {
  for (const number of numbers) expect((await cluster.run('cluster', 'restart', String(number))).exitCode).toBe(0);
}

it('three nodes restored from backups of three heights go on only after `ledger recover` (scenario 68)', async () => {
  const kept = await commit(5);
  const leads = await cluster.leader();
  const followers = all.filter((number) => number !== leads);
  for (const number of followers) {
    await backUp(number);
    await restart(number);
    kept.push(...(await commit(5)));
  }
  expect(await cluster.leader()).toBe(leads);
  // The last copy has a block that nobody else saw.
  for (const number of followers) await cluster.json('cluster', 'pause', String(number));
  const unseen = newTransaction(home);
  const open = await cluster.client(leads).submit(unseen, { timeoutMs: 2000 });
  expect(open.status).not.toBe('committed');
  await backUp(leads);
  for (const number of followers) await cluster.json('cluster', 'resume', String(number));
  await restart(leads);
  const lost = await commit(5);

  // Every disk is replaced by its backup, under the same keys.
  await stop(...all);
  for (const number of all) {
    rmSync(dataOf(number), { recursive: true });
    cpSync(copyOf(number), dataOf(number), { recursive: true });
  }
  // The one that knows most first: two that know less would find nothing wrong with each other.
  await restart(leads);
  for (const number of followers.toReversed()) {
    await restart(number);
    const reason = await until(`node ${number} says why it signs nothing`, async () => {
      const { withheld } = await statusOf(number);
      return withheld?.startsWith('Its disk was rolled back') && withheld;
    });
    expect(reason).toMatch(/holds an ack of this key at/);
  }
  expect((await cluster.client().submit(newTransaction(home), { timeoutMs: 2000 })).status).not.toBe('committed');
  await stop(...all);

  // Three members, of which two decide.
  const file = join(cluster.directory, '..', 'recovery.txt');
  const { reports } = await cluster.json<{ reports: { certified: { height: number } }[] }>(
    'ledger',
    'recover',
    'report',
  );
  const base = Math.max(...reports.map(({ certified }) => certified.height));
  const draft = await cluster.json<{ base: { height: number }; generation: number }>(
    ...['ledger', 'recover', 'draft', '--out', file],
  );
  expect(draft).toMatchObject({ base: { height: base }, generation: 1 });
  await cluster.json('ledger', 'recover', 'sign', file, '--as', 'member/st-mary');
  const early = await cluster.run('ledger', 'recover', 'apply', file);
  expect(early).toMatchObject({ exitCode: 4, stderr: expect.stringContaining('1 of the 2 members') });
  await cluster.json('ledger', 'recover', 'sign', file, '--as', 'member/riverside');
  const { nodes } = await cluster.json<{ nodes: { changed: boolean; reportFile: string }[] }>(
    ...['ledger', 'recover', 'apply', file],
  );
  expect(nodes.map(({ changed }) => changed)).toEqual([true, true, true]);
  const again = await cluster.json<{ nodes: { changed: boolean }[] }>('ledger', 'recover', 'apply', file);
  expect(again.nodes.map(({ changed }) => changed)).toEqual([false, false, false]);

  // The report names what is gone.
  const gone = nodes.map(({ reportFile }) => JSON.parse(readFileSync(reportFile, 'utf8')) as AbandonedReport);
  const [tail] = gone[leads - 1]?.abandoned ?? [];
  expect(tail).toMatchObject({ height: base + 1, certified: false, transactions: [unseen.id] });

  await restart(...all);
  const fresh = await commit(5);
  const statuses = await Promise.all(all.map(statusOf));
  for (const { configuration, withheld: reason } of statuses) {
    expect(configuration).toMatchObject({ generation: 1 });
    expect(reason).toBeNull();
  }
  for (const number of all) {
    const counts = await occurrences(cluster.client(number));
    expect([...kept, ...fresh].map((id) => counts.get(id))).toEqual(Array(kept.length + fresh.length).fill(1));
    expect(lost.map((id) => counts.get(id))).toEqual(Array(lost.length).fill(undefined));
  }
  // It lives on with any two of them.
  await cluster.json('cluster', 'stop', '1');
  await until('two of them commit', async () => {
    const { status } = await cluster.client(2, 3).submit(newTransaction(home), { timeoutMs: 5000 });
    return status === 'committed';
  });
}, 240_000);
