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

interface TraceLine {
  readonly seed: number;
  readonly step: number;
  readonly ms: number;
  readonly event: string;
  readonly [field: string]: unknown;
}

test('the trace is the same byte for byte, writing it changes nothing, and it tells a whole story', {
  timeout: 60_000,
}, async () => {
  const [first, second]: [string[], string[]] = [[], []];
  const traced = await simulateSeed(5, { trace: (line) => first.push(line) });
  await simulateSeed(5, { trace: (line) => second.push(line) });
  expect(second).toEqual(first);
  expect(traced.traceHash).toBe((await simulateSeed(5)).traceHash);
  const lines = first.map((line) => JSON.parse(line) as TraceLine);
  expect([lines[0]?.event, lines.at(-1)?.event]).toEqual(['run', 'end']);
  expect(lines.at(-1)).toMatchObject({ seed: 5, step: traced.events, passed: true, digest: traced.traceHash });
  expect(lines.filter(({ event }) => event === 'fault').length).toBeGreaterThan(0);
  expect(lines.filter(({ event }) => event === 'commit').length).toBeGreaterThan(traced.committedBlocks);
  const sent = new Set<unknown>();
  const open = new Set<unknown>();
  let [step, ms] = [0, 0];
  for (const line of lines) {
    expect(line.step).toBeGreaterThanOrEqual(step);
    expect(line.ms).toBeGreaterThanOrEqual(ms);
    [step, ms] = [line.step, line.ms];
    const { event, packet, process } = line;
    if (event === 'send') sent.add(packet);
    if (event === 'deliver' || event === 'drop') expect(sent).toContain(packet);
    if (event === 'invoke') {
      expect(open).not.toContain(process);
      open.add(process);
    }
    if (event === 'respond') expect(open.delete(process)).toBe(true);
  }
  expect(sent.size).toBeGreaterThan(1_000);
});
