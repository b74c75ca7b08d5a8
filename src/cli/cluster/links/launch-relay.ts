import { spawn } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { AssentError } from '../../../base/index.ts';
import { type ClusterLinks, noteRelay, readCluster } from '../cluster-file.ts';
import { isFree } from '../ports.ts';
import { isRunning, processFacts, signal, untilGone } from '../processes.ts';
import { tellRelay } from './control.ts';

/** Name of the relay's log in a cluster's directory. */
export const relayLogName = 'links.log';

const readyMsMax = 15_000;
const endedMsMax = 5000;
const pollMs = 20;

/**
 * Starts the relay of a cluster that has links, unless it runs; all links are whole then. Answers whether it started one.
 * Throws `port-in-use`, `node-unreachable`.
 */
export async function startRelay(directory: string): Promise<boolean> {
  const links = readCluster(directory)?.links ?? null;
  if (links === null || isRunning(links.process)) return false;
  for (const port of [...links.routes.map((route) => route.port), links.controlPort])
    if (!(await isFree(port)))
      throw new AssentError('port-in-use', `Port ${port}, which the links of this cluster have, is in use.`, { port });
  const descriptor = openSync(join(directory, relayLogName), 'w', 0o600);
  const main = new URL(`./relay-process${import.meta.url.endsWith('.ts') ? '.ts' : '.js'}`, import.meta.url);
  const args = ['--disable-warning=ExperimentalWarning', fileURLToPath(main), directory];
  const child = spawn(process.execPath, args, { detached: true, stdio: ['ignore', 'ignore', descriptor] });
  closeSync(descriptor);
  child.once('error', () => undefined);
  child.unref();
  if (child.pid === undefined) throw new AssentError('internal', 'No process could be started for the links.');
  const noted = { pid: child.pid, startedAt: processFacts(child.pid)?.startedAt ?? '' };
  noteRelay(directory, noted);
  await untilReady(directory, { ...links, process: noted });
  return true;
}

async function untilReady(directory: string, { controlPort, process }: ClusterLinks): Promise<void> {
  const deadline = performance.now() + readyMsMax;
  for (;;) {
    try {
      await tellRelay(controlPort, null);
      return;
    } catch (thrown) {
      if (!(thrown instanceof AssentError)) throw thrown;
      if (isRunning(process) && performance.now() < deadline) await pause(pollMs);
      else {
        await stopRelay(directory);
        throw new AssentError(
          'node-unreachable',
          `The relay of the cluster's links did not start; see ${join(directory, relayLogName)}.`,
          {},
          { cause: thrown },
        );
      }
    }
  }
}

/** Ends the relay, if one runs. */
export async function stopRelay(directory: string): Promise<void> {
  const process = readCluster(directory)?.links?.process ?? null;
  if (process === null) return;
  signal(process, 'SIGTERM');
  signal(process, 'SIGCONT');
  if (!(await untilGone(process, endedMsMax))) {
    signal(process, 'SIGKILL');
    await untilGone(process, endedMsMax);
  }
  noteRelay(directory, null);
}
