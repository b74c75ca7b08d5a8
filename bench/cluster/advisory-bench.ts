import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { present, toHex, utf8 } from '../../src/base/index.ts';
import { diskConditions, machineConditions } from '../machine.ts';
import { type Bench, type Row, rounded } from '../rows.ts';
import { type Percentiles, percentilesOf } from '../statistics.ts';
import { AskedSubjects } from '../workload/asked-subjects.ts';
import { Cluster } from './cluster.ts';
import { Connection } from './connection.ts';
import { Load } from './load.ts';

const askedPerSecond = 500;
const consentsEach = 10;
const subjectCount = 150;
const connectionsPerNode = 8;
const revocations = 30;
const peakSeconds = 5;
const warmUpSeconds = 20;

/**
 * Advisory decisions over HTTP while the ledger is under a quarter of the load that it takes, measured in the same run; and
 * whether a revocation holds in the first decision after it was acknowledged, on every node.
 */
export const advisory: Bench = async ({ seconds, progress, signal }) => {
  const directory = mkdtempSync(join(tmpdir(), 'assent-bench-'));
  const nodes = await Cluster.start({ directory, nodeCount: 3, signal });
  const ledgerId = nodes.genesis.ledgerId;
  const urls = nodes.nodes.map(({ url }) => url);
  const load = new Load({ urls, ledgerId: toHex(ledgerId), subjectCount: 1000, kind: 'consent.grant' }, signal);
  try {
    progress('enrolling …');
    await load.call('enrol', null);
    const subjects = new AskedSubjects(present(urls[0], 'there are nodes'), ledgerId);
    await subjects.enrol(subjectCount, consentsEach);
    progress('the most that the ledger takes …');
    await load.call('sign', { count: 5000 * peakSeconds });
    const peak = await load.call('run', { inFlight: 9, batch: 200, seconds: peakSeconds });
    const ratePerSecond = Math.round((peak.committed * 1000) / peak.elapsedMs / 4);
    const running = warmUpSeconds + 2 * seconds + 60;
    await load.call('sign', { count: ratePerSecond * running });
    progress(`${askedPerSecond} decisions/s beside ${ratePerSecond} tx/s …`);
    const background = load.call('run', { inFlight: 6, batch: 20, seconds: running, ratePerSecond });
    const asker = await Asker.open(urls, subjects);
    await asker.run('linearizable', warmUpSeconds);
    const linearizable = await asker.run('linearizable', seconds);
    const local = await asker.run('local', seconds);
    progress('revocations …');
    const stale = await staleAfterRevocation(urls, subjects);
    if (stale > 0) throw new Error(`${stale} decisions of ${3 * revocations} permitted after a revocation`);
    asker.close();
    const conditions =
      `${askedPerSecond}/s to 3 nodes, one record of a patient with ${consentsEach} consents each, from the time at which ` +
      `each was due; beside it ${ratePerSecond} tx/s of consent.grant, a quarter of ${ratePerSecond * 4}; ` +
      `${diskConditions(directory)}, ${machineConditions()}`;
    void background.catch(() => undefined);
    return [
      ...rowsOf('linearizable', linearizable, conditions),
      ...rowsOf('local', local, conditions),
      { name: 'advisory/stale-after-revocation', value: stale, unit: `of ${3 * revocations} decisions`, conditions },
    ];
  } finally {
    load.stop();
    await nodes.stop();
    rmSync(directory, { recursive: true, force: true });
  }
};

function rowsOf(name: string, latencyMs: Percentiles, conditions: string): Row[] {
  return (['p50', 'p95', 'p99'] as const).map((rank): Row => {
    return { name: `advisory/${name}/${rank}`, value: rounded(latencyMs[rank], 3), unit: 'ms', conditions };
  });
}

/** Asks at a steady rate, whether answers come or not, over kept-alive connections. */
class Asker {
  readonly #free: Connection[];
  readonly #subjects: AskedSubjects;

  private constructor(connections: Connection[], subjects: AskedSubjects) {
    this.#free = connections;
    this.#subjects = subjects;
  }

  static async open(urls: readonly string[], subjects: AskedSubjects): Promise<Asker> {
    const all = Array.from({ length: connectionsPerNode }, () => urls.map((url) => Connection.open(url))).flat();
    return new Asker(await Promise.all(all), subjects);
  }

  async run(consistency: 'linearizable' | 'local', seconds: number): Promise<Percentiles> {
    const latencies: number[] = [];
    const startMs = performance.now();
    const pending: Promise<void>[] = [];
    for (let count = 0; count < seconds * askedPerSecond; count++) {
      const dueMs = startMs + (count * 1000) / askedPerSecond;
      while (performance.now() < dueMs) await sleep(1);
      pending.push(this.#ask(count, consistency).then(() => void latencies.push(performance.now() - dueMs)));
    }
    await Promise.all(pending);
    return percentilesOf(latencies);
  }

  close(): void {
    for (const connection of this.#free) connection.close();
  }

  async #ask(count: number, consistency: string): Promise<void> {
    while (this.#free.length === 0) await sleep(1);
    const connection = present(this.#free.shift(), 'one is free');
    const body = utf8(JSON.stringify(this.#subjects.question(count)));
    const { status, body: reply } = await connection.post(
      `/v1/decisions?consistency=${consistency}`,
      'application/json',
      body,
    );
    if (status !== 200) throw new Error(`a decision ended with ${status}: ${reply}`);
    this.#free.push(connection);
  }
}

/** Decisions that permit though the subject's only permit was revoked before they were asked for. */
async function staleAfterRevocation(urls: readonly string[], subjects: AskedSubjects): Promise<number> {
  let stale = 0;
  const ask = async (url: string, place: number): Promise<string> => {
    const body = JSON.stringify(subjects.question(place));
    const headers = { 'content-type': 'application/json' };
    const reply = await fetch(`${url}/v1/decisions`, { method: 'POST', headers, body });
    return ((await reply.json()) as { decision: string }).decision;
  };
  for (let place = 0; place < revocations; place++) {
    const consent = await subjects.permit(place);
    const before = await Promise.all(urls.map((url) => ask(url, place)));
    if (before.some((decision) => decision !== 'permit')) throw new Error(`not permitted: ${before.join(', ')}`);
    await subjects.revoke(place, consent, present(urls[place % urls.length], 'there are nodes'));
    const after = await Promise.all(urls.map((url) => ask(url, place)));
    stale += after.filter((decision) => decision === 'permit').length;
  }
  return stale;
}
