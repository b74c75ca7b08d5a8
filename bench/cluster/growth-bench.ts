import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { present, toHex } from '../../src/base/index.ts';
import { diskConditions, machineConditions } from '../machine.ts';
import { type Bench, type BenchOptions, type Row, rounded } from '../rows.ts';
import { type Percentiles, percentilesOf } from '../statistics.ts';
import { Cluster } from './cluster.ts';
import { Connection } from './connection.ts';
import { type DiskBytes, diskBytesOf, prefixBytesOf, pruneAll } from './growth-disk.ts';
import { Load } from './load.ts';
import { type Usage, usageOf } from './processes.ts';

/** Two processes sign and send, so that the node need not wait for signatures. */
const loaders = 2;
const subjectsPerLoader = 1000;
const sliceTransactions = 5000;
/** Signed at a time while pages are asked for: little, so that there is no time without load. */
const pacedTransactions = 1000;
const sending = { inFlight: 4, batch: 200 } as const;
/** Share of the transactions that is compared, at the beginning and at the end. */
const comparedShare = 0.1;
const bars: readonly { readonly name: string; readonly least?: number; readonly most?: number }[] = [
  { name: 'throughput/last-over-first', least: 0.8 },
  { name: 'start', most: 3000 },
  { name: 'memory/own', most: 512 },
  { name: 'memory/peak', most: 512 },
  { name: 'page-p99', most: 20 },
];
const pageEntries = 50;
/** Beside nothing, beside what leaves room for others, and beside all that the node takes, in as many requests a second. */
const loadCases: readonly LoadCase[] = [
  { name: 'page-calm', pages: 2000 },
  { name: 'page', pages: 4000, inFlight: 4, batch: 20, ratePerSecond: 500 },
  { name: 'page-saturated', pages: 300, ...sending },
];
const mebibyte = 1024 * 1024;

/** What is sent while pages are asked for, by all loads together; nothing where it is not said. */
interface LoadCase {
  readonly name: string;
  readonly pages: number;
  readonly inFlight?: number;
  readonly batch?: number;
  readonly ratePerSecond?: number;
}

/** Seconds since the load began, how many transactions were committed by then, and what the node held in memory. */
interface Mark {
  readonly seconds: number;
  readonly committed: number;
  readonly usage: Usage;
}

/**
 * One node that takes a million accesses, each with its entry in a subject's log: whether it slows down, how long it takes
 * to start with all that, what memory and disk it needs, what a page of one subject's log costs while it is under load, and
 * what is left on the disk when all history was given up that is in the archive.
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
      const marks = await grow(nodes, loads, options);
      progress('starting it again …');
      await nodes.stop();
      const startMs = await nodes.start();
      const asked: Asked[] = [];
      for (const loadCase of loadCases) asked.push(await queriesUnderLoad(nodes, loads, loadCase, progress));
      const disk = await diskBeforeAndAfter(nodes, directory, loads, options);
      const committed = asked.reduce((sum, { committed: more }) => sum + more, transactions);
      const conditions = `one node, ${transactions} access.record, ${loaders * subjectsPerLoader} subjects, ${loaders} processes that sign and send, ${machine}`;
      const row = (name: string, value: number, unit: string): Row => {
        return { name: `growth/${name}`, value: rounded(value), unit, conditions };
      };
      const rows = [
        ...throughputRows(marks, transactions, row),
        row('start', startMs, 'ms'),
        ...memoryRows(marks, row),
        ...asked.flatMap((one) => pageRows(one, row)),
        ...diskRows(disk, committed, row),
      ];
      progress(verdicts(rows));
      return rows;
    } finally {
      for (const load of loads) load.stop();
      await nodes.stop();
    }
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
};

type RowOf = (name: string, value: number, unit: string) => Row;

function throughputRows(marks: readonly Mark[], transactions: number, row: RowOf): Row[] {
  const [begin, end] = [rateOf(marks, 'begin', transactions), rateOf(marks, 'end', transactions)];
  const [first, last] = [present(marks[0], 'a mark'), present(marks.at(-1), 'a mark')];
  const cpuSeconds = last.usage.cpuSeconds - first.usage.cpuSeconds;
  return [
    row('throughput/first-tenth', begin, 'tx/s'),
    row('throughput/last-tenth', end, 'tx/s'),
    row('throughput/last-over-first', end / begin, 'ratio'),
    row('cpu-per-1000', (cpuSeconds * 1000) / transactions, 's per 1,000 tx'),
  ];
}

/** Peaks while it grew. */
function memoryRows(marks: readonly Mark[], row: RowOf): Row[] {
  const peakOf = (read: (usage: Usage) => number): number => Math.max(...marks.map(({ usage }) => read(usage)));
  const own = peakOf(({ anonymousBytes }) => anonymousBytes ?? Number.NaN);
  const files = peakOf(({ residentBytes, anonymousBytes }) => residentBytes - (anonymousBytes ?? Number.NaN));
  return [
    row('memory/peak', peakOf(({ memoryBytes }) => memoryBytes) / mebibyte, 'MiB resident'),
    ...(Number.isNaN(own)
      ? []
      : [row('memory/own', own / mebibyte, 'MiB of its own'), row('memory/files', files / mebibyte, 'MiB of files')]),
  ];
}

function pageRows({ name, latencyMs, committed, seconds, elections }: Asked, row: RowOf): Row[] {
  return [
    ...(['p50', 'p95', 'p99'] as const).map((rank) => row(`${name}-${rank}`, latencyMs[rank], 'ms')),
    row(`${name}/elections`, elections, 'elections'),
    row(`${name}/load`, committed / seconds, 'tx/s beside'),
  ];
}

/** Kinds of records that take less are not listed. */
const listedBytes = mebibyte;

function diskRows({ before, after }: Disk, transactions: number, row: RowOf): Row[] {
  const of = (name: string, { bytes, prefixes }: Disk['before']): Row[] => [
    row(name, bytes.data / mebibyte, 'MiB'),
    ...prefixes
      .filter(([, size]) => size >= listedBytes)
      .map(([prefix, size]) => row(`${name}/${prefix}`, size / mebibyte, 'MiB')),
  ];
  return [
    row('disk/per-transaction', before.bytes.data / transactions, 'B'),
    ...of('disk', before),
    row('disk-archive', before.bytes.archive / mebibyte, 'MiB'),
    row('disk-after-prune/per-transaction', after.bytes.data / transactions, 'B'),
    ...of('disk-after-prune', after),
  ];
}

function verdicts(rows: readonly Row[]): string {
  return bars
    .flatMap(({ name, most, least }) => {
      // Not every system tells a node's own memory.
      const row = rows.find((one) => one.name === `growth/${name}`);
      if (row === undefined) return [];
      const isMet = row.value <= (most ?? row.value) && row.value >= (least ?? row.value);
      return [`${name}: ${row.value} ${row.unit}, ${isMet ? 'met' : 'missed'}`];
    })
    .join('\n');
}

function loadOf(nodes: Cluster, signal: AbortSignal): Load {
  const urls = nodes.nodes.map(({ url }) => url);
  const ledgerId = toHex(nodes.genesis.ledgerId);
  return new Load({ urls, ledgerId, subjectCount: subjectsPerLoader, kind: 'access.record' }, signal);
}

async function grow(
  nodes: Cluster,
  loads: readonly Load[],
  { transactions, progress, signal }: BenchOptions,
): Promise<Mark[]> {
  const { pid } = present(nodes.nodes[0], 'one');
  const startMs = performance.now();
  const marks: Mark[] = [{ seconds: 0, committed: 0, usage: usageOf(pid) }];
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
        const seconds = (performance.now() - startMs) / 1000;
        const usage = usageOf(pid);
        marks.push({ seconds, committed, usage });
        if (committed - told < transactions / 20) continue;
        told = committed;
        progress(`${committed} after ${seconds.toFixed(0)} s, ${memoryOf(usage)}`);
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

function memoryOf({ residentBytes, anonymousBytes }: Usage): string {
  const own = anonymousBytes === undefined ? '' : `, of these ${rounded(anonymousBytes / mebibyte)} its own`;
  return `${rounded(residentBytes / mebibyte)} MiB resident${own}`;
}

interface Disk {
  readonly before: { readonly bytes: DiskBytes; readonly prefixes: Awaited<ReturnType<typeof prefixBytesOf>> };
  readonly after: Disk['before'];
}

/** What a stopped node has on the disk, before and after all history was given up that may be. */
async function diskBeforeAndAfter(
  nodes: Cluster,
  directory: string,
  loads: readonly Load[],
  options: BenchOptions,
): Promise<Disk> {
  const folder = join(directory, 'node-1');
  const stopped = async (): Promise<Disk['before']> => {
    await nodes.stop();
    return { bytes: diskBytesOf(folder), prefixes: await prefixBytesOf(folder) };
  };
  const before = await stopped();
  await nodes.start();
  options.progress('pruning …');
  await prune(nodes, loads, options);
  return { before, after: await stopped() };
}

/** So long that everything but the newest blocks is older than what a node always keeps. */
const grownOldMs = 21 * 60_000;

/** Has nodes and clients believe that the time has passed, and gives up everything that is archived. */
async function prune(nodes: Cluster, loads: readonly Load[], { signal }: BenchOptions): Promise<void> {
  nodes.advance(grownOldMs);
  for (const load of loads) await load.call('advance', { ms: grownOldMs });
  await present(loads[0], 'two loads').call('grow', { ...sending, count: sending.batch });
  await untilApplied(nodes, signal);
  await pruneAll(present(nodes.nodes[0], 'one').url, signal);
}

/** A submitter is told by the certificate: how old blocks are, the newest applied one says. */
async function untilApplied(nodes: Cluster, signal: AbortSignal): Promise<void> {
  for (;;) {
    const { height, certifiedHeight } = present((await nodes.status())[0], 'one');
    if (height >= certifiedHeight) return;
    await sleep(20, undefined, { signal });
  }
}

interface Asked {
  readonly name: string;
  readonly latencyMs: Percentiles;
  readonly elections: number;
  /** By all loads, in so many seconds. */
  readonly committed: number;
  readonly seconds: number;
}

/** Pages of logs, one after another, each of another subject, from either end, while transactions are committed. */
async function queriesUnderLoad(
  nodes: Cluster,
  loads: readonly Load[],
  { name, pages, ...load }: LoadCase,
  progress: BenchOptions['progress'],
): Promise<Asked> {
  progress(`${name}: ${pages} pages of one log …`);
  const subjects = await present(loads[0], 'two loads').call('subjects', null);
  const connection = await Connection.open(present(nodes.nodes[0], 'one').url);
  const termOf = async (): Promise<number> => present((await nodes.status())[0], 'one').term;
  try {
    const term = await termOf();
    const beganMs = performance.now();
    const latencies: number[] = [];
    const grown = Promise.all(loads.map((one) => growUntil(one, load, loads.length, () => latencies.length >= pages)));
    // A failure is met where its result is awaited.
    grown.catch(() => undefined);
    while (latencies.length < pages) {
      const count = latencies.length;
      const subject = present(subjects[count % subjects.length], 'there are subjects');
      const order = count % 2 === 0 ? 'oldest-first' : 'newest-first';
      const startMs = performance.now();
      const reply = await connection.get(`/v1/subjects/${subject}/access?limit=${pageEntries}&order=${order}`);
      latencies.push(performance.now() - startMs);
      const { entries } = JSON.parse(reply.body) as { entries: readonly unknown[] };
      if (reply.status !== 200 || entries.length === 0)
        throw new Error(`a page ended with ${reply.status}, ${entries.length} entries`);
    }
    const committed = (await grown).reduce((sum, count) => sum + count, 0);
    const seconds = (performance.now() - beganMs) / 1000;
    const elections = (await termOf()) - term;
    return { name, latencyMs: percentilesOf(latencies), elections, committed, seconds };
  } finally {
    connection.close();
  }
}

/** How many one of the loads had committed until there was enough. */
async function growUntil(
  one: Load,
  { inFlight, batch, ratePerSecond }: Omit<LoadCase, 'name' | 'pages'>,
  count: number,
  isEnough: () => boolean,
): Promise<number> {
  if (inFlight === undefined || batch === undefined) return 0;
  const pace = ratePerSecond === undefined ? {} : { ratePerSecond: ratePerSecond / count };
  let committed = 0;
  while (!isEnough())
    committed += (await one.call('grow', { inFlight, batch, ...pace, count: pacedTransactions })).committed;
  return committed;
}
