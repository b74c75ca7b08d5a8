import { describe, expect, it } from 'vitest';
import type { BlockView, ReceiptView } from '../../src/api/index.ts';
import { AssentError } from '../../src/base/index.ts';
import { documentOf } from '../support/cli.ts';
import { clusterOfThree } from './cluster-of-three.ts';
import { newTransaction, sameHead, until } from './support.ts';

const numbers = [1, 2, 3];

describe('linearizable reads of three real nodes', () => {
  const { cluster, home } = clusterOfThree();

  async function commit(...at: readonly number[]): Promise<ReceiptView> {
    const outcome = await cluster.client(...at).submit(newTransaction(home), { timeoutMs: 30_000 });
    if (outcome.status !== 'committed') throw new Error(`not committed but ${outcome.status}`);
    return outcome.receipt;
  }

  /** The height of the head as a node reads it, or the code with which it refuses. */
  async function headOf(number: number): Promise<number | string> {
    try {
      return (await cluster.client(number).block('head')).height;
    } catch (thrown) {
      if (thrown instanceof AssentError) return thrown.code;
      throw thrown;
    }
  }

  it('show at every node what was acknowledged by any other before', async () => {
    for (let round = 0; round < 30; round++) {
      const at = numbers[round % 3] as number;
      const { id, height } = await commit(at);
      const others = numbers.filter((number) => number !== at);
      const heads = await Promise.all(others.flatMap((number) => [headOf(number), headOf(number)]));
      for (const head of heads) expect(head).toBeGreaterThanOrEqual(height);
      for (const number of others) expect((await cluster.client(number).transaction(id)).receipt.height).toBe(height);
    }
  });

  it('are refused or current at a leader that was paused while another was elected (scenario 28)', async () => {
    const paused = await cluster.leader();
    const others = numbers.filter((number) => number !== paused);
    await cluster.json('cluster', 'pause', String(paused));
    const { height } = await commit(...others);
    // These are in its sockets when it goes on, before anything that it hears of the other leader.
    const reads = Array.from({ length: 10 }, () => headOf(paused));
    await cluster.json('cluster', 'resume', String(paused));
    const stale = (await Promise.all(reads)).filter((head) =>
      typeof head === 'number' ? head < height : !['no-quorum', 'node-behind'].includes(head),
    );
    expect(stale).toEqual([]);
    await until('it reads again', async () => {
      const head = await headOf(paused);
      return typeof head === 'number' && head >= height;
    });
  });

  it('are refused without a majority, and a local read is answered and says of when it is', async () => {
    await commit();
    const before = await sameHead(cluster, ...numbers);
    const alone = await cluster.leader();
    const others = numbers.filter((number) => number !== alone);
    for (const number of others) await cluster.json('cluster', 'kill', String(number));
    // A node that never answered would be called unreachable here.
    expect(await Promise.all([headOf(alone), headOf(alone), headOf(alone)])).toEqual(Array(3).fill('no-quorum'));

    const node = ['--node', cluster.urls[alone - 1] as string];
    const refused = await cluster.run(...node, 'block', 'show', 'head');
    expect([refused.exitCode, refused.stdout]).toEqual([3, '']);
    expect(refused.stderr).toContain('[no-quorum]');
    const shown = documentOf<BlockView>(await cluster.run(...node, '--local', '--json', 'block', 'show', 'head'));
    expect(shown.height).toBeGreaterThanOrEqual(before.height);

    const response = await fetch(`${cluster.urls[alone - 1]}/v1/blocks/head?consistency=local`);
    expect(await response.json()).toEqual(shown);
    const said = ['consistency', 'applied-height', 'applied-time'].map((name) =>
      response.headers.get(`assent-${name}`),
    );
    expect(said).toEqual(['local', String(shown.height), new Date(shown.timestamp).toISOString()]);

    for (const number of others) expect((await cluster.run('cluster', 'restart', String(number))).exitCode).toBe(0);
    const { height } = await commit(...others);
    expect(await headOf(alone)).toBeGreaterThanOrEqual(height);
  });
});
