import { createWriteStream } from 'node:fs';
import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';
import { minimizeFaults } from '../test/simulation/minimize.ts';
import { mutants } from '../test/simulation/mutants.ts';
import { type FaultKind, faultsOf, optionsOfSeed } from '../test/simulation/options.ts';
import { addToTotals, describeFailure, emptyTotals, type SeedReport } from '../test/simulation/report.ts';
import { catchMutant, runSeeds } from '../test/simulation/seed-pool.ts';
import { simulateSeed } from '../test/simulation/simulate-seed.ts';
import { SeededRandom } from '../test/support/simulated-random.ts';

const usage = `npm run simulate -- [--seeds N] [--from S] [--processes P] | --seed S [--without F,…] [--only N,…] [--minimize] [--trace FILE] | --mutants [--from S] [--processes P]

  --seeds N      run N seeds (default 100)
  --from S       the first of them (default 1)
  --processes P  run them in P processes (default: one a core)
  --seed S       run one seed, here
  --without F,…  with --seed: leave out these kinds of faults
  --only N,…     with --seed: of the single faults, let only those with these numbers happen; "none" for none
  --minimize     with --seed: leave out every fault without which the seed still fails in the same way
  --trace FILE   with --seed: write what happens to FILE, one JSON object a line (docs/simulator.md)
  --mutants      break each of a list of rules in turn; every one must be caught within its number of seeds`;

const { values } = parseArgs({
  options: {
    seeds: { type: 'string', default: '100' },
    from: { type: 'string', default: '1' },
    processes: { type: 'string', default: String(availableParallelism()) },
    seed: { type: 'string' },
    trace: { type: 'string' },
    without: { type: 'string' },
    only: { type: 'string' },
    minimize: { type: 'boolean', default: false },
    mutants: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});

if (values.help) {
  console.log(usage);
} else if (values.seed !== undefined && values.minimize) {
  process.exitCode = await minimizeOne(Number(values.seed));
} else if (values.seed !== undefined) {
  const without = faultKinds(Number(values.seed), values.without);
  const only = values.only === 'none' ? [] : values.only?.split(',');
  process.exitCode = await runOne(Number(values.seed), values.trace, { without, only });
} else if (values.mutants) {
  process.exitCode = await runMutants(Number(values.from), Number(values.processes));
} else {
  process.exitCode = await runMany(Number(values.from), Number(values.seeds), Number(values.processes));
}

/** Throws for a name that is no fault of this seed. */
function faultKinds(seed: number, names: string | undefined): FaultKind[] {
  if (names === undefined) return [];
  const kinds = faultsOfSeed(seed);
  return names.split(',').map((name) => {
    const kind = kinds.find((known) => known === name);
    if (kind === undefined) throw new Error(`seed ${seed} has the faults ${kinds.join()}, and no "${name}"`);
    return kind;
  });
}

function faultsOfSeed(seed: number): FaultKind[] {
  return faultsOf(optionsOfSeed(seed, new SeededRandom(seed).fork('options')));
}

async function minimizeOne(seed: number): Promise<number> {
  const minimized = await minimizeFaults(faultsOfSeed(seed), (without, only) => simulateSeed(seed, { without, only }));
  if (minimized === undefined) {
    console.log(`seed ${seed}: passed`);
    return 0;
  }
  const { report, without, needed, steps, isMinimal } = minimized;
  console.log(`kinds of faults that are needed: ${needed.join(', ') || 'none'}`);
  console.log(`single faults that are left${isMinimal ? '' : ', perhaps more than are needed'}: ${steps.length}`);
  for (const { id, act, ms } of steps) console.log(`  ${id.padStart(5)}  ${ms.toFixed(3).padStart(10)} ms  ${act}`);
  console.log(describeFailure(report, { without, only: steps.map((step) => step.id) }));
  return 1;
}

async function runOne(
  seed: number,
  traceFile: string | undefined,
  leftOut: { readonly without: readonly FaultKind[]; readonly only: readonly string[] | undefined },
): Promise<number> {
  const trace = traceFile === undefined ? undefined : createWriteStream(traceFile);
  const report = await simulateSeed(seed, {
    ...leftOut,
    ...(trace === undefined ? {} : { trace: (line) => trace.write(`${line}\n`) }),
  });
  trace?.end();
  const { faultSteps: _inTheTrace, ...summary } = report;
  console.log(JSON.stringify(summary, undefined, 2));
  if (report.failure === undefined) return 0;
  console.error(describeFailure(report, leftOut));
  console.error(report.failure.stack);
  return 1;
}

async function runMany(from: number, count: number, processes: number): Promise<number> {
  const totals = emptyTotals();
  const failed: SeedReport[] = [];
  const startedMs = performance.now();
  await runSeeds({
    from,
    count,
    processes,
    failuresMax: 20,
    onReport: (report) => {
      addToTotals(totals, report);
      if (report.failure !== undefined) {
        failed.push(report);
        console.error(describeFailure(report));
      }
      if (totals.seeds % 50 === 0 || totals.seeds === count) console.error(`${totals.seeds} of ${count} seeds`);
    },
  });
  const seconds = (performance.now() - startedMs) / 1000;
  const faults = Object.entries(totals.faults).map(([name, number]) => `${name} ${number}`);
  console.log(
    [
      `seeds         ${totals.seeds} (${failed.length} failed)`,
      `events        ${totals.events}`,
      `commits       ${totals.committedBlocks} blocks, ${totals.committedTransactions} transactions`,
      `elections     ${totals.elections}`,
      `snapshots     ${totals.snapshots}`,
      `faults        ${faults.join(', ')}`,
      `duration      ${seconds.toFixed(1)} s, ${((seconds * processes * 1e6) / Math.max(1, totals.events)).toFixed(0)} µs an event and process`,
    ].join('\n'),
  );
  return failed.length === 0 ? 0 : 1;
}

/** Every broken rule must break an invariant; one that does not shows what the simulator cannot see. */
async function runMutants(from: number, processes: number): Promise<number> {
  let survivors = 0;
  const width = Math.max(...mutants.map(({ name }) => name.length));
  const printRow = (...[rule, seeds, within, invariant]: readonly string[]): void =>
    console.log(`${rule?.padEnd(width)}  ${seeds?.padStart(5)}  ${within?.padStart(6)}  ${invariant}`);
  printRow('broken rule', 'seeds', 'within', 'invariant that caught it');
  for (const { name, seedsMax } of mutants) {
    const caught = await catchMutant({ mutant: name, from, count: seedsMax, processes });
    if (caught === undefined) survivors += 1;
    const seeds = caught === undefined ? '-' : String(caught.seed - from + 1);
    printRow(name, seeds, String(seedsMax), caught?.invariant ?? 'SURVIVED');
  }
  console.log(`${mutants.length - survivors} of ${mutants.length} broken rules caught`);
  return survivors === 0 ? 0 : 1;
}
