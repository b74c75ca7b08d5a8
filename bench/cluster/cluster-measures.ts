import type { StatusView } from '../../src/api/index.ts';
import { present } from '../../src/base/index.ts';
import type { BenchOptions } from '../rows.ts';
import type { Cluster } from './cluster.ts';
import type { Load } from './load.ts';
import type { Audit, RunResult } from './load-messages.ts';
import { threadSecondsOf, usageOf, waitSecondsOf } from './processes.ts';

/** Single transactions a request, so many requests at a time. */
const inFlights: readonly number[] = [1, 32, 256];
/**
 * Node compiles a function well after some thousands of calls, and what runs once a block reaches them in about a minute.
 * A node runs for months: so it is measured after that minute, and the warm-up is the load that is measured next.
 */
const warmUpShare = 6;
/** As gateways send when much is waiting: over all nodes, so many requests of so many transactions. */
export const peakLoad = { inFlight: 9, batch: 200 } as const;
/** Transactions a second that are signed beforehand: more than a machine commits, or the load runs dry. */
const signedPerSecond = { one: 1000, single: 4000, peak: 6000 } as const;

export interface Single {
  readonly inFlight: number;
  readonly result: RunResult;
}

/** What a node used during the peak, and at most. */
export interface NodeUse {
  /** `leader`, `follower-1`, … */
  readonly role: string;
  readonly pid: number;
  readonly cpuSeconds: number;
  /** The same by the names of its threads, where the system tells them apart. */
  readonly threadSeconds: ReadonlyMap<string, number>;
  /** Time that its threads waited for a core; undefined where the system does not say. */
  readonly waitSeconds: number | undefined;
  readonly memoryBytes: number;
}

/** A run, and what the nodes used for it. */
export interface Run<Result = RunResult> {
  readonly result: Result;
  /** Sealed meanwhile. */
  readonly blocks: number;
  readonly nodes: readonly NodeUse[];
  /** In the order of the cluster's nodes. */
  readonly roles: readonly string[];
  /** On the system's monotonic clock, microseconds: the one that CPU profiles use. */
  readonly fromUs: number;
  readonly toUs: number;
}

export interface Peak extends Run {
  readonly meanBytes: number;
}

export interface Measured {
  readonly singles: readonly Single[];
  readonly peak: Peak;
  readonly audit: Audit;
}

export async function measureSingles(load: Load, { seconds, progress }: BenchOptions): Promise<Single[]> {
  const singles: Single[] = [];
  const eachSeconds = Math.max(1, Math.round(seconds * 0.4));
  const warmUpSeconds = warmUpShare * seconds;
  await load.call('sign', { count: warmUpSeconds * signedPerSecond.one });
  progress(`warming up, one in flight, for ${warmUpSeconds} s …`);
  await load.call('run', { inFlight: 1, batch: 1, seconds: warmUpSeconds });
  for (const inFlight of inFlights) {
    await load.call('sign', { count: eachSeconds * (inFlight === 1 ? signedPerSecond.one : signedPerSecond.single) });
    progress(`${inFlight} in flight, for ${eachSeconds} s …`);
    singles.push({ inFlight, result: await load.call('run', { inFlight, batch: 1, seconds: eachSeconds }) });
  }
  return singles;
}

export async function measurePeak(cluster: Cluster, load: Load, { seconds, progress }: BenchOptions): Promise<Peak> {
  progress('signing …');
  const { meanBytes } = await load.call('sign', { count: signedPerSecond.peak * seconds });
  progress(`batches of ${peakLoad.batch}, ${peakLoad.inFlight} in flight, for ${seconds} s …`);
  return { ...(await measureRun(cluster, () => load.call('run', { ...peakLoad, seconds }))), meanBytes };
}

export async function measureRun<Result>(cluster: Cluster, run: () => Promise<Result>): Promise<Run<Result>> {
  const status = await cluster.status();
  const roles = rolesOf(status);
  const before = cluster.nodes.map(({ pid }) => ({
    ...usageOf(pid),
    threads: threadSecondsOf(pid),
    waited: waitSecondsOf(pid),
  }));
  const fromUs = Number(process.hrtime.bigint() / 1000n);
  const result = await run();
  const toUs = Number(process.hrtime.bigint() / 1000n);
  const nodes = cluster.nodes.map(({ pid }, place): NodeUse => {
    const earlier = present(before[place], 'a reading for each node');
    const { cpuSeconds, memoryBytes } = usageOf(pid);
    const waited = waitSecondsOf(pid);
    const threads = [...threadSecondsOf(pid)].map(([name, seconds]): [string, number] => {
      return [name, seconds - (earlier.threads.get(name) ?? 0)];
    });
    return {
      role: present(roles[place], 'a role for each node'),
      pid,
      cpuSeconds: cpuSeconds - earlier.cpuSeconds,
      threadSeconds: new Map(threads),
      waitSeconds: waited === undefined ? undefined : waited - (earlier.waited ?? 0),
      memoryBytes,
    };
  });
  const blocks = heightOf(await cluster.status()) - heightOf(status);
  return { result, blocks, nodes, roles, fromUs, toUs };
}

function heightOf(status: readonly StatusView[]): number {
  return Math.max(...status.map(({ height }) => height));
}

function rolesOf(status: readonly StatusView[]): string[] {
  let followers = 0;
  return status.map(({ nodeId, leader }) => {
    if (nodeId === leader) return 'leader';
    followers += 1;
    return `follower-${followers}`;
  });
}
