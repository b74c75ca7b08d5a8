import { expect, test } from 'vitest';
import { simulateSeed } from './simulate-seed.ts';

test('the same seed is the same run, and another seed another', { timeout: 60_000 }, async () => {
  for (const seed of [1, 2, 3, 17]) {
    const [first, second] = [await simulateSeed(seed), await simulateSeed(seed)];
    expect(first.failure).toBeUndefined();
    expect(second.traceHash).toBe(first.traceHash);
    expect(second.events).toBe(first.events);
  }
  expect((await simulateSeed(1)).traceHash).not.toBe((await simulateSeed(2)).traceHash);
});

test('writing the trace changes nothing', { timeout: 60_000 }, async () => {
  const lines: string[] = [];
  const traced = await simulateSeed(5, { trace: (line) => lines.push(line) });
  expect(traced.traceHash).toBe((await simulateSeed(5)).traceHash);
  expect(lines.length).toBeGreaterThan(1_000);
});
