import { linkSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { AssentError } from '../../base/index.ts';
import type { NodeProcess } from './cluster-file.ts';
import { isRunning, processFacts } from './processes.ts';

const waitMsMax = 15_000;
const pollMs = 50;

/** Name of the lock in a cluster's directory. */
export const clusterLockName = 'cluster.lock';

/**
 * Lets one command at a time change a cluster. The lock of a process that is gone counts for nothing. Throws
 * `storage-locked` when another holds it for too long, `storage-permission`.
 */
export async function withClusterLock<T>(directory: string, action: () => Promise<T>): Promise<T> {
  const file = join(directory, clusterLockName);
  const deadline = performance.now() + waitMsMax;
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  while (!acquire(file)) {
    const holder = holderOf(file);
    if (!isRunning(holder)) rmSync(file, { force: true });
    else if (performance.now() > deadline)
      throw new AssentError(
        'storage-locked',
        `Another command (pid ${holder.pid}) is changing the cluster in ${directory}.`,
      );
    else await pause(pollMs);
  }
  try {
    return await action();
  } finally {
    rmSync(file, { force: true });
  }
}

/** The file appears with its content in it, or not at all: an empty lock would seem to be nobody's. */
function acquire(file: string): boolean {
  const { startedAt = '' } = processFacts(process.pid) ?? {};
  const draft = `${file}.${process.pid}`;
  writeFileSync(draft, JSON.stringify({ pid: process.pid, startedAt } satisfies NodeProcess), { mode: 0o600 });
  try {
    linkSync(draft, file);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  } finally {
    rmSync(draft, { force: true });
  }
}

function holderOf(file: string): NodeProcess | null {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as NodeProcess;
  } catch {
    return null; // Released meanwhile, or cut short by a crash.
  }
}
