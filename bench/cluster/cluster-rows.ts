import { coreCount } from '../machine.ts';
import { type Row, rounded } from '../rows.ts';
import { type Measured, type Peak, peakLoad, type Single } from './cluster-measures.ts';
import type { RunResult } from './load-messages.ts';

export interface RowOptions {
  readonly conditions: string;
  /** Signatures verified per second and core on this machine, in this run. */
  readonly verifications: number;
}

/** What this project demands of itself on a machine that does nothing else. */
const bars = { throughput: 2500, latencyP50Ms: 5 } as const;

/** How the run stands to the bars, in words. */
export function verdictOn({ peak, singles }: Measured): string {
  const rate = rateOf(peak.result);
  const p50Ms = singles.find(({ inFlight }) => inFlight === 1)?.result.latencyMs.p50 ?? Number.NaN;
  const said = (isMet: boolean): string => (isMet ? 'met' : 'missed');
  return [
    `bar of ${bars.throughput} tx/s: ${rounded(rate)}, ${said(rate >= bars.throughput)}`,
    `bar of ${bars.latencyP50Ms} ms, median with one in flight: ${rounded(p50Ms)}, ${said(p50Ms < bars.latencyP50Ms)}`,
  ].join('\n');
}

/** What was measured, as rows. */
export function rowsOf(measured: Measured, options: RowOptions): Row[] {
  const { peak, singles, audit } = measured;
  const base = `${options.conditions}, ${Math.round(peak.meanBytes)} B a transaction`;
  return [
    ...peakRows(peak, base, options.verifications),
    ...singles.flatMap((single) => singleRows(single, peak.roles, base)),
    ...[
      ['transactions', audit.transactions],
      ['acknowledged', audit.acknowledged],
      ['missing', audit.missing],
      ['duplicated', audit.duplicated],
      ['blocks', audit.blocks],
    ].map(
      ([what, value]): Row => ({
        name: `cluster/audit/${what}`,
        value: Number(value),
        unit: what === 'blocks' ? 'blocks' : 'transactions',
        conditions: `the whole ledger read back, the same head on all nodes, ${options.conditions}`,
      }),
    ),
  ];
}

function peakRows({ result, nodes, blocks }: Peak, base: string, verifications: number): Row[] {
  const { batch, inFlight } = peakLoad;
  const seconds = (result.elapsedMs / 1000).toFixed(1);
  const conditions = `${batch} transactions a request, ${inFlight} requests in flight over all nodes, ${seconds} s, ${base}`;
  const row = (name: string, value: number, unit: string): Row => {
    return { name: `cluster/${name}`, value: rounded(value), unit, conditions };
  };
  const rate = rateOf(result);
  // Every node verifies every signature once; that is all that a perfect implementation would have to do.
  const limit = (verifications * coreCount) / nodes.length;
  return [
    row('throughput', rate, 'tx/s'),
    row('machine-limit/verifications', verifications, '1/s per core'),
    row('machine-limit/throughput', limit, 'tx/s'),
    row('machine-limit/ratio', rate / limit, 'of the limit'),
    row('transactions-per-block', result.committed / blocks, 'tx'),
    row('throughput/not-committed', failuresOf(result), 'transactions'),
    ...latencyRows(result, 'batches', row),
    ...nodes.flatMap(({ role, cpuSeconds, waitSeconds, memoryBytes }) => [
      row(`cpu/${role}`, cpuSeconds, 's'),
      ...(waitSeconds === undefined ? [] : [row(`cpu-wait/${role}`, waitSeconds, 's ready without a core')]),
      row(`cpu-per-1000/${role}`, (cpuSeconds * 1000) / result.committed, 's per 1,000 tx'),
      row(`memory-peak/${role}`, memoryBytes / (1024 * 1024), 'MiB'),
    ]),
  ];
}

function singleRows({ inFlight, result }: Single, roles: readonly string[], base: string): Row[] {
  const seconds = (result.elapsedMs / 1000).toFixed(1);
  const conditions = `1 transaction a request, ${inFlight} in flight over all nodes, ${seconds} s, ${base}`;
  const row = (name: string, value: number, unit: string): Row => {
    return { name: `cluster/${name}`, value: rounded(value), unit, conditions };
  };
  return [
    row(`throughput/${inFlight}`, rateOf(result), 'tx/s'),
    ...latencyRows(result, String(inFlight), row),
    ...roles.map((role, place) => row(`latency-p50/${inFlight}/${role}`, result.nodeP50Ms[place] ?? 0, 'ms')),
    row(`throughput/${inFlight}/not-committed`, failuresOf(result), 'transactions'),
  ];
}

function latencyRows(
  { latencyMs }: RunResult,
  load: string,
  row: (name: string, value: number, unit: string) => Row,
): Row[] {
  return (['p50', 'p95', 'p99'] as const).map((rank) => row(`latency-${rank}/${load}`, latencyMs[rank], 'ms'));
}

function rateOf({ committed, elapsedMs }: RunResult): number {
  return (committed * 1000) / elapsedMs;
}

function failuresOf({ failures }: RunResult): number {
  return Object.values(failures).reduce((sum, count) => sum + count, 0);
}
