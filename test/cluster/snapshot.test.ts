import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import type { StatusView } from '../../src/api/index.ts';
import { present } from '../../src/base/index.ts';
import type { JoinResult } from '../../src/cli/join/join-ledger.ts';
import { AssentClient, type SignedTransaction } from '../../src/client/index.ts';
import type { Home } from '../../src/demo/index.ts';
import { Load } from './load.ts';
import { startDirectory } from './node-process.ts';
import { LocalCluster, newTransaction, until } from './support.ts';

/** The full size is opt-in: ASSENT_SNAPSHOT_TRANSACTIONS=100000. */
const count = Number(process.env.ASSENT_SNAPSHOT_TRANSACTIONS ?? 4_000);
const batch = 1000;

async function fill(cluster: LocalCluster, home: Home): Promise<SignedTransaction[]> {
  let last: SignedTransaction[] = [];
  for (let done = 0; done < count; done += batch) {
    last = Array.from({ length: batch }, () => newTransaction(home));
    const outcomes = await cluster.client().submitBatch(last);
    expect(outcomes.filter(({ status }) => status !== 'committed')).toEqual([]);
  }
  return last;
}

/** Committed transactions a second while something goes on. */
async function rateDuring(load: Load, action: () => Promise<unknown>): Promise<number> {
  const [startMs, before] = [performance.now(), load.committed.length];
  await action();
  return Math.round((1000 * (load.committed.length - before)) / (performance.now() - startMs));
}

it(
  'a learner added to a long ledger catches up by snapshot while the others go on',
  async () => {
    const cluster = await LocalCluster.up();
    onTestFinished(() => cluster.remove());
    const home = await cluster.home();
    onTestFinished(() => home.keystore.close());
    const recent = await fill(cluster, home);

    const directory = join(cluster.directory, '..', 'joiner');
    const [p2pPort, apiPort] = [30_000 + (process.pid % 5000) * 2, 30_001 + (process.pid % 5000) * 2];
    const ports = ['--p2p-port', String(p2pPort), '--api-port', String(apiPort)];
    const joined = await cluster.json<JoinResult>(
      ...['join', '--dir', directory, '--member', 'riverside', ...ports],
      ...['--node', present(cluster.urls[0], 'a node'), '--ledger', cluster.file.ledgerId],
    );
    const file = join(directory, 'node.json');
    const settings = JSON.parse(readFileSync(file, 'utf8')) as object;
    writeFileSync(file, JSON.stringify({ ...settings, snapshots: { lagBlocks: 4 } }), { mode: 0o600 });
    await startDirectory(directory);
    const joiner = new AssentClient({ nodes: [`http://127.0.0.1:${apiPort}`] });
    const status = (): Promise<StatusView> => joiner.status({ timeoutMs: 60_000 });

    const load = new Load(cluster, home);
    const alone = await rateDuring(load, () => until('some load', () => load.committed.length > 200, 30_000));
    const { address, nodeId } = joined;
    const as = (member: string) => ['--as', `member/${member}`];
    const change = ['node', 'propose', 'add', nodeId, '--member', 'riverside', '--address', address];
    const proposed = await cluster.json<{ proposal: string }>(...change, ...as('riverside'));
    const meanwhile = await rateDuring(load, async () => {
      await cluster.json('proposal', 'vote', proposed.proposal, '--approve', ...as('northgate'));
      await until('the learner begins with a snapshot', async () => (await status()).firstBlockHeight > 1, 120_000);
    });
    await until(
      'the learner keeps up with the load',
      async () => {
        const [own, others] = [await status(), await cluster.client().status()];
        return own.height >= others.height - 16;
      },
      60_000,
    );
    await load.stop();
    process.stdout.write(
      `${count} transactions; ${alone} a second before the snapshot was taken, ${meanwhile} a second meanwhile\n`,
    );

    const same = await until('one head', async () => {
      const [own, others] = [await status(), await cluster.client().status()];
      return own.headHash === others.headHash && { own, others };
    });
    expect(same.own.stateRoot).toBe(same.others.stateRoot);
    const { firstBlockHeight } = same.own;
    expect(same.others.firstBlockHeight).toBe(1);
    expect(same.own.snapshot).toBeNull();

    // What was executed before the snapshot stays executed once, and the node says that its history does not go back so far.
    const again = await joiner.submitBatch(recent.slice(0, 5));
    expect(new Set(again.map((outcome) => outcome.status === 'refused' && outcome.code))).toEqual(
      new Set(['history-not-kept']),
    );
    const early = { consistency: 'local' as const };
    await expect(joiner.block(1, early)).rejects.toMatchObject({ code: 'history-not-kept' });
    await expect(joiner.transaction(recent[0]?.id ?? '', {})).rejects.toMatchObject({ code: 'history-not-kept' });
    await expect(joiner.blocks({ from: 1, limit: 5 })).rejects.toMatchObject({ code: 'history-not-kept' });
    expect((await joiner.block(firstBlockHeight + 1, early)).height).toBe(firstBlockHeight + 1);
    const [next] = await cluster.client().submitBatch([newTransaction(home)]);
    expect(next?.status).toBe('committed');
    await until('it follows', async () => (await status()).height > same.own.height);
  },
  120_000 + 10 * count,
);
