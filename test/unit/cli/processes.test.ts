import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { present } from '../../../src/base/index.ts';
import { clusterDirectoryFrom, type NodeProcess, readCluster } from '../../../src/cli/cluster/cluster-file.ts';
import { withClusterLock } from '../../../src/cli/cluster/cluster-lock.ts';
import { choosePorts, isFree } from '../../../src/cli/cluster/ports.ts';
import {
  isPaused,
  isRunning,
  processFacts,
  signal,
  untilGone,
  untilPaused,
} from '../../../src/cli/cluster/processes.ts';
import { temporaryDirectory } from '../../support/temporary-directory.ts';

async function sleeper(): Promise<NodeProcess> {
  const child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], { stdio: 'ignore' });
  onTestFinished(() => void child.kill('SIGKILL'));
  await once(child, 'spawn');
  const pid = present(child.pid, 'it was spawned');
  return { pid, startedAt: present(processFacts(pid), 'it runs').startedAt };
}

describe('a noted process', () => {
  it('is signalled, paused, resumed and waited for', async () => {
    const noted = await sleeper();
    expect(isRunning(noted)).toBe(true);
    signal(noted, 'SIGSTOP');
    expect(await untilPaused(noted, 10_000)).toBe(true);
    expect(isPaused(noted)).toBe(true);
    signal(noted, 'SIGCONT');
    while (isPaused(noted)) await new Promise(setImmediate);
    expect(await untilPaused(noted, 0)).toBe(false);
    expect(await untilGone(noted, 0)).toBe(false);
    expect(signal(noted, 'SIGKILL')).toBe(true);
    expect(await untilGone(noted, 10_000)).toBe(true);
    expect(signal(noted, 'SIGTERM')).toBe(false);
  });

  it('is not the one that has its pid later', async () => {
    const noted = await sleeper();
    const stranger = { pid: noted.pid, startedAt: `${noted.startedAt}0` };
    expect(isRunning(stranger)).toBe(false);
    expect(signal(stranger, 'SIGKILL')).toBe(false);
    expect(isRunning(noted)).toBe(true);
  });
});

describe("the cluster's lock", () => {
  it('lets one in at a time', async () => {
    const directory = temporaryDirectory();
    const order: string[] = [];
    const first = withClusterLock(directory, async () => {
      order.push('first in');
      await new Promise(setImmediate);
      order.push('first out');
    });
    const second = withClusterLock(directory, async () => void order.push('second in'));
    await Promise.all([first, second]);
    expect(order).toEqual(['first in', 'first out', 'second in']);
    expect(existsSync(join(directory, 'cluster.lock'))).toBe(false);
  });

  it('of a process that is gone counts for nothing', async () => {
    const directory = temporaryDirectory();
    const gone = { pid: 2 ** 22 - 1, startedAt: 'long ago' };
    writeFileSync(join(directory, 'cluster.lock'), JSON.stringify(gone));
    expect(await withClusterLock(directory, async () => 'in')).toBe('in');
  });
});

describe('ports', () => {
  it('of any kind are free and different', async () => {
    const ports = await choosePorts(4, { start: 0, exact: false });
    expect(new Set(ports).size).toBe(4);
    for (const port of ports) expect(await isFree(port)).toBe(true);
  });

  it('that are taken are passed over, or named where exactly these were asked for', async () => {
    const { createServer } = await import('node:net');
    const server = createServer();
    server.listen({ host: '127.0.0.1', port: 0 });
    await once(server, 'listening');
    onTestFinished(() => void server.close());
    const address = server.address();
    const port = typeof address === 'object' && address !== null ? address.port : 0;
    expect(await isFree(port)).toBe(false);
    expect(await choosePorts(1, { start: port, exact: false })).not.toContain(port);
    await expect(choosePorts(1, { start: port, exact: true })).rejects.toMatchObject({ code: 'port-in-use' });
  });
});

describe("the cluster's directory", () => {
  it('is found from below, named, or here', () => {
    const parent = temporaryDirectory();
    const below = join(parent, 'a', 'b');
    mkdirSync(below, { recursive: true });
    const at = (workingDirectory: string, named?: string): string =>
      clusterDirectoryFrom({ workingDirectory } as Parameters<typeof clusterDirectoryFrom>[0], named);
    expect(at(below)).toBe(join(below, '.assent'));
    mkdirSync(join(parent, '.assent'));
    writeFileSync(join(parent, '.assent', 'cluster.json'), '{}');
    expect(at(below)).toBe(join(parent, '.assent'));
    expect(at(below, 'mine')).toBe(join(below, 'mine'));
    expect(() => readCluster(join(parent, '.assent'))).toThrow(/no description of a cluster/);
  });
});
