import { lstatSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { present, toHex } from '../../src/base/index.ts';
import { diskConditions, machineConditions } from '../machine.ts';
import { type Bench, type BenchOptions, type Row, rounded } from '../rows.ts';
import { type Percentiles, percentilesOf } from '../statistics.ts';
import { Cluster } from './cluster.ts';
import { Connection } from './connection.ts';
import { Load } from './load.ts';
import { usageOf } from './processes.ts';

/** Two processes sign and send, so that the node need not wait for signatures. */
const loaders = 2;
const subjectsPerLoader = 1000;
const sliceTransactions = 5000;
const sending = { inFlight: 4, batch: 200 } as const;
/** Share of the transactions that is compared, at the beginning and at the end. */
const comparedShare = 0.1;
const bars = { endOverBegin: 0.8, startMs: 3000, memoryBytes: 512 * 1024 * 1024, queryP99Ms: 20 } as const;
const pageEntries = 50;
const queriesMin = 500;
/** Chain time whose blocks a node never gives up. */
const keptMs = 20 * 60_000;
const prunedAfterMs = 30_000;

/** Seconds since the load began, and how many transactions were committed by then. */
interface Mark {
  readonly seconds: number;
  readonly committed: number;
  /** On this process's own clock. */
  readonly atMs: number;
}

/**
 * One node that takes a million accesses, each with its entry in a subject's log: whether it slows down, how long it takes
 * to start with all that, what memory and disk it needs, and what a page of one subject's log costs while it is under load.
 */
export const growth: Bench = async (options) => {
  const { progress, signal, transactions } = options;
  const directory = mkdtempSync(join(tmpdir(), 'assent-bench-'));
  try {
    const machine = `${diskConditions(directory)}, ${machineConditions()}`;
    const nodes = await Cluster.start({ directory, nodeCount: 1, hasArchive: true, signal });
    const loads = Array.from({ length: loaders }, () => loadOf(nodes, signal));
    try {
      progress(`linking ${loaders * subjectsPerLoader} subjects …`);
      for (const load of loads) await load.call('enrol', null);
      progress(`${transactions} transactions …`);
      const marks = await grow(loads, options);
      const { memoryBytes, residentBytes } = usageOf(present(nodes.nodes[0], 'one').pid);
      const diskBytes = bytesOf(directory);
      progress('starting it again …');
      await nodes.stop();
      const startMs = await nodes.start();
      progress('pages of one log, beside a load …');
      const asked = await queriesUnderLoad(nodes, loads);
      const prunedBytes = await prune(nodes, directory, { loads, marks, ...options });
      const conditions = `one node, ${transactions} access.record, ${loaders * subjectsPerLoader} subjects, ${loaders} processes that sign and send, ${machine}`;
      const [begin, end] = [rateOf(marks, 'begin', transactions), rateOf(marks, 'end', transactions)];
      progress(
        [
          verdict('throughput at the end over the beginning', end / begin, end / begin >= bars.endOverBegin),
          verdict('start, ms', startMs, startMs <= bars.startMs),
          verdict('memory at its peak, MiB', memoryBytes / 2 ** 20, memoryBytes <= bars.memoryBytes),
          verdict('page of a log, p99, ms', asked.latencyMs.p99, asked.latencyMs.p99 <= bars.queryP99Ms),
        ].join('\n'),
      );
      const row = (name: string, value: number, unit: string): Row => {
        return { name: `growth/${name}`, value: rounded(value), unit, conditions };
      };
      return [
        row('throughput/first-tenth', begin, 'tx/s'),
        row('throughput/last-tenth', end, 'tx/s'),
        row('throughput/last-over-first', end / begin, 'ratio'),
        row('start', startMs, 'ms'),
        row('memory/peak', memoryBytes / 2 ** 20, 'MiB'),
        row('memory/resident', residentBytes / 2 ** 20, 'MiB'),
        row('disk/per-transaction', diskBytes.data / transactions, 'B'),
        row('disk', diskBytes.data / 2 ** 20, 'MiB'),
        row('disk/archive', diskBytes.archive / 2 ** 20, 'MiB'),
        row('disk/before-prune', prunedBytes.before / 2 ** 20, 'MiB'),
        row('disk/after-prune', prunedBytes.after / 2 ** 20, 'MiB'),
        ...(['p50', 'p95', 'p99'] as const).map((rank) => row(`page-${rank}`, asked.latencyMs[rank], 'ms')),
        row('page/elections', asked.elections, 'elections'),
        row('page/load', asked.committedPerSecond, 'tx/s beside'),
      ];
    } finally {
      for (const load of loads) load.stop();
      await nodes.stop();
    }
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
};

function loadOf(nodes: Cluster, signal: AbortSignal): Load {
  const urls = nodes.nodes.map(({ url }) => url);
  const ledgerId = toHex(nodes.genesis.ledgerId);
  return new Load({ urls, ledgerId, subjectCount: subjectsPerLoader, kind: 'access.record' }, signal);
}

async function grow(loads: readonly Load[], { transactions, progress, signal }: BenchOptions): Promise<Mark[]> {
  const startMs = performance.now();
  const marks: Mark[] = [{ seconds: 0, committed: 0, atMs: startMs }];
  let [given, committed, told] = [0, 0, 0];
  await Promise.all(
    loads.map(async (load) => {
      while (given < transactions) {
        signal.throwIfAborted();
        const count = Math.min(sliceTransactions, transactions - given);
        given += count;
        const result = await load.call('grow', { ...sending, count });
        if (result.committed !== count) throw new Error(`not committed: ${JSON.stringify(result.failures)}`);
        committed += count;
        const atMs = performance.now();
        const seconds = (atMs - startMs) / 1000;
        marks.push({ seconds, committed, atMs });
        if (committed - told < transactions / 20) continue;
        told = committed;
        progress(`${committed} after ${seconds.toFixed(0)} s`);
      }
    }),
  );
  return marks;
}

/** Transactions a second over the first or the last of them. */
function rateOf(marks: readonly Mark[], which: 'begin' | 'end', transactions: number): number {
  const share = comparedShare * transactions;
  const isIn = ({ committed }: Mark): boolean =>
    which === 'begin' ? committed <= share : committed >= transactions - share;
  const compared = marks.filter(isIn);
  const [first, last] = [present(compared[0], 'a mark'), present(compared.at(-1), 'a mark')];
  return (last.committed - first.committed) / (last.seconds - first.seconds);
}

function verdict(name: string, value: number, isMet: boolean): string {
  return `${name}: ${rounded(value)}, ${isMet ? 'met' : 'missed'}`;
}

function bytesOf(directory: string): { readonly data: number; readonly archive: number } {
  const archive = bytesUnder(join(directory, 'node-1', 'archive'));
  return { data: bytesUnder(join(directory, 'node-1')) - archive, archive };
}

interface Grown extends BenchOptions {
  readonly loads: readonly Load[];
  readonly marks: readonly Mark[];
}

/**
 * What the data take before and after everything that is archived was given up. A node keeps the blocks of the last
 * twenty minutes of its chain: so this waits until half of the load is older, and then has the chain see the time.
 */
async function prune(
  nodes: Cluster,
  directory: string,
  { loads, marks, signal, progress }: Grown,
): Promise<{ readonly before: number; readonly after: number }> {
  const [first, last] = [present(marks[0], 'a mark'), present(marks.at(-1), 'a mark')];
  const oldEnoughMs = first.atMs + (last.atMs - first.atMs) / 2 + keptMs;
  const waitMs = Math.max(0, oldEnoughMs - performance.now());
  progress(`waiting ${(waitMs / 1000).toFixed(0)} s until half of the load is older than what a node always keeps …`);
  await sleep(waitMs, undefined, { signal });
  await present(loads[0], 'two loads').call('grow', { ...sending, count: sending.batch });
  progress('pruning …');
  const before = bytesOf(directory).data;
  const reply = await fetch(`${present(nodes.nodes[0], 'one').url}/v1/archive/prune`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ keepBlocks: 0, keepDays: null }),
  });
  if (reply.status !== 200) throw new Error(`pruning ended with ${reply.status}: ${await reply.text()}`);
  // The room follows in the background: until nothing more was freed for a while.
  let least = { bytes: before, atMs: performance.now() };
  while (performance.now() - least.atMs < prunedAfterMs) {
    await sleep(500, undefined, { signal });
    const bytes = bytesOf(directory).data;
    if (bytes < least.bytes) least = { bytes, atMs: performance.now() };
  }
  return { before, after: least.bytes };
}

/** What the files take; a folder that is being written to may lose one meanwhile. */
function bytesUnder(folder: string): number {
  let bytes = 0;
  for (const name of readdirSync(folder)) {
    const stats = lstatSync(join(folder, name), { throwIfNoEntry: false });
    if (stats?.isDirectory()) bytes += bytesUnder(join(folder, name));
    else bytes += stats?.size ?? 0;
  }
  return bytes;
}

interface Asked {
  readonly latencyMs: Percentiles;
  readonly elections: number;
  readonly committedPerSecond: number;
}

/** Pages of logs, one after another, each of another subject, from either end, while transactions are committed. */
async function queriesUnderLoad(nodes: Cluster, [asked, growing]: readonly Load[]): Promise<Asked> {
  const subjects = await present(asked, 'two loads').call('subjects', null);
  const connection = await Connection.open(present(nodes.nodes[0], 'one').url);
  const termOf = async (): Promise<number> => present((await nodes.status())[0], 'one').term;
  try {
    const term = await termOf();
    const grown = present(growing, 'two loads').call('grow', { ...sending, count: sliceTransactions });
    let isGrowing = true;
    const end = (): void => {
      isGrowing = false;
    };
    // A failure is met where its result is awaited.
    grown.then(end, end);
    const latencies: number[] = [];
    for (let count = 0; isGrowing || count < queriesMin; count++) {
      const subject = present(subjects[count % subjects.length], 'there are subjects');
      const order = count % 2 === 0 ? 'oldest-first' : 'newest-first';
      const startMs = performance.now();
      const reply = await connection.get(`/v1/subjects/${subject}/access?limit=${pageEntries}&order=${order}`);
      latencies.push(performance.now() - startMs);
      const { entries } = JSON.parse(reply.body) as { entries: readonly unknown[] };
      if (reply.status !== 200 || entries.length === 0)
        throw new Error(`a page ended with ${reply.status}, ${entries.length} entries`);
    }
    const { committed, elapsedMs } = await grown;
    const elections = (await termOf()) - term;
    return { latencyMs: percentilesOf(latencies), elections, committedPerSecond: (committed * 1000) / elapsedMs };
  } finally {
    connection.close();
  }
}
