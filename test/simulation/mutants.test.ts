import { expect, test } from 'vitest';
import { mutants } from './mutants.ts';
import { catchMutant } from './seed-pool.ts';

test('at least 25 rules are broken, each once', () => {
  const names = mutants.map(({ name }) => name);
  expect(new Set(names).size).toBe(names.length);
  expect(names.length).toBeGreaterThanOrEqual(25);
});

// Side by side: a process each, since half the time of most goes into its start.
test.concurrent.each(mutants.map(({ name, seedsMax }) => [name, seedsMax] as const))(
  'caught: %s, within %i seeds',
  {
    timeout: 10 * 60_000,
  },
  async (mutant, seedsMax) => {
    const caught = await catchMutant({ mutant, from: 1, count: seedsMax, processes: 1 });
    expect(caught?.invariant).toBeDefined();
    expect(caught?.invariant).not.toBe('the process survives');
  },
);
