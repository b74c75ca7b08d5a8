import { expect, test } from 'vitest';
import { SeededRandom } from '../support/simulated-random.ts';
import { minimizeFaults } from './minimize.ts';
import { type FaultKind, faultsOf, optionsOfSeed, withoutFaults } from './options.ts';
import type { SeedReport } from './report.ts';
import { simulateSeed } from './simulate-seed.ts';

function report(invariant: string | undefined, ids: readonly string[] = []): SeedReport {
  const failure = invariant === undefined ? {} : { failure: { invariant, message: '', atEvent: 1, stack: '' } };
  const counts = { events: 1, committedBlocks: 0, committedTransactions: 0, elections: 0, snapshots: 0, durationMs: 0 };
  const faultSteps = ids.map((id) => ({ id, act: 'crash', ms: 0 }));
  return { seed: 1, ...counts, faults: {}, faultSteps, traceHash: '', ...failure };
}

test('what is left breaks the same invariant, and nothing of it can be spared', async () => {
  const kinds: readonly FaultKind[] = ['crash', 'loss', 'partition', 'pause', 'replay'];
  // A pause can be spared only where nothing is replayed.
  const broken = (without: readonly FaultKind[]): string | undefined => {
    if (without.includes('loss')) return undefined;
    if (without.includes('crash')) return 'another';
    return without.includes('pause') && !without.includes('replay') ? undefined : 'the one';
  };
  const minimized = await minimizeFaults(kinds, async (without) => report(broken(without)));
  expect(minimized?.report.failure?.invariant).toBe('the one');
  expect(minimized?.needed).toEqual(['crash', 'loss']);
  expect(minimized?.without).toEqual(['partition', 'replay', 'pause']);
  expect(await minimizeFaults(kinds, async () => report(undefined))).toBeUndefined();
});

test('single faults are left out until none can be spared, and not one run more than there may be', async () => {
  const all = Array.from({ length: 40 }, (_, index) => String(index + 1));
  const needed = ['3', '17', '30'];
  let runs = 0;
  const run = async (_without: readonly FaultKind[], only: readonly string[] = all): Promise<SeedReport> => {
    runs += 1;
    return report(needed.every((id) => only.includes(id)) ? 'the one' : undefined, only);
  };
  const minimized = await minimizeFaults([], run);
  expect(minimized?.steps.map(({ id }) => id)).toEqual(needed);
  expect(minimized?.isMinimal).toBe(true);
  runs = 0;
  const short = await minimizeFaults([], run, 5);
  expect([short?.isMinimal, runs]).toEqual([false, 1 + 5]);
  expect(short?.steps.map(({ id }) => id)).toEqual(expect.arrayContaining(needed));
  expect((await minimizeFaults([], async () => report('the one', []), 5))?.steps).toEqual([]);
});

test('a fault keeps its number and its time when others are left out', async () => {
  const whole = await simulateSeed(3);
  const [kept] = whole.faultSteps.filter(({ act }) => act === 'cutLink' || act === 'partition' || act === 'heal');
  const alone = await simulateSeed(3, { only: [String(kept?.id)] });
  expect(alone.faultSteps).toEqual([kept]);
  expect((await simulateSeed(3, { only: [] })).faultSteps).toEqual([]);
});

test('a fault that is switched off does not happen, and the run repeats itself', async () => {
  const seed = 3;
  const options = optionsOfSeed(seed, new SeededRandom(seed).fork('options'));
  const kinds = faultsOf(options);
  expect(kinds).toContain('ambush');
  expect(faultsOf(withoutFaults(options, kinds))).toEqual([]);
  const [first, second] = [await simulateSeed(seed, { without: kinds }), await simulateSeed(seed, { without: kinds })];
  expect(second.traceHash).toBe(first.traceHash);
  // Packets are lost on the links that the healed core does not need, whatever the faults.
  const { restart: _restart, heal: _heal, lost: _lost, ...faults } = first.faults;
  expect(Object.values(faults).filter((count) => count > 0)).toEqual([]);
});
