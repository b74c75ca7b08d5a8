import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import type { NodeProcess } from './cluster-file.ts';

/** What the operating system says of a running process. */
interface ProcessFacts {
  /** When it began: tells it from a later one with the same pid. */
  readonly startedAt: string;
  readonly paused: boolean;
}

/** Facts about a process; undefined when there is none, or only what its parent has not collected yet. */
export function processFacts(pid: number): ProcessFacts | undefined {
  return process.platform === 'linux' ? factsFromProc(pid) : factsFromPs(pid);
}

/** Whether the noted process is still that one. */
export function isRunning(noted: NodeProcess | null): noted is NodeProcess {
  return noted !== null && processFacts(noted.pid)?.startedAt === noted.startedAt;
}

export function isPaused(noted: NodeProcess): boolean {
  const facts = processFacts(noted.pid);
  return facts?.startedAt === noted.startedAt && facts.paused;
}

/** Sends a signal to the noted process, never to a later one with its pid. Answers whether it was there. */
export function signal(noted: NodeProcess | null, name: NodeJS.Signals): boolean {
  if (!isRunning(noted)) return false;
  try {
    return process.kill(noted.pid, name);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ESRCH') return false;
    throw error;
  }
}

const pollMs = 20;

/** Waits until the process has gone; answers false when the time was up first. */
export function untilGone(noted: NodeProcess, timeoutMs: number): Promise<boolean> {
  return until(() => !isRunning(noted), timeoutMs);
}

/**
 * Waits until the process stands still: a thread that is in the middle of a system call stops only after it. Answers
 * false when the time was up first, or the process has gone.
 */
export async function untilPaused(noted: NodeProcess, timeoutMs: number): Promise<boolean> {
  await until(() => isPaused(noted) || !isRunning(noted), timeoutMs);
  return isPaused(noted);
}

async function until(condition: () => boolean, timeoutMs: number): Promise<boolean> {
  const deadline = performance.now() + timeoutMs;
  while (!condition()) {
    if (performance.now() >= deadline) return false;
    await pause(pollMs);
  }
  return true;
}

function factsFromProc(pid: number): ProcessFacts | undefined {
  let stat: string;
  try {
    stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  } catch {
    return undefined; // No such process.
  }
  // The command, in parentheses, may hold anything; the fields after it are state, parent, … and, as the 22nd, the start.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const [state = ''] = fields;
  // A killed process is a zombie as soon as its first thread is; its ports are free when the last of them has gone.
  const threads = Number(fields[17]);
  if (state === 'X' || (state === 'Z' && threads <= 1)) return undefined;
  return { startedAt: `${bootId()} ${fields[19] ?? ''}`, paused: state === 'T' || state === 't' };
}

/** Starts are counted from the boot. */
function bootId(): string {
  return readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
}

function factsFromPs(pid: number): ProcessFacts | undefined {
  const { stdout, status } = spawnSync('ps', ['-o', 'stat=,lstart=', '-p', String(pid)], { encoding: 'utf8' });
  const [, state = '', startedAt] = /^\s*(\S+)\s+(.+?)\s*$/.exec(stdout ?? '') ?? [];
  if (status !== 0 || startedAt === undefined || state.startsWith('Z')) return undefined;
  return { startedAt, paused: state.startsWith('T') };
}
