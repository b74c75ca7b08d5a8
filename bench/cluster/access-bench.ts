import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { toHex } from '../../src/base/index.ts';
import { diskConditions, machineConditions } from '../machine.ts';
import { printProfiles } from '../profile.ts';
import { type Bench, type BenchOptions, type Row, rounded } from '../rows.ts';
import type { BatchSize } from '../workload/workload.ts';
import { Cluster } from './cluster.ts';
import { measureRun, type Run } from './cluster-measures.ts';
import { Load } from './load.ts';
import type { ProvedAccesses } from './load-messages.ts';

const nodeCount = 3;
const subjectCount = 3000;
/** One at each node. */
const inFlight = nodeCount;
/** Node compiles what a batch runs through for longer than the first seconds; a node is up for months. */
const warmUpSeconds = 20;
/** Of what the warm-up says: signed beforehand, so that the load does not run dry. */
const signedShare = 1.5;

interface Scenario {
  readonly name: string;
  readonly size: BatchSize;
  /** Accesses a second that this project demands of itself on a machine that does nothing else. */
  readonly bar: number;
}

const scenarios: readonly Scenario[] = [
  { name: 'distinct', size: { entries: 1000, perSubject: 1 }, bar: 8000 },
  { name: '50-a-subject', size: { entries: 1000, perSubject: 50 }, bar: 20_000 },
];

/**
 * Logged accesses, decided in batches by three nodes: each a process with the production daemon's defaults, over HTTP. At
 * the end every entry of every log is read back with its proof of inclusion, and verified.
 */
export const access: Bench = async (options) => {
  const { progress, signal, profileDirectory } = options;
  const directory = mkdtempSync(join(tmpdir(), 'assent-bench-'));
  const profiles = profileDirectory === undefined ? undefined : resolve(profileDirectory);
  if (profiles !== undefined) mkdirSync(profiles, { recursive: true });
  try {
    const machine = `${diskConditions(directory)}, ${machineConditions()}`;
    progress(`starting ${nodeCount} nodes …`);
    const given = profiles === undefined ? {} : { profileDirectory: profiles };
    const nodes = await Cluster.start({ directory, nodeCount, signal, ...given });
    const measured = await underLoad(nodes, options).finally(() => nodes.stop());
    for (const { run, scenario } of measured.runs) {
      if (profiles !== undefined) progress(`\n${scenario.name}`);
      if (profiles !== undefined) printProfiles(profiles, run, progress);
    }
    progress(measured.runs.map(verdictOn).join('\n'));
    const conditions = `${nodeCount} nodes, ${subjectCount} subjects with a consent and the gateway's result for it, ${machine}`;
    return [...measured.runs.flatMap((one) => rowsOf(one, conditions)), ...proofRows(measured.proofs, conditions)];
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
};

interface Measured {
  readonly scenario: Scenario;
  readonly run: Run;
}

async function underLoad(
  nodes: Cluster,
  { seconds, progress, signal }: BenchOptions,
): Promise<{ readonly runs: readonly Measured[]; readonly proofs: ProvedAccesses }> {
  const urls = nodes.nodes.map(({ url }) => url);
  const plan = { urls, ledgerId: toHex(nodes.genesis.ledgerId), subjectCount, kind: 'access.record' } as const;
  const load = new Load(plan, signal);
  try {
    progress(`linking ${subjectCount} subjects, each with a consent …`);
    await load.call('enrol', null);
    await load.call('consents', null);
    const runs: Measured[] = [];
    for (const scenario of scenarios) {
      const { name, size, bar } = scenario;
      const sign = (perSecond: number, forSeconds: number): Promise<unknown> =>
        load.call('sign', { count: Math.ceil((perSecond * forSeconds) / size.entries), accesses: size });
      progress(`${name}: warming up for ${warmUpSeconds} s …`);
      await sign(bar, warmUpSeconds);
      const { accesses, elapsedMs } = await load.call('run', { inFlight, batch: 1, seconds: warmUpSeconds });
      progress(`${name}: signing …`);
      await sign((signedShare * accesses * 1000) / elapsedMs, seconds);
      progress(`${name}: for ${seconds} s …`);
      const run = await measureRun(nodes, () => load.call('run', { inFlight, batch: 1, seconds }));
      runs.push({ scenario, run });
    }
    progress('reading every log back with its proofs …');
    const proofs = await load.call('prove', null);
    if (proofs.failed > 0 || proofs.proved < proofs.acknowledged)
      throw new Error(`the logs are not what clients were told: ${JSON.stringify(proofs)}`);
    const audit = await load.call('audit', null);
    if (audit.missing > 0 || audit.duplicated > 0 || !audit.sameHead)
      throw new Error(`the ledger is not what clients were told: ${JSON.stringify(audit)}`);
    return { runs, proofs };
  } finally {
    load.stop();
  }
}

function rateOf({ result }: Run): number {
  return (result.accesses * 1000) / result.elapsedMs;
}

function verdictOn({ scenario, run }: Measured): string {
  const rate = rateOf(run);
  return `bar of ${scenario.bar} accesses/s, ${scenario.name}: ${rounded(rate)}, ${rate >= scenario.bar ? 'met' : 'missed'}`;
}

function rowsOf({ scenario: { name, size }, run }: Measured, base: string): Row[] {
  const { result, nodes, blocks } = run;
  const seconds = (result.elapsedMs / 1000).toFixed(1);
  const conditions =
    `batches of ${size.entries} accesses, ${size.perSubject} of each subject, by 40 clinicians a hospital, one batch a ` +
    `request, ${inFlight} requests in flight over all nodes, ${seconds} s, ${base}`;
  const row = (what: string, value: number, unit: string): Row => {
    return { name: `access/${name}/${what}`, value: rounded(value), unit, conditions };
  };
  const failures = Object.values(result.failures).reduce((sum, count) => sum + count, 0);
  return [
    row('throughput', rateOf(run), 'logged accesses/s'),
    row('blocks', blocks, 'blocks'),
    row('not-committed', failures, 'batches'),
    ...(['p50', 'p95', 'p99'] as const).map((rank) => row(`latency-${rank}`, result.latencyMs[rank], 'ms a batch')),
    ...nodes.flatMap(({ role, cpuSeconds, waitSeconds, memoryBytes }) => [
      row(`cpu-per-1000/${role}`, (cpuSeconds * 1000) / result.accesses, 's per 1,000 accesses'),
      ...(waitSeconds === undefined ? [] : [row(`cpu-wait/${role}`, waitSeconds, 's ready without a core')]),
      row(`memory-peak/${role}`, memoryBytes / (1024 * 1024), 'MiB'),
    ]),
  ];
}

function proofRows({ acknowledged, proved, provedInBatch, failed }: ProvedAccesses, base: string): Row[] {
  const conditions = `every log read back with the proofs of its entries, and the whole ledger with the same head on all nodes, ${base}`;
  const row = (name: string, value: number): Row => {
    return { name: `access/proofs/${name}`, value, unit: 'accesses', conditions };
  };
  return [
    row('acknowledged', acknowledged),
    row('verified', proved),
    row('verified-in-batch', provedInBatch),
    row('failed', failed),
  ];
}
