import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { toHex } from '../../src/base/index.ts';
import { diskConditions, machineConditions, verificationRate } from '../machine.ts';
import { printProfiles } from '../profile.ts';
import type { Bench, BenchOptions } from '../rows.ts';
import { Cluster } from './cluster.ts';
import { type Measured, measurePeak, measureSingles } from './cluster-measures.ts';
import { rowsOf, verdictOn } from './cluster-rows.ts';
import { Load } from './load.ts';

const nodeCount = 3;
const subjectCount = 3000;

/**
 * Three nodes, each a process with the production daemon's defaults and a database on this machine's disk, under load
 * from a fourth process over HTTP. At the end the ledger is read back and compared with what clients were told.
 */
export const cluster: Bench = async (options) => {
  const directory = mkdtempSync(join(tmpdir(), 'assent-bench-'));
  try {
    const profileDirectory = profileDirectoryOf(options);
    const machine = `${diskConditions(directory)}, ${machineConditions()}`;
    const verifications = verificationRate(1);
    options.progress(`starting ${nodeCount} nodes …`);
    const nodes = await Cluster.start({ directory, nodeCount, signal: options.signal, ...profileDirectory });
    let measured: Measured;
    try {
      measured = await underLoad(nodes, options);
    } finally {
      await nodes.stop();
    }
    if (profileDirectory !== undefined) {
      printProfiles(profileDirectory.profileDirectory, measured.peak, options.progress);
    }
    options.progress(verdictOn(measured));
    return rowsOf(measured, { conditions: `${nodeCount} nodes, ${options.kind}, ${machine}`, verifications });
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
};

async function underLoad(nodes: Cluster, options: BenchOptions): Promise<Measured> {
  const { progress, signal, kind } = options;
  const urls = nodes.nodes.map(({ url }) => url);
  const load = new Load({ urls, ledgerId: toHex(nodes.genesis.ledgerId), subjectCount, kind }, signal);
  try {
    progress(`linking ${subjectCount} subjects …`);
    await load.call('enrol', null);
    const singles = await measureSingles(load, options);
    const peak = await measurePeak(nodes, load, options);
    progress('reading the ledger back …');
    const audit = await load.call('audit', null);
    const { missing, duplicated, sameHead } = audit;
    if (missing > 0 || duplicated > 0 || !sameHead) {
      throw new Error(`the ledger is not what clients were told: ${JSON.stringify(audit)}`);
    }
    return { singles, peak, audit };
  } finally {
    load.stop();
  }
}

function profileDirectoryOf({ profileDirectory }: BenchOptions): { profileDirectory: string } | undefined {
  if (profileDirectory === undefined) return undefined;
  const path = resolve(profileDirectory);
  mkdirSync(path, { recursive: true });
  return { profileDirectory: path };
}
