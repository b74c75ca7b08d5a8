import { readdirSync, readFileSync } from 'node:fs';
import { getPriority, setPriority } from 'node:os';

/** Of niceness, by which the others give way: where all want a core, each has a third of what the preferred one has. */
const nicenessStep = 5;
const nicenessMax = 19;
/** What the system says of a thread that has ended meanwhile, and where a sandbox forbids to give way. */
const harmlessCodes: ReadonlySet<string> = new Set(['ENOENT', 'ESRCH', 'EPERM', 'EACCES']);

/**
 * Has the threads of this process give way to the one of this name, and with them those that they start later. Only where the
 * system schedules each thread for itself and says how they are called (Linux). Call it once in a process.
 */
export function preferThread(name: string): void {
  if (process.platform !== 'linux') return;
  const tasks = '/proc/self/task';
  for (const thread of readdirSync(tasks).map(Number)) {
    try {
      if (readFileSync(`${tasks}/${thread}/comm`, 'utf8').trim() === name) continue;
      setPriority(thread, Math.min(getPriority(thread) + nicenessStep, nicenessMax));
    } catch (error) {
      if (!harmlessCodes.has(systemCodeOf(error))) throw error;
    }
  }
}

/** Of what the file system throws, and of what `node:os` does, which has it one level deeper. */
function systemCodeOf(error: unknown): string {
  const { code, info } = error as { readonly code?: string; readonly info?: { readonly code?: string } };
  return info?.code ?? code ?? '';
}
