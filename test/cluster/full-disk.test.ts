import { once } from 'node:events';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { present } from '../../src/base/index.ts';
import { nodeDirectory, nodeLog, noteProcess } from '../../src/cli/cluster/cluster-file.ts';
import { processFacts } from '../../src/cli/cluster/processes.ts';
import { clusterOfThree } from './cluster-of-three.ts';
import { Load } from './load.ts';
import { canMakeSmallDisk, SmallDisk } from './small-disk.ts';
import { newTransaction, until } from './support.ts';

const main = join(import.meta.dirname, '../../src/cli/main.ts');
const storageFullExitCode = 3;

describe.skipIf(!canMakeSmallDisk)('a node on a small disk (needs Linux with user namespaces)', () => {
  const number = 3;
  let disk: SmallDisk | undefined;
  // Runs after the nodes have ended: what is registered later is undone first.
  afterAll(() => disk?.remove());
  const { cluster, home } = clusterOfThree();

  /** Starts the node where it sees the disk; answers how it will have ended. */
  function start(on: SmallDisk): Promise<number> {
    const log = openSync(nodeLog(cluster.directory, number), 'a');
    const args = [
      '--disable-warning=ExperimentalWarning',
      main,
      'start',
      '--dir',
      nodeDirectory(cluster.directory, number),
    ];
    const child = on.spawn(process.execPath, args, log);
    closeSync(log);
    const pid = present(child.pid, 'the node was started');
    noteProcess(cluster.directory, number, { pid, startedAt: processFacts(pid)?.startedAt ?? '' });
    return once(child, 'exit').then(([code]) => code as number);
  }

  const takesWork = (): Promise<boolean> =>
    cluster
      .client(number)
      .waitForReady({ timeoutMs: 1000 })
      .then(
        () => true,
        () => false,
      );

  it('stops when it is full and says so, loses nothing, and goes on when there is room (scenario 51)', async () => {
    await cluster.json('cluster', 'stop', String(number));
    disk = await SmallDisk.over(join(nodeDirectory(cluster.directory, number), 'data'), 48);
    const ended = start(disk);
    await until('the node takes work', takesWork);
    // The leader is the one to whom it matters most.
    if ((await cluster.leader()) !== number) await cluster.json('node', 'transfer', String(number));
    const load = new Load(cluster, home, 2);
    await until('transactions are committed', () => load.committed.length >= 20);

    disk.fill();
    expect(await ended).toBe(storageFullExitCode);
    const before = load.committed.length;
    await until('the others go on', () => load.committed.length >= before + 20, 30_000);
    await load.stop();
    expect((await cluster.statuses())[number - 1]).toMatchObject({ role: 'stopped' });
    expect(lastLines()).toMatch(/"code":"storage-full"/);

    expect(await start(disk)).toBe(storageFullExitCode);
    expect(lastLines()).toMatch(/Make room, then restart the node\. \[storage-full\]\n$/);

    disk.makeRoom();
    const again = start(disk);
    await until('the node takes work again', takesWork);
    await load.expectKept(cluster);
    expect((await cluster.client(number).submit(newTransaction(home))).status).toBe('committed');
    await cluster.json('cluster', 'stop', String(number));
    expect(await again).toBe(0);
  }, 120_000);

  function lastLines(): string {
    return readFileSync(nodeLog(cluster.directory, number), 'utf8').slice(-8192);
  }
});
