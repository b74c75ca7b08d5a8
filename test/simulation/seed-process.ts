import { switchOn } from './mutant-hook.ts';

/** A child process of the pool: takes one seed a message, answers with its report. */
const mutant = process.env['ASSENT_MUTANT'];
if (mutant !== undefined) switchOn(mutant);
const { simulateSeed } = await import('./simulate-seed.ts');

process.on('message', async (seed: number) => {
  process.send?.(await simulateSeed(seed));
});
process.on('disconnect', () => process.exit(0));
