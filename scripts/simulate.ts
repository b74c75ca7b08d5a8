import { createWriteStream } from 'node:fs';
import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';
import { mutants } from '../test/simulation/mutants.ts';
import { addToTotals, describeFailure, emptyTotals, type SeedReport } from '../test/simulation/report.ts';
import { catchMutant, runSeeds } from '../test/simulation/seed-pool.ts';
import { simulateSeed } from '../test/simulation/simulate-seed.ts';

const usage = `npm run simulate -- [--seeds N] [--from S] [--processes P] | --seed S [--trace FILE] | --mutants

  --seeds N      run N seeds (default 100)
  --from S       the first of them (default 1)
  --processes P  run them in P processes (default: one a core)
  --seed S       run one seed, here
  --trace FILE   with --seed: write every event and packet to FILE
  --mutants      break each of a list of rules in turn; every one must be caught within N seeds`;

const { values } = parseArgs({
  options: {
    seeds: { type: 'string', default: '100' },
    from: { type: 'string', default: '1' },
    processes: { type: 'string', default: String(availableParallelism()) },
    seed: { type: 'string' },
    trace: { type: 'string' },
    mutants: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});

if (values.help) {
  console.log(usage);
} else if (values.seed !== undefined) {
  process.exitCode = await runOne(Number(values.seed), values.trace);
} else if (values.mutants) {
  process.exitCode = await runMutants(Number(values.from), Number(values.seeds), Number(values.processes));
} else {
  process.exitCode = await runMany(Number(values.from), Number(values.seeds), Number(values.processes));
}

async function runOne(seed: number, traceFile: string | undefined): Promise<number> {
  const trace = traceFile === undefined ? undefined : createWriteStream(traceFile);
  const report = await simulateSeed(seed, trace === undefined ? {} : { trace: (line) => trace.write(`${line}\n`) });
  trace?.end();
  console.log(JSON.stringify(report, undefined, 2));
  if (report.failure === undefined) return 0;
  console.error(describeFailure(report));
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
      `faults        ${faults.join(', ')}`,
      `duration      ${seconds.toFixed(1)} s, ${((seconds * processes * 1e6) / Math.max(1, totals.events)).toFixed(0)} µs an event and process`,
    ].join('\n'),
  );
  return failed.length === 0 ? 0 : 1;
}

/** Every broken rule must break an invariant; one that does not shows what the simulator cannot see. */
async function runMutants(from: number, count: number, processes: number): Promise<number> {
  let survivors = 0;
  for (const { name } of mutants) {
    const result = await catchMutant({ mutant: name, from, count, processes });
    if (result === undefined) survivors += 1;
    const verdict = result === undefined ? `SURVIVED ${count} seeds` : `seed ${result.seeds}: ${result.invariant}`;
    console.log(`${name.padEnd(56)} ${verdict}`);
  }
  return survivors === 0 ? 0 : 1;
}
