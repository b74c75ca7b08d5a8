import { configDefaults, defineConfig } from 'vitest/config';

/** Uses every core by itself: beside other tests it would be slow, and they would wait. */
const seeds = 'test/simulation/seeds.test.ts';

export default defineConfig({
  test: {
    // Two cores: more workers than cores only make timeouts of real processes longer.
    maxWorkers: 2,
    testTimeout: 60_000,
    hookTimeout: 60_000,
    projects: [
      {
        extends: true,
        test: {
          name: 'tests',
          include: ['test/**/*.test.ts'],
          exclude: [...configDefaults.exclude, seeds],
          sequence: { groupOrder: 1 },
        },
      },
      { extends: true, test: { name: 'seeds', include: [seeds], sequence: { groupOrder: 2 } } },
    ],
  },
});
