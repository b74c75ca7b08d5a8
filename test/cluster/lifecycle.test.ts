import { spawn } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it, onTestFinished } from 'vitest';
import { type ClusterFile, readCluster } from '../../src/cli/cluster/cluster-file.ts';
import { isRunning, signal } from '../../src/cli/cluster/processes.ts';
import { runCli } from '../support/cli.ts';
import { LocalCluster, until } from './support.ts';

const main = join(import.meta.dirname, '../../src/cli/main.ts');

/** Listens on a port, as a stranger. */
async function occupy(port: number): Promise<void> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen({ host: '127.0.0.1', port }, resolve));
  onTestFinished(() => void server.close());
}

function folder(): string {
  const path = mkdtempSync(join(tmpdir(), 'assent-lifecycle-'));
  onTestFinished(() => rmSync(path, { recursive: true, force: true }));
  return path;
}

describe('a local cluster', () => {
  const made: LocalCluster[] = [];
  afterAll(() => Promise.all(made.map((cluster) => cluster.remove())));

  it('comes up once, goes down, and comes up again as the same ledger', async () => {
    const cluster = await LocalCluster.up('--nodes', '3');
    made.push(cluster);
    const { ledgerId, nodes } = cluster.file;
    expect(nodes.every(({ process }) => isRunning(process))).toBe(true);
    expect(statSync(join(cluster.directory, 'passphrase')).mode & 0o077).toBe(0);

    const again = await cluster.json<{ started: number[] }>('cluster', 'up', '--detach');
    expect(again.started).toEqual([]);
    expect(cluster.file.nodes).toEqual(nodes);

    const { height, headHash } = await cluster.client().status();
    const { stopped } = await cluster.json<{ stopped: number[] }>('cluster', 'down');
    expect(stopped).toEqual([1, 2, 3]);
    expect(nodes.some(({ process }) => isRunning(process))).toBe(false);
    expect(await cluster.statuses()).toEqual(nodes.map(({ nodeId }) => ({ nodeId, role: 'stopped' })));

    const restarted = await cluster.json<{ started: number[]; created: boolean }>('cluster', 'up', '--detach');
    expect(restarted).toMatchObject({ started: [1, 2, 3], created: false });
    expect(cluster.file.ledgerId).toBe(ledgerId);
    const block = await cluster.client().block(height);
    expect(block.hash).toBe(headHash);

    const refused = await cluster.run('cluster', 'destroy');
    expect(refused.exitCode).toBe(2);
    writeFileSync(join(cluster.directory, 'mine.txt'), 'mine');
    const destroyed = await cluster.run('cluster', 'destroy', '--yes');
    expect(destroyed.exitCode).toBe(0);
    expect(readdirSync(cluster.directory)).toEqual(['mine.txt']);
  });

  it('names the port that another program took, and leaves nothing running', async () => {
    const cluster = await LocalCluster.up('--nodes', '1');
    made.push(cluster);
    await cluster.run('cluster', 'down');
    const [node] = cluster.file.nodes;
    await occupy(node?.apiPort ?? 0);
    const result = await cluster.run('cluster', 'up', '--detach');
    expect(result.exitCode).toBe(2);
    expect(result.stderr).toMatch(new RegExp(`Port ${node?.apiPort}, which node 1 .* \\[port-in-use\\]\\n$`));
    expect(result.stderr.trim().split('\n')).toHaveLength(1);
    expect(cluster.file.nodes.some(({ process }) => isRunning(process))).toBe(false);
  });

  it("says so when a node's data directory is of another ledger, and stops the nodes that it started", async () => {
    const [cluster, stranger] = [await LocalCluster.up('--nodes', '2'), await LocalCluster.up('--nodes', '1')];
    made.push(cluster, stranger);
    await cluster.run('cluster', 'down');
    await stranger.run('cluster', 'down');
    const data = join(cluster.directory, 'node-2', 'data');
    rmSync(data, { recursive: true });
    cpSync(join(stranger.directory, 'node-1', 'data'), data, { recursive: true });
    const result = await cluster.run('cluster', 'up', '--detach');
    expect(result.exitCode).toBe(2);
    expect(result.stderr).toMatch(/Node 2 did not start: .* belongs to the ledger .*\[storage-foreign\]\n$/);
    expect(cluster.file.nodes.some(({ process }) => isRunning(process))).toBe(false);
  });

  it('refuses a directory with something else in it, and touches nothing', async () => {
    const directory = folder();
    writeFileSync(join(directory, 'letter.txt'), 'dear');
    const result = await runCli(['cluster', 'up', '--detach', '--dir', directory, '--base-port', '0']);
    expect(result.exitCode).toBe(2);
    expect(result.stderr).toMatch(
      /holds "letter\.txt" and no local cluster; nothing was touched\. .*\[storage-foreign\]/,
    );
    expect(readdirSync(directory)).toEqual(['letter.txt']);
  });

  it.skipIf(process.getuid?.() === 0 && !existsSync('/sys/kernel'))(
    'says which directory it may not write',
    async () => {
      const parent = folder();
      const directory = process.getuid?.() === 0 ? '/sys/kernel/assent' : join(parent, 'closed', 'cluster');
      if (process.getuid?.() !== 0) mkdirSync(join(parent, 'closed'), { mode: 0o500 });
      const result = await runCli(['cluster', 'up', '--detach', '--dir', directory, '--base-port', '0']);
      expect(result.exitCode).toBe(2);
      expect(result.stderr).toMatch(/\[storage-permission\]\n$/);
      expect(result.stderr.trim().split('\n')).toHaveLength(1);
    },
  );

  it('interrupted while it starts, stops what it started', async () => {
    const directory = join(folder(), 'cluster');
    const interrupt = new AbortController();
    const running = runCli(['cluster', 'up', '--dir', directory, '--base-port', '0'], { interrupt: interrupt.signal });
    const cluster = await until('a node was started', () => {
      const file = existsSync(join(directory, 'cluster.json')) ? readNodes(directory) : undefined;
      return file?.some(({ process }) => isRunning(process)) && file;
    });
    interrupt.abort();
    const { exitCode, stderr } = await running;
    expect(exitCode).toBe(130);
    expect(stderr).toContain('Interrupted; the nodes that were started are stopped.');
    expect(cluster.length).toBe(3);
    expect(readNodes(directory).some(({ process }) => isRunning(process))).toBe(false);
  });

  it('in the foreground, stays until Ctrl-C and stops all nodes with exit code 0', async () => {
    const directory = join(folder(), 'cluster');
    const child = spawn(
      process.execPath,
      [main, 'cluster', 'up', '--nodes', '1', '--dir', directory, '--base-port', '0'],
      {
        stdio: ['ignore', 'pipe', 'pipe'],
      },
    );
    onTestFinished(() => void child.kill('SIGKILL'));
    let said = '';
    child.stdout.on('data', (text: Buffer) => {
      said += text.toString();
    });
    await until('it says that it runs', () => said.includes('Ctrl-C stops them.'));
    const [node] = readNodes(directory);
    expect(isRunning(node?.process ?? null)).toBe(true);
    onTestFinished(() => void signal(node?.process ?? null, 'SIGKILL'));
    const ended = new Promise<number | null>((resolve) => child.once('exit', resolve));
    // Twice, as a terminal and a launcher would send it.
    child.kill('SIGINT');
    child.kill('SIGINT');
    expect(await ended).toBe(0);
    expect(isRunning(node?.process ?? null)).toBe(false);
  });
});

function readNodes(directory: string): ClusterFile['nodes'] {
  return readCluster(directory)?.nodes ?? [];
}
