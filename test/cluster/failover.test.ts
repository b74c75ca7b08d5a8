import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { ReceiptView } from '../../src/api/index.ts';
import { signal } from '../../src/cli/cluster/processes.ts';
import type { SubmitOutcome } from '../../src/client/index.ts';
import { clusterOfThree } from './cluster-of-three.ts';
import { newTransaction, occurrences, sameHead, until } from './support.ts';

describe('three real nodes', () => {
  const { cluster, home } = clusterOfThree();

  /** Submits from several clients at once, one transaction after the other, until told to stop. */
  function load(): { readonly outcomes: SubmitOutcome[]; stop(): Promise<void> } {
    const outcomes: SubmitOutcome[] = [];
    let stopped = false;
    const workers = Array.from({ length: 4 }, async () => {
      const client = cluster.client();
      while (!stopped) outcomes.push(await client.submit(newTransaction(home), { wait: 'committed' }));
    });
    return {
      outcomes,
      async stop() {
        stopped = true;
        await Promise.all(workers);
      },
    };
  }

  const committed = (outcomes: readonly SubmitOutcome[]): ReceiptView[] =>
    outcomes.flatMap((outcome) => (outcome.status === 'committed' ? [outcome.receipt] : []));

  it('go on when the leader is killed under load, and keep every committed transaction exactly once', async () => {
    const { outcomes, stop } = load();
    await until('transactions are committed', () => committed(outcomes).length >= 20);
    const killed = await cluster.leader();
    const { state } = await cluster.json<{ state: string }>('cluster', 'kill', 'leader');
    expect(state).toBe('killed');
    const before = committed(outcomes).length;
    await until('transactions are committed again', () => committed(outcomes).length >= before + 20, 30_000);
    await stop();
    expect(outcomes.filter(({ status }) => status === 'refused')).toEqual([]);

    const restarted = await cluster.run('cluster', 'restart', String(killed));
    expect(restarted.exitCode).toBe(0);
    await sameHead(cluster, 1, 2, 3);
    for (const number of [1, 2, 3]) {
      const counts = await occurrences(cluster.client(number));
      for (const { id } of committed(outcomes)) expect(counts.get(id)).toBe(1);
      expect(Math.max(...counts.values())).toBe(1);
    }
    for (const receipt of committed(outcomes).slice(0, 40))
      expect((await cluster.client(killed).transaction(receipt.id)).receipt).toEqual(receipt);
  });

  it('elect another leader when theirs is paused, and the old one follows when it goes on (scenario 28)', async () => {
    const paused = await cluster.leader();
    const others = [1, 2, 3].filter((number) => number !== paused);
    await cluster.json('cluster', 'pause', String(paused));
    expect((await cluster.statuses())[paused - 1]?.role).toBe('paused');
    const elected = await until('another leads', async () => {
      const statuses = await Promise.all(others.map((number) => cluster.client(number).status()));
      return statuses.find(({ role }) => role === 'leader');
    });
    const transaction = newTransaction(home);
    const outcome = await cluster.client(...others).submit(transaction, { wait: 'committed' });
    expect(outcome.status).toBe('committed');

    await cluster.json('cluster', 'resume', String(paused));
    // Asked at once, the old leader is refused or current; never does it execute or answer anything else.
    const again = await cluster.client(paused).submit(transaction, { wait: 'committed', timeoutMs: 20_000 });
    expect(again).toEqual(outcome);
    const status = await until('the old leader follows', async () => {
      const now = await cluster.client(paused).status();
      return now.role === 'follower' && now;
    });
    expect(status.term).toBeGreaterThanOrEqual(elected.term);
  });

  it('say in bounded time that nothing can be committed without a majority, and resume with one', async () => {
    const leader = await cluster.leader();
    const [first, second] = [1, 2, 3].filter((number) => number !== leader).map(String) as [string, string];
    await cluster.json('cluster', 'stop', first);
    await cluster.json('cluster', 'stop', second);
    const transaction = newTransaction(home);
    const file = join(cluster.directory, 'signed.bin');
    writeFileSync(file, transaction.bytes);
    const result = await cluster.run('tx', 'submit', file, '--timeout', '4');
    expect([3, 5]).toContain(result.exitCode);
    expect(result.stderr).toMatch(/^assent: .+\. .+\. \[(no-quorum|outcome-unknown|node-unreachable)\]\n$/);

    expect((await cluster.run('cluster', 'restart', first)).exitCode).toBe(0);
    const resumed = await cluster.run('tx', 'submit', file, '--timeout', '30');
    expect(resumed).toMatchObject({ exitCode: 0, stderr: '' });
    expect((await cluster.run('cluster', 'restart', second)).exitCode).toBe(0);
    await sameHead(cluster, 1, 2, 3);
    expect((await occurrences(cluster.client(Number(second)))).get(transaction.id)).toBe(1);
  });

  it('lose nothing when all are killed at once (scenario 44)', async () => {
    const outcomes = await cluster.client().submitBatch(Array.from({ length: 30 }, () => newTransaction(home)));
    const receipts = committed(outcomes);
    expect(receipts.length).toBe(30);
    const before = await sameHead(cluster, 1, 2, 3);
    for (const { process } of cluster.file.nodes) signal(process, 'SIGKILL');
    await until('all are gone', async () => (await cluster.statuses()).every(({ role }) => role === 'stopped'));

    const { started } = await cluster.json<{ started: number[] }>('cluster', 'up', '--detach');
    expect(started).toEqual([1, 2, 3]);
    for (const number of [1, 2, 3]) {
      const client = cluster.client(number);
      expect((await client.block(before.height)).hash).toBe(before.headHash);
      for (const receipt of receipts.slice(0, 10))
        expect((await client.transaction(receipt.id)).receipt).toEqual(receipt);
    }
    expect((await cluster.client().submit(newTransaction(home))).status).toBe('committed');
  });
});
