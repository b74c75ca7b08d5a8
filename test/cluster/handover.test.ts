import { describe, expect, it } from 'vitest';
import type { StatusView } from '../../src/api/index.ts';
import type { SubmitOutcome } from '../../src/client/index.ts';
import { clusterOfThree } from './cluster-of-three.ts';
import { newTransaction, occurrences, sameHead, until } from './support.ts';

interface LogLine {
  readonly msg: string;
  readonly leader?: string;
  readonly term?: number;
}

describe('a leader that is told to go', () => {
  const { cluster, home } = clusterOfThree();

  async function logOf(number: number): Promise<LogLine[]> {
    const { logs } = await cluster.json<{ logs: { lines: string[] }[] }>('cluster', 'logs', String(number));
    return (logs[0]?.lines ?? []).map((line) => JSON.parse(line) as LogLine);
  }

  function statusOf(number: number): Promise<StatusView> {
    return cluster.client(number).status();
  }

  it('hands over under load: another leads the next term, and every committed transaction is there once', async () => {
    const outcomes: SubmitOutcome[] = [];
    let stopped = false;
    const workers = Array.from({ length: 4 }, async () => {
      const client = cluster.client();
      while (!stopped) outcomes.push(await client.submit(newTransaction(home), { wait: 'committed' }));
    });
    const committed = (): string[] =>
      outcomes.flatMap((outcome) => (outcome.status === 'committed' ? [outcome.receipt.id] : []));
    await until('transactions are committed', () => committed().length >= 20);
    const old = await cluster.leader();
    const { term, nodeId } = await statusOf(old);

    expect(await cluster.json('cluster', 'stop', String(old))).toMatchObject({ state: 'stopped' });
    const handedOver = (await logOf(old)).find(({ msg }) => msg === 'the leadership is handed over');
    expect(handedOver?.term).toBe(term + 1);
    expect(handedOver?.leader).not.toBe(nodeId);
    for (const number of [1, 2, 3].filter((other) => other !== old))
      expect(await statusOf(number)).toMatchObject({ term: term + 1, leader: handedOver?.leader });

    const before = committed().length;
    await until('transactions are committed again', () => committed().length >= before + 20);
    stopped = true;
    await Promise.all(workers);
    expect(outcomes.filter(({ status }) => status === 'refused')).toEqual([]);
    expect((await cluster.run('cluster', 'restart', String(old))).exitCode).toBe(0);
    await sameHead(cluster, 1, 2, 3);
    const counts = await occurrences(cluster.client(old));
    for (const id of committed()) expect(counts.get(id)).toBe(1);
    expect(Math.max(...counts.values())).toBe(1);
  });

  it('hands over on a command, to a node that is named or to the one that is furthest, and does not stop', async () => {
    const leader = await cluster.leader();
    const target = leader === 3 ? 2 : leader + 1;
    const { term } = await statusOf(leader);
    const { nodeId } = await statusOf(target);
    expect(await cluster.json('node', 'transfer', String(target))).toEqual({
      to: nodeId,
      leader: nodeId,
      term: term + 1,
    });
    const { to } = await cluster.json<{ to: string }>('node', 'transfer');
    expect(to).not.toBe(nodeId);
    expect((await statusOf(target)).term).toBe(term + 2);
    expect((await cluster.client(leader).submit(newTransaction(home))).status).toBe('committed');

    const again = await cluster.run('node', 'transfer', to.slice(-8));
    expect(again.exitCode).toBe(1);
    expect(again.stderr).toMatch(/This node leads already\. .* \[leadership-kept\]\n$/);
    const [url] = cluster.urls.filter((_, place) => place + 1 === target);
    const follower = await cluster.run('--node', url ?? '', 'node', 'transfer');
    expect(follower.exitCode).toBe(3);
    expect(follower.stderr).toContain('[not-leader]');
    expect((await cluster.run('node', 'transfer', '9')).exitCode).toBe(2);
  });

  it('stops cleanly all the same when nobody can take it over', async () => {
    const leader = await cluster.leader();
    const others = [1, 2, 3].filter((number) => number !== leader).map(String);
    for (const other of others) await cluster.json('cluster', 'pause', other);
    expect(await cluster.json('cluster', 'stop', String(leader))).toMatchObject({ state: 'stopped' });
    const said = (await logOf(leader)).map(({ msg }) => msg);
    expect(said).toContain('the leadership is not handed over');
    expect(said).not.toContain('a part of the node did not stop cleanly');
    for (const other of others) await cluster.json('cluster', 'resume', other);
    await cluster.leader();
    const outcome = await cluster.client(...others.map(Number)).submit(newTransaction(home));
    expect(outcome.status).toBe('committed');
  });
});
