import { availableParallelism } from 'node:os';
import { expect, test } from 'vitest';
import { addToTotals, describeFailure, emptyTotals } from './report.ts';
import { runSeeds } from './seed-pool.ts';

const seedCount = Number(process.env['ASSENT_SEEDS'] ?? 1000);

test(`${seedCount} seeds keep every invariant`, { timeout: 15 * 60_000 }, async () => {
  const totals = emptyTotals();
  const failures: string[] = [];
  await runSeeds({
    from: 1,
    count: seedCount,
    processes: availableParallelism(),
    failuresMax: 5,
    onReport: (report) => {
      addToTotals(totals, report);
      if (report.failure !== undefined) failures.push(describeFailure(report));
    },
  });
  expect(failures.join('\n')).toBe('');
  expect(totals.seeds).toBe(seedCount);
  // A simulator in which nothing happens would pass too.
  expect(totals.events).toBeGreaterThanOrEqual(seedCount * 5_000);
  expect(totals.committedTransactions).toBeGreaterThan(seedCount * 10);
});
