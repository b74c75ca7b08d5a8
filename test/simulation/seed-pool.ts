import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { checkFits } from './mutant-hook.ts';
import type { SeedFailure, SeedReport } from './report.ts';

const seedProcess = fileURLToPath(new URL('./seed-process.ts', import.meta.url));

/** A seed that takes longer does not end by itself. */
const seedTimeoutMs = 120_000;

/**
 * Runs the seeds in child processes and calls back for each, in the order in which they end. Gives up after
 * `failuresMax` failures.
 */
export async function runSeeds(options: {
  readonly from: number;
  readonly count: number;
  readonly processes: number;
  readonly failuresMax: number;
  /** Name of a rule to break; see mutants.ts. */
  readonly mutant?: string;
  readonly onReport: (report: SeedReport) => void;
}): Promise<void> {
  let next = options.from;
  let failures = 0;
  const end = options.from + options.count;
  const takeSeed = (): number | undefined => (next < end && failures < options.failuresMax ? next++ : undefined);
  const onReport = (report: SeedReport): void => {
    if (report.failure !== undefined) failures += 1;
    options.onReport(report);
  };
  const runners = Array.from({ length: Math.min(options.processes, options.count) }, () =>
    runOne(takeSeed, onReport, options.mutant),
  );
  await Promise.all(runners);
}

/**
 * Runs a mutant until an invariant breaks. Answers which, and the lowest seed that breaks one; undefined when none does.
 * Seeds are begun in order and each is finished, so the answer does not depend on the processes.
 */
export async function catchMutant(options: {
  readonly mutant: string;
  readonly from: number;
  readonly count: number;
  readonly processes: number;
}): Promise<{ readonly seed: number; readonly invariant: string; readonly message: string } | undefined> {
  checkFits(options.mutant);
  let caught: (SeedFailure & { readonly seed: number }) | undefined;
  const onReport = ({ seed, failure }: SeedReport): void => {
    if (failure !== undefined && (caught === undefined || seed < caught.seed)) caught = { ...failure, seed };
  };
  await runSeeds({ ...options, failuresMax: 1, onReport });
  return caught && { seed: caught.seed, invariant: caught.invariant, message: caught.message };
}

/** Feeds one child after another until no seed is left; a child that dies or hangs costs its seed, not the run. */
async function runOne(
  takeSeed: () => number | undefined,
  onReport: (report: SeedReport) => void,
  mutant: string | undefined,
): Promise<void> {
  const env = mutant === undefined ? process.env : { ...process.env, ASSENT_MUTANT: mutant };
  let child: ChildProcess | undefined;
  for (let seed = takeSeed(); seed !== undefined; seed = takeSeed()) {
    child ??= fork(seedProcess, { env, stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
    const report = await askFor(child, seed);
    if (report.failure?.invariant === 'the process survives') child = undefined;
    onReport(report);
  }
  child?.disconnect();
}

function askFor(child: ChildProcess, seed: number): Promise<SeedReport> {
  return new Promise((resolve) => {
    const finish = (report: SeedReport): void => {
      clearTimeout(timeout);
      child.removeAllListeners();
      resolve(report);
    };
    const timeout = setTimeout(() => {
      child.kill('SIGKILL');
      finish(lost(seed, `it did not end within ${seedTimeoutMs / 1000} s`));
    }, seedTimeoutMs);
    child.once('message', (report: SeedReport) => finish(report));
    child.once('exit', (code, signal) => finish(lost(seed, `its process ended with ${signal ?? code}`)));
    child.send(seed);
  });
}

function lost(seed: number, message: string): SeedReport {
  return {
    seed,
    events: 0,
    committedBlocks: 0,
    committedTransactions: 0,
    elections: 0,
    snapshots: 0,
    faults: {},
    faultSteps: [],
    durationMs: 0,
    traceHash: '',
    failure: { invariant: 'the process survives', message, atEvent: 0, stack: '' },
  };
}
