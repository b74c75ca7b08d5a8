import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { StatusView } from '../../src/api/index.ts';
import type { SubmitOutcome } from '../../src/client/index.ts';
import type { Home } from '../../src/demo/index.ts';
import { LocalCluster, newTransaction, occurrences, sameHead, until } from './support.ts';

interface LogLine {
  readonly msg: string;
  readonly leader?: string;
  readonly term?: number;
}

describe('a leader that is told to stop', () => {
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
      while (!stopped) outcomes.push(await client.submit(newTransaction(home)));
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
