import { availableParallelism } from 'node:os';
import { configDefaults, defineConfig } from 'vitest/config';

/** Each uses every core by itself: beside other tests they would be slow, and those would wait. */
const simulation = ['test/simulation/seeds.test.ts', 'test/simulation/mutants.test.ts'];

export default defineConfig({
  test: {
    testTimeout: 60_000,
    hookTimeout: 60_000,
    maxConcurrency: availableParallelism(),
    projects: [
      {
        extends: true,
        test: {
          name: 'tests',
          include: ['test/**/*.test.ts'],
          exclude: [...configDefaults.exclude, ...simulation],
          // Two cores: more workers than cores only make timeouts of real processes longer.
          maxWorkers: 2,
          sequence: { groupOrder: 1 },
        },
      },
      {
        extends: true,
        test: { name: 'simulation', include: simulation, maxWorkers: 1, sequence: { groupOrder: 2 } },
      },
    ],
  },
});
