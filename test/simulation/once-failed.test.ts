import { expect, test } from 'vitest';
import { describeFailure } from './report.ts';
import { simulateSeed } from './simulate-seed.ts';

/** Seeds beyond those of every run that showed a bug. What they meet may change with the code; they cost little. */
const seeds = [
  // A node that was added and removed again under one certificate.
  2328,
  // A client took a late refusal for the answer when it had gone on to another node: a bug of the simulator.
  7541,
  // Voters whose own uncertified tip removed another never asked it for its chain, which was the one to go on with.
  16681,
  // A frame of a node that had just been abandoned by a change of branch that was not durable yet: a bug of the invariant.
  16310,
  // A status that could not be read from a damaged disk: a bug of the simulator.
  18204,
];

test.each(seeds)('seed %i, which failed once, keeps every invariant', async (seed) => {
  const report = await simulateSeed(seed);
  expect(report.failure === undefined ? '' : describeFailure(report)).toBe('');
});
