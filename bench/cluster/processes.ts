import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

/** What a process used since it began. */
export interface Usage {
  /** User and system time of all its threads. */
  readonly cpuSeconds: number;
  /** Largest resident size where the system keeps it, otherwise the present one. */
  readonly memoryBytes: number;
}

/** Reads what another process used: from `/proc`, or from `ps` where there is none. */
export function usageOf(pid: number): Usage {
  return process.platform === 'linux' ? usageFromProc(pid) : usageFromPs(pid);
}

/** The kernel counts in hundredths of a second on every platform that Node runs on (USER_HZ). */
const clockTicksPerSecond = 100;

function usageFromProc(pid: number): Usage {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  // The name, in parentheses, may hold anything; fields 14 and 15 of proc(5) are 12 and 13 behind it.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const peak = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
  return {
    cpuSeconds: (Number(fields[11]) + Number(fields[12])) / clockTicksPerSecond,
    memoryBytes: Number(peak) * 1024,
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
  return { cpuSeconds, memoryBytes: Number(kibibytes) * 1024 };
}
