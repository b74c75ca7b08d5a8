import { simulateSeed } from './simulate-seed.ts';

/** A child process of the pool: takes one seed a message, answers with its report. */
process.on('message', async (seed: number) => {
  process.send?.(await simulateSeed(seed));
});
process.on('disconnect', () => process.exit(0));
