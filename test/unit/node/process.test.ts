import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { describe, expect, it, onTestFinished } from 'vitest';
import { present } from '../../../src/base/index.ts';
import { prepareNode } from '../../support/node-directory.ts';
import { temporaryDirectory } from '../../support/temporary-directory.ts';

interface NodeProcess {
  readonly child: ChildProcess;
  readonly apiUrl: string;
  readonly directory: string;
  /** Exit code, or the signal that ended it. */
  readonly ended: Promise<number | string>;
}

async function run(directory: string, ...mishap: string[]): Promise<NodeProcess> {
  const file = fileURLToPath(new URL('../../support/run-node.ts', import.meta.url));
  const child = spawn(process.execPath, [file, join(directory, 'node.json'), ...mishap], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  const ended = once(child, 'exit').then(([code, signal]) => (code ?? signal) as number | string);
  const [apiUrl] = (await once(createInterface({ input: present(child.stdout, 'piped') }), 'line')) as [string];
  return { child, apiUrl, directory, ended };
}

function prepared(): string {
  const directory = temporaryDirectory();
  prepareNode(directory);
  const settings = { p2p: { listen: { port: 0 } }, api: { listen: { port: 0 } }, log: { file: 'node.log' } };
  writeFileSync(join(directory, 'node.json'), JSON.stringify(settings));
  return directory;
}

function logged(directory: string): string {
  return readFileSync(join(directory, 'node.log'), 'utf8');
}

describe('a node process', { timeout: 120_000 }, () => {
  it.each(['SIGTERM', 'SIGINT'] as const)('stops cleanly at %s and starts again', async (signal) => {
    const directory = prepared();
    const first = await run(directory);
    first.child.kill(signal);
    expect(await first.ended).toBe(0);
    const second = await run(directory);
    expect((await fetch(`${second.apiUrl}/healthz`)).ok).toBe(true);
  });

  it('starts again after it was killed', async () => {
    const directory = prepared();
    const first = await run(directory);
    first.child.kill('SIGKILL');
    expect(await first.ended).toBe('SIGKILL');
    const second = await run(directory);
    second.child.kill('SIGTERM');
    expect(await second.ended).toBe(0);
  });

  it('answers a request that is under way before it stops', async () => {
    const node = await run(prepared());
    const waiting = fetch(`${node.apiUrl}/v1/transactions/${'0'.repeat(64)}?wait=committed&timeoutMs=1000`);
    // The request after it, on a connection of its own, shows that the first one has arrived.
    await fetch(`${node.apiUrl}/healthz`);
    node.child.kill('SIGTERM');
    expect((await waiting).status).toBe(404);
    expect(await node.ended).toBe(0);
  });

  it('stops at once when it is asked twice', async () => {
    const node = await run(prepared());
    const waiting = fetch(`${node.apiUrl}/v1/transactions/${'0'.repeat(64)}?wait=committed&timeoutMs=60000`).catch(
      () => undefined,
    );
    await fetch(`${node.apiUrl}/healthz`);
    node.child.kill('SIGTERM');
    await untilLogged(node.directory, 'the node is stopping');
    node.child.kill('SIGTERM');
    expect(await node.ended).toBe(130);
    await waiting;
  });

  it('ends with 70 after a bug that nobody caught, and says so in its log', async () => {
    const node = await run(prepared(), 'throw');
    expect(await node.ended).toBe(70);
    expect(logged(node.directory)).toContain('a bug that nobody caught');
  });
});

async function untilLogged(directory: string, words: string): Promise<void> {
  while (!logged(directory).includes(words)) await setTimeout(5);
}
