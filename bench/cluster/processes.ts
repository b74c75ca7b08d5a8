import { execFileSync, spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { getPriority, setPriority } from 'node:os';

/** What a process used since it began. */
export interface Usage {
  /** User and system time of all its threads. */
  readonly cpuSeconds: number;
  /** Largest resident size where the system keeps it, otherwise the present one. */
  readonly memoryBytes: number;
  /** Resident now. */
  readonly residentBytes: number;
  /**
   * Of what is resident, the part that is the process's own; the rest are pages of files, which the system takes back when
   * it needs them. Undefined where the system does not tell them apart.
   */
  readonly anonymousBytes: number | undefined;
}

/**
 * Has the system prefer others to a process that was just started: before it has threads, which take over what the first one
 * has. `niceness`: this process's own where that is higher.
 */
export function giveWay(pid: number, niceness: number): void {
  if (niceness > getPriority()) setPriority(pid, niceness);
}

/**
 * Has the system run the main thread of this process as soon as it is ready, whatever else runs (SCHED_FIFO, sched(7)),
 * until the returned function is called. Undefined where there is no chrt(1), or the user may not.
 */
export function goFirst(): (() => void) | undefined {
  if (process.platform !== 'linux') return undefined;
  const schedule = (policy: string, priority: number): boolean =>
    spawnSync('chrt', [policy, '-p', String(priority), String(process.pid)], { stdio: 'ignore' }).status === 0;
  return schedule('--fifo', 1) ? () => void schedule('--other', 0) : undefined;
}

/** Reads what another process used: from `/proc`, or from `ps` where there is none. */
export function usageOf(pid: number): Usage {
  return process.platform === 'linux' ? usageFromProc(pid) : usageFromPs(pid);
}

/** The kernel counts in hundredths of a second on every platform that Node runs on (USER_HZ). */
const clockTicksPerSecond = 100;

/** CPU seconds of a process by the name of its threads; empty where the system does not tell them apart. */
export function threadSecondsOf(pid: number): Map<string, number> {
  const seconds = new Map<string, number>();
  if (process.platform !== 'linux') return seconds;
  for (const thread of readdirSync(`/proc/${pid}/task`)) {
    const { name, cpuSeconds } = parseStat(readFileSync(`/proc/${pid}/task/${thread}/stat`, 'utf8'));
    seconds.set(name, (seconds.get(name) ?? 0) + cpuSeconds);
  }
  return seconds;
}

/**
 * Seconds that the threads of a process were ready to run and had no core, where the system counts them: on a busy
 * machine, what a measurement says about the machine and not about the process.
 */
export function waitSecondsOf(pid: number): number | undefined {
  try {
    const nanoseconds = readdirSync(`/proc/${pid}/task`).map((thread) => {
      return Number(readFileSync(`/proc/${pid}/task/${thread}/schedstat`, 'utf8').split(' ')[1]);
    });
    return nanoseconds.reduce((sum, wait) => sum + wait, 0) / 1_000_000_000;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

/** proc(5): the name, in parentheses, may hold anything; fields 14 and 15 are 12 and 13 behind it. */
function parseStat(stat: string): { name: string; cpuSeconds: number } {
  const end = stat.lastIndexOf(')');
  const fields = stat.slice(end + 2).split(' ');
  return {
    name: stat.slice(stat.indexOf('(') + 1, end),
    cpuSeconds: (Number(fields[11]) + Number(fields[12])) / clockTicksPerSecond,
  };
}

function usageFromProc(pid: number): Usage {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  const bytesOf = (name: string): number => Number(new RegExp(`^${name}:\\s+(\\d+) kB$`, 'm').exec(status)?.[1]) * 1024;
  const { cpuSeconds } = parseStat(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  return {
    cpuSeconds,
    memoryBytes: bytesOf('VmHWM'),
    residentBytes: bytesOf('VmRSS'),
    anonymousBytes: bytesOf('RssAnon'),
  };
}

function usageFromPs(pid: number): Usage {
  const [time = '', kibibytes = ''] = execFileSync('ps', ['-o', 'time=,rss=', '-p', String(pid)], { encoding: 'utf8' })
    .trim()
    .split(/\s+/);
  // [days-][hours:]minutes:seconds, the seconds with a fraction on macOS.
  const cpuSeconds = time
    .replace('-', ':')
    .split(':')
    .reverse()
    .reduce((sum, part, place) => sum + Number(part) * ([1, 60, 3600, 86_400][place] ?? 0), 0);
  const residentBytes = Number(kibibytes) * 1024;
  return { cpuSeconds, memoryBytes: residentBytes, residentBytes, anonymousBytes: undefined };
}
