import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { present, toHex, utf8 } from '../../src/base/index.ts';
import { AssentClient } from '../../src/client/index.ts';
import { coreCount, diskConditions, machineConditions } from '../machine.ts';
import { printProfiles } from '../profile.ts';
import { type Bench, type BenchOptions, type Row, rounded } from '../rows.ts';
import { type Percentiles, percentilesOf } from '../statistics.ts';
import { AskedSubjects } from '../workload/asked-subjects.ts';
import { Asker, type Request } from './asker.ts';
import { Cluster } from './cluster.ts';
import { measureRun, peakLoad, type Run } from './cluster-measures.ts';
import { Load } from './load.ts';
import type { RunResult } from './load-messages.ts';
import { MachineServer } from './machine-server.ts';
import { goFirst, usageOf } from './processes.ts';

const askedPerSecond = 500;
const consentsEach = 10;
const subjectCount = 150;
const revocations = 30;
/** Who sends load: so many that nobody has more than some ten consents, which each further grant has to look at. */
const loadSubjectCount = 6000;
/** The ledger at its most: first until what it runs is compiled, then measured. */
const peak = { seconds: 5, signedPerSecond: 4000 } as const;
/** Until what answers is compiled: Node does that after some ten thousand calls, and a node is up for months. */
const warmUp = { askedPerSecond: 1500, seconds: 10 } as const;
/** Again beside the load. */
const warmUpSeconds = 10;
/** What the machine and the asker cost: the same requests a second to a process beside the nodes that does nothing. */
const machine = 'machine';
/** The same, and the process asks another one that does nothing before it answers. */
const twoMachines = 'two-machines';
const consistencies = ['in-force', 'linearizable', 'local'] as const;
/** What a request to a node costs where nothing is decided. */
const floor = 'floor';
/** Before the load begins. */
const alone = 'alone';
/** In force, about somebody who was not asked about before. */
const stranger = 'stranger';
const strangerSeconds = 4;
/**
 * Whoever asks, and a ledger's load, are on other machines. Here the asker comes first, so that what it waits for is the
 * nodes and not its own turn, and the load's process has what the others leave. Niceness alone does not do it: for up to
 * a tick of the scheduler whoever has a core keeps it. See {@link goFirst}.
 */
const niceness = { nodes: 10, load: 15 } as const;

/**
 * Advisory decisions over HTTP while the ledger is under a quarter of the load that it takes, measured in the same run; and
 * whether a revocation holds on every node in the first decision after it was acknowledged.
 */
export const advisory: Bench = async (options) => {
  const directory = mkdtempSync(join(tmpdir(), 'assent-bench-'));
  const profiles = options.profileDirectory === undefined ? undefined : resolve(options.profileDirectory);
  if (profiles !== undefined) mkdirSync(profiles, { recursive: true });
  try {
    const system = `${diskConditions(directory)}, ${machineConditions()}`;
    const given = profiles === undefined ? {} : { profileDirectory: profiles };
    const nodes = await Cluster.start({
      directory,
      nodeCount: 3,
      niceness: niceness.nodes,
      signal: options.signal,
      ...given,
    });
    const { runs, revoked, ratePerSecond, isFirst } = await underLoad(nodes, options).finally(() => nodes.stop());
    for (const [name, run] of runs) {
      if (profiles !== undefined) options.progress(`\n${name}`);
      if (profiles !== undefined) printProfiles(profiles, run, options.progress);
    }
    const conditions =
      `${askedPerSecond}/s to 3 nodes in turn, one record of a patient with ${consentsEach} consents each, from the time ` +
      `at which each was due (${floor}: GET /healthz instead; ${machine}: GET of a process that does nothing, ${twoMachines}: that asks another one first; ${alone}: ` +
      `without load; ${stranger}: each patient once); beside it ${ratePerSecond} tx/s of consent.grant, a quarter of ${ratePerSecond * 4}; ` +
      `${isFirst ? 'SCHED_FIFO' : 'niceness 0'} of the asker, niceness ${niceness.nodes} of nodes and ${machine}, ${niceness.load} of the load's sender; ${system}`;
    const revoking =
      'asked once the commit was acknowledged, in-force once the submission was answered, local once all nodes said that they applied it; ';
    return [
      ...[...runs].flatMap(([name, run]) => rowsOf(name, run, conditions)),
      ...[...revoked].flatMap(([consistency, one]) => revocationRows(consistency, one, revoking + conditions)),
    ];
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
};

interface Measured {
  readonly runs: ReadonlyMap<string, Run<Asked>>;
  readonly revoked: ReadonlyMap<string, Revoked>;
  readonly ratePerSecond: number;
  /** Whether the asker ran as soon as it was ready. */
  readonly isFirst: boolean;
}

async function underLoad(nodes: Cluster, { seconds, progress, signal }: BenchOptions): Promise<Measured> {
  const { ledgerId } = nodes.genesis;
  const urls = nodes.nodes.map(({ url }) => url);
  const plan = { urls, ledgerId: toHex(ledgerId), subjectCount: loadSubjectCount, kind: 'consent.grant' } as const;
  const load = new Load(plan, signal, niceness.load);
  const server = await MachineServer.start(niceness.nodes);
  const askingServer = await MachineServer.start(niceness.nodes, server);
  const askers: Asker[] = [];
  // Comes last of what starts processes, which would have it from this one.
  const giveUpFirst = goFirst();
  try {
    progress('enrolling …');
    await load.call('enrol', null);
    const subjects = new AskedSubjects(present(urls[0], 'there are nodes'), ledgerId);
    await subjects.enrol(subjectCount, consentsEach);
    const strangers = new AskedSubjects(present(urls[0], 'there are nodes'), ledgerId);
    await strangers.enrol(strangerSeconds * askedPerSecond, consentsEach);
    progress('the most that the ledger takes …');
    await load.call('sign', { count: 2 * peak.signedPerSecond * peak.seconds });
    await load.call('run', { ...peakLoad, seconds: peak.seconds });
    const { committed, elapsedMs, failures } = await load.call('run', { ...peakLoad, seconds: peak.seconds });
    if (Object.keys(failures).length > 0) throw new Error(`not committed: ${JSON.stringify(failures)}`);
    const ratePerSecond = Math.round((committed * 1000) / elapsedMs / 4);
    const running = consistencies.length * warmUpSeconds + 6 * seconds + strangerSeconds + 60;
    await load.call('sign', { count: ratePerSecond * running });
    const asker = await Asker.open(urls);
    const machineAsker = await Asker.open([server.url]);
    const twoAsker = await Asker.open([askingServer.url]);
    askers.push(asker, machineAsker, twoAsker);
    const decide = decisionOf(subjects);
    const runs = new Map<string, Run<Asked>>();
    const measure = async (
      name: string,
      request: Request,
      ratePerSecond = 0,
      { who = asker, forSeconds = seconds } = {},
    ): Promise<void> => {
      progress(`${name}, for ${forSeconds} s …`);
      runs.set(name, await measureRun(nodes, () => askedBeside({ load, ratePerSecond }, who, request, forSeconds)));
    };
    progress('warming up …');
    for (const consistency of consistencies)
      await asker.run(decide(consistency), warmUp.askedPerSecond, warmUp.seconds);
    await measure(`${alone}/${floor}`, healthz);
    for (const consistency of ['in-force', 'linearizable'])
      await measure(`${alone}/${consistency}`, decide(consistency));
    progress(`${askedPerSecond} decisions/s beside ${ratePerSecond} tx/s …`);
    for (const consistency of consistencies)
      await askedBeside({ load, ratePerSecond }, asker, decide(consistency), warmUpSeconds);
    await measure(machine, root, ratePerSecond, { who: machineAsker });
    await measure(twoMachines, root, ratePerSecond, { who: twoAsker });
    await measure(floor, healthz, ratePerSecond);
    for (const consistency of consistencies) await measure(consistency, decide(consistency), ratePerSecond);
    await measure(stranger, decisionOf(strangers)('in-force'), ratePerSecond, { forSeconds: strangerSeconds });
    progress('revocations …');
    const background = sendLoad({ load, ratePerSecond }, 60);
    // It is ended with the load's process, and tells by then that this has ended.
    void background?.catch(() => undefined);
    const revoked = new Map<string, Revoked>();
    for (const consistency of consistencies) {
      const one = await revoke(urls, subjects, consistency);
      if (one.stale > 0) throw new Error(`${one.stale} ${consistency} decisions permitted after a revocation`);
      revoked.set(consistency, one);
    }
    return { runs, revoked, ratePerSecond, isFirst: giveUpFirst !== undefined };
  } finally {
    giveUpFirst?.();
    for (const asker of askers) asker.close();
    server.stop();
    askingServer.stop();
    load.stop();
  }
}

/** What the asker was told, and what it and the load used beside the nodes. */
interface Asked {
  readonly latencyMs: Percentiles;
  /** Transactions a second that were committed meanwhile. */
  readonly committedPerSecond: number;
  readonly askerCpuSeconds: number;
  readonly loadCpuSeconds: number;
}

/** The load's process, and what it sends in a second; 0 for nothing. */
interface Beside {
  readonly load: Load;
  readonly ratePerSecond: number;
}

function sendLoad({ load, ratePerSecond }: Beside, seconds: number): Promise<RunResult> | undefined {
  return ratePerSecond === 0 ? undefined : load.call('run', { inFlight: 6, batch: 20, seconds, ratePerSecond });
}

async function askedBeside(beside: Beside, asker: Asker, request: Request, seconds: number): Promise<Asked> {
  const { load } = beside;
  const sending = sendLoad(beside, seconds);
  const before = { asker: usageOf(process.pid).cpuSeconds, load: usageOf(load.pid).cpuSeconds };
  const [latencyMs, sent] = await Promise.all([asker.run(request, askedPerSecond, seconds), sending]);
  return {
    latencyMs,
    committedPerSecond: sent === undefined ? 0 : (sent.committed * 1000) / sent.elapsedMs,
    askerCpuSeconds: usageOf(process.pid).cpuSeconds - before.asker,
    loadCpuSeconds: usageOf(load.pid).cpuSeconds - before.load,
  };
}

const healthz: Request = (connection) => connection.get('/healthz');
const root: Request = (connection) => connection.get('/');

function decisionOf(subjects: AskedSubjects): (consistency: string) => Request {
  const bodies = Array.from({ length: subjects.count }, (_, place) => utf8(JSON.stringify(subjects.question(place))));
  return (consistency) => (connection, count) => {
    const body = present(bodies[count % bodies.length], 'there are subjects');
    return connection.post(`/v1/decisions?consistency=${consistency}`, 'application/json', body);
  };
}

function rowsOf(name: string, { result, nodes, fromUs, toUs }: Run<Asked>, conditions: string): Row[] {
  const row = (what: string, value: number, unit: string): Row => {
    return { name: `advisory/${name}/${what}`, value: rounded(value, 3), unit, conditions };
  };
  const coreSeconds = ((toUs - fromUs) / 1_000_000) * coreCount;
  const share = (what: string, cpuSeconds: number): Row => row(`cpu/${what}`, cpuSeconds / coreSeconds, 'of all cores');
  const threads = new Map<string, number>();
  for (const { threadSeconds } of nodes) {
    for (const [thread, seconds] of threadSeconds) threads.set(thread, (threads.get(thread) ?? 0) + seconds);
  }
  return [
    ...(['p50', 'p95', 'p99'] as const).map((rank) => row(rank, result.latencyMs[rank], 'ms')),
    row('beside', result.committedPerSecond, 'tx/s'),
    share(
      'nodes',
      nodes.reduce((sum, { cpuSeconds }) => sum + cpuSeconds, 0),
    ),
    ...[...threads]
      .filter(([, seconds]) => seconds / coreSeconds > 0.005)
      .map(([thread, seconds]) => share(`nodes/${thread}`, seconds)),
    share('asker', result.askerCpuSeconds),
    share('load', result.loadCpuSeconds),
  ];
}

interface Revoked {
  /** Decisions that permit though the subject's only permit was revoked before they were asked for. */
  readonly stale: number;
  /** From the submission until every decision was asked for. */
  readonly toldMs: Percentiles;
}

/**
 * Asks all nodes after each revocation. In force: once the submission was answered, as it is by default. Linearizable: once
 * the commit was acknowledged. Local: once every node said that it has applied it.
 */
async function revoke(
  urls: readonly string[],
  subjects: AskedSubjects,
  consistency: (typeof consistencies)[number],
): Promise<Revoked> {
  let stale = 0;
  const toldMs: number[] = [];
  const ask = async (url: string, place: number): Promise<string> => {
    const body = JSON.stringify(subjects.question(place));
    const headers = { 'content-type': 'application/json' };
    const reply = await fetch(`${url}/v1/decisions?consistency=${consistency}`, { method: 'POST', headers, body });
    return ((await reply.json()) as { decision: string }).decision;
  };
  const everywhere = async (url: string, height: number): Promise<void> => {
    const reached = await new AssentClient({ nodes: [url] }).reach(height);
    if (!reached.everywhere) throw new Error(`not everywhere: ${JSON.stringify(reached)}`);
  };
  for (let place = 0; place < revocations; place++) {
    const url = present(urls[place % urls.length], 'there are nodes');
    const { id, height } = await subjects.permit(place);
    if (consistency === 'local') await everywhere(url, height);
    const before = await Promise.all(urls.map((each) => ask(each, place)));
    if (before.some((decision) => decision !== 'permit')) throw new Error(`not permitted: ${before.join(', ')}`);
    const startMs = performance.now();
    const wait = consistency === 'in-force' ? 'in-force' : 'committed';
    const revokedAt = await subjects.revoke(place, id, url, wait);
    if (consistency === 'local') await everywhere(url, revokedAt);
    toldMs.push(performance.now() - startMs);
    const after = await Promise.all(urls.map((each) => ask(each, place)));
    stale += after.filter((decision) => decision === 'permit').length;
  }
  return { stale, toldMs: percentilesOf(toldMs) };
}

function revocationRows(consistency: string, { stale, toldMs }: Revoked, conditions: string): Row[] {
  const name = `advisory/revocation/${consistency}`;
  return [
    { name: `${name}/stale`, value: stale, unit: `of ${3 * revocations} decisions`, conditions },
    { name: `${name}/told/p50`, value: rounded(toldMs.p50, 3), unit: 'ms', conditions },
    { name: `${name}/told/p95`, value: rounded(toldMs.p95, 3), unit: 'ms', conditions },
  ];
}
