import { expect, it } from 'vitest';
import { AssentError } from '../../src/base/index.ts';
import { nodeConfigSchema } from '../../src/node/config/schema.ts';
import { clusterOfThree } from './cluster-of-three.ts';
import { Load } from './load.ts';
import { until } from './support.ts';

const pausedMs = 10_000;
const { tickMs, electionTicks } = nodeConfigSchema.parse({}).timing;
/** Each timeout is chosen between the shortest and its double. */
const electionTimeoutMsMax = 2 * tickMs * electionTicks;

const { cluster, home } = clusterOfThree();

/** The height of the head as a node reads it, or the code with which it refuses. */
async function headOf(number: number): Promise<number | string> {
  try {
    return (await cluster.client(number).block('head', { timeoutMs: 20_000 })).height;
  } catch (thrown) {
    if (thrown instanceof AssentError) return thrown.code;
    throw thrown;
  }
}

it('a leader paused for 10 s under load: another leads soon, no read is stale, no write is lost (scenario 28)', async () => {
  const load = new Load(cluster, home);
  await until('transactions are committed', () => load.committed.length >= 20);
  const paused = await cluster.leader();
  const others = [1, 2, 3].filter((number) => number !== paused);
  const { term } = await cluster.client(paused).status();

  await cluster.json('cluster', 'pause', String(paused));
  const pausedAtMs = performance.now();
  const before = load.committed.length;
  const elected = await until('another leads', async () => {
    const statuses = await Promise.all(others.map((number) => cluster.client(number).status()));
    return statuses.find((status) => status.role === 'leader' && status.term > term);
  });
  const electedMs = performance.now() - pausedAtMs;
  await until('transactions are committed again', () => load.committed.length > before);
  const committingMs = performance.now() - pausedAtMs;

  const stale: unknown[] = [];
  await until(
    'the pause is over',
    async () => {
      for (const number of others) {
        const known = Math.max(...load.committed.map(({ height }) => height));
        const head = await headOf(number);
        if (typeof head === 'number' && head < known) stale.push({ number, head, known });
      }
      return performance.now() - pausedAtMs >= pausedMs;
    },
    2 * pausedMs,
  );
  const known = Math.max(...load.committed.map(({ height }) => height));
  // These are in its sockets when it goes on, before anything that it hears of the other leader.
  const asked = Array.from({ length: 10 }, () => headOf(paused));
  await cluster.json('cluster', 'resume', String(paused));
  for (const head of await Promise.all(asked)) {
    const isRefusal = typeof head === 'string' && ['no-quorum', 'node-behind', 'node-unreachable'].includes(head);
    if (!isRefusal && (typeof head === 'string' || head < known)) stale.push({ number: paused, head, known });
  }
  expect(stale).toEqual([]);
  await until('the old leader follows', async () => (await cluster.client(paused).status()).role === 'follower');
  await load.stop();
  await load.expectKept(cluster);
  expect((await cluster.client(paused).status()).term).toBeGreaterThanOrEqual(elected.term);
  console.log(
    `leader paused under load: another leads after ${Math.round(electedMs)} ms and commits after ` +
      `${Math.round(committingMs)} ms (election timeout ${electionTimeoutMsMax / 2} to ${electionTimeoutMsMax} ms); ` +
      `${load.committed.length} transactions, each once on every node`,
  );
  expect(electedMs).toBeLessThan(2 * electionTimeoutMsMax);
}, 120_000);
