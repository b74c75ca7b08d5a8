import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Run } from './cluster/cluster-measures.ts';

/** The part of V8's `.cpuprofile` that is used here. Times are microseconds of the monotonic clock. */
interface CpuProfile {
  readonly nodes: readonly {
    readonly id: number;
    readonly callFrame: { readonly functionName: string; readonly url: string; readonly lineNumber: number };
    readonly children?: readonly number[];
  }[];
  readonly startTime: number;
  readonly samples: readonly number[];
  readonly timeDeltas: readonly number[];
}

/** Time in one function, milliseconds: in itself, and with what it called. */
interface FunctionTime {
  readonly name: string;
  selfMs: number;
  totalMs: number;
}

const shown = 25;
const idle = new Set(['(idle)', '(root)']);

/** Says where each thread of leader and one follower spent the peak. */
export function printProfiles(
  directory: string,
  { nodes, fromUs, toUs }: Run<unknown>,
  print: (text: string) => void,
): void {
  const files = readdirSync(directory).filter((file) => file.endsWith('.cpuprofile'));
  for (const { role, pid, threadSeconds } of nodes.filter(({ role }) => role === 'leader' || role === 'follower-1')) {
    const threads = [...threadSeconds].map(([name, seconds]) => `${name} ${seconds.toFixed(2)} s`);
    print(`\n${role}, CPU by thread: ${threads.join(', ')}`);
    for (const file of files.filter((name) => name.split('.')[3] === String(pid))) {
      const profile = JSON.parse(readFileSync(join(directory, file), 'utf8')) as CpuProfile;
      print(`\n${role}, ${threadOf(profile)}\n${describe(profile, fromUs, toUs)}`);
    }
  }
}

/** A worker is known by its entry file. */
function threadOf({ nodes }: CpuProfile): string {
  for (const { callFrame } of nodes) {
    const name = /([a-z]+)-worker\.[jt]s$/.exec(callFrame.url)?.[1];
    if (name !== undefined) return `${name} thread`;
  }
  return 'main thread';
}

function describe(profile: CpuProfile, fromUs: number, toUs: number): string {
  const times = functionTimes(profile, fromUs, toUs);
  const busyMs = times.reduce((sum, { selfMs }) => sum + selfMs, 0);
  const line = (ms: number, name: string): string =>
    `${((100 * ms) / busyMs).toFixed(1).padStart(6)} %  ${ms.toFixed(0).padStart(6)} ms  ${name}`;
  const bySelf = [...times].sort((left, right) => right.selfMs - left.selfMs).slice(0, shown);
  const byTotal = [...times].sort((left, right) => right.totalMs - left.totalMs).slice(0, 2 * shown);
  return [
    `busy ${busyMs.toFixed(0)} of ${((toUs - fromUs) / 1000).toFixed(0)} ms`,
    'in itself:',
    ...bySelf.map(({ selfMs, name }) => line(selfMs, name)),
    'with what it called:',
    ...byTotal.map(({ totalMs, name }) => line(totalMs, name)),
  ].join('\n');
}

function functionTimes(profile: CpuProfile, fromUs: number, toUs: number): FunctionTime[] {
  const stacks = stacksOf(profile);
  const times = new Map<string, FunctionTime>();
  let atUs = profile.startTime;
  for (const [index, id] of profile.samples.entries()) {
    atUs += profile.timeDeltas[index] ?? 0;
    const stack = stacks.get(id);
    if (stack === undefined || atUs < fromUs || atUs > toUs || idle.has(stack[0] ?? '')) continue;
    // A sample stands for the time until the next one.
    const ms = (profile.timeDeltas[index + 1] ?? 0) / 1000;
    for (const [depth, name] of stack.entries()) {
      const time = times.get(name) ?? { name, selfMs: 0, totalMs: 0 };
      times.set(name, time);
      if (depth === 0) time.selfMs += ms;
      if (!stack.slice(0, depth).includes(name)) time.totalMs += ms;
    }
  }
  return [...times.values()];
}

/** Names of the functions on the stack of each node, innermost first. */
function stacksOf({ nodes }: CpuProfile): Map<number, readonly string[]> {
  const parents = new Map<number, number>();
  for (const { id, children } of nodes) for (const child of children ?? []) parents.set(child, id);
  const names = new Map(nodes.map(({ id, callFrame }) => [id, nameOf(callFrame)]));
  return new Map(
    nodes.map(({ id }) => {
      const stack: string[] = [];
      for (let at: number | undefined = id; at !== undefined; at = parents.get(at)) stack.push(names.get(at) ?? '');
      return [id, stack];
    }),
  );
}

function nameOf({ functionName, url, lineNumber }: CpuProfile['nodes'][number]['callFrame']): string {
  const place = url.replace(/^.*\/(?=(src|node_modules|bench)\/)/, '');
  return `${functionName || '(anonymous)'}${place === '' ? '' : `  ${place}:${lineNumber + 1}`}`;
}
