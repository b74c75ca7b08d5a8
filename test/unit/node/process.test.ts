import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { getPriority } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { describe, expect, it, onTestFinished } from 'vitest';
import { type ErrorReply, transactionMediaType } from '../../../src/api/index.ts';
import { present } from '../../../src/base/index.ts';
import { type PreparedNode, prepareNode } from '../../support/node-directory.ts';
import { signedCredential } from '../../support/signed-credential.ts';
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
  const line = once(createInterface({ input: present(child.stdout, 'piped') }), 'line') as Promise<[string]>;
  const [apiUrl] = await Promise.race([line, ended.then((code) => expect.unreachable(`it ended with ${code}`))]);
  return { child, apiUrl, directory, ended };
}

/** A directory to run in, on a ledger of which `absent` other voters never run. */
function prepared(absent = 0): { readonly directory: string; readonly node: PreparedNode } {
  const directory = temporaryDirectory();
  const node = prepareNode(directory, {}, absent);
  const settings = { p2p: { listen: { port: 0 } }, api: { listen: { port: 0 } }, log: { file: 'node.log' } };
  writeFileSync(join(directory, 'node.json'), JSON.stringify(settings));
  return { directory, node };
}

function logged(directory: string): string {
  return readFileSync(join(directory, 'node.log'), 'utf8');
}

describe('a node process', { timeout: 120_000 }, () => {
  it.each(['SIGTERM', 'SIGINT'] as const)('stops cleanly at %s and starts again', async (signal) => {
    const { directory } = prepared();
    const first = await run(directory);
    first.child.kill(signal);
    expect(await first.ended).toBe(0);
    const second = await run(directory);
    expect((await fetch(`${second.apiUrl}/healthz`)).ok).toBe(true);
  });

  it.skipIf(process.platform !== 'linux')('has its threads give way to the one that answers', async () => {
    const { directory } = prepared();
    const { child } = await run(directory);
    const tasks = `/proc/${child.pid}/task`;
    const names = (niceness: number): Set<string> => {
      const threads = readdirSync(tasks).filter((thread) => getPriority(Number(thread)) === niceness);
      return new Set(threads.map((thread) => readFileSync(`${tasks}/${thread}/comm`, 'utf8').trim()));
    };
    const usual = getPriority();
    expect(names(usual)).toEqual(new Set(['http']));
    expect(names(Math.min(usual + 5, 19))).toContain('verify');
  });

  it('starts again after it was killed', async () => {
    const { directory } = prepared();
    const first = await run(directory);
    first.child.kill('SIGKILL');
    expect(await first.ended).toBe('SIGKILL');
    const second = await run(directory);
    second.child.kill('SIGTERM');
    expect(await second.ended).toBe(0);
  });

  it('answers a request that is under way before it stops', async () => {
    const node = await run(prepared().directory);
    const waiting = fetch(`${node.apiUrl}/v1/transactions/${'0'.repeat(64)}?wait=committed&timeoutMs=60000`);
    // The request after it, on a connection of its own, shows that the first one has arrived.
    await fetch(`${node.apiUrl}/healthz`);
    node.child.kill('SIGTERM');
    const answer = await waiting;
    expect(((await answer.json()) as ErrorReply).error.code).toBe('shutting-down');
    // A connection that stays open would hold the stop up to its deadline.
    expect(answer.headers.get('connection')).toBe('close');
    expect(await node.ended).toBe(0);
  });

  it('tells who waits for a block to be applied everywhere what it knows before it stops', async () => {
    const node = await run(prepared().directory);
    const waiting = fetch(`${node.apiUrl}/v1/blocks/1000000/reach?timeoutMs=60000`);
    await fetch(`${node.apiUrl}/healthz`);
    node.child.kill('SIGTERM');
    expect(await (await waiting).json()).toMatchObject({ everywhere: false, nodes: [{ reached: false }] });
    expect(await node.ended).toBe(0);
  });

  it('stops at once when it is asked twice', async () => {
    const { directory, node: ofTwo } = prepared(1);
    const node = await run(directory);
    const headers = { 'content-type': transactionMediaType };
    const body = signedCredential(ofTwo);
    // Without a majority it waits for its outcome until the node gives it up.
    const waiting = fetch(`${node.apiUrl}/v1/transactions`, { method: 'POST', body, headers }).catch(() => undefined);
    await fetch(`${node.apiUrl}/healthz`);
    node.child.kill('SIGTERM');
    await untilLogged(directory, 'the node is stopping');
    node.child.kill('SIGTERM');
    expect(await node.ended).toBe(130);
    await waiting;
  });

  it('ends with 70 after a bug that nobody caught, and says so in its log', async () => {
    const node = await run(prepared().directory, 'throw');
    expect(await node.ended).toBe(70);
    expect(logged(node.directory)).toContain('a bug that nobody caught');
  });
});

async function untilLogged(directory: string, words: string): Promise<void> {
  while (!logged(directory).includes(words)) await setTimeout(5);
}
