import { expect, test } from 'vitest';
import { Backoff } from '../../../src/p2p/backoff.ts';

const highest = { bytes: (length: number) => new Uint8Array(length), below: (bound: number) => bound - 1 };
const lowest = { ...highest, below: () => 0 };

test('delays double up to the bound, jittered down to half, and start over after a success', () => {
  const longest = new Backoff(100, 1000, highest);
  expect([1, 2, 3, 4, 5, 6].map(() => longest.next())).toEqual([100, 200, 400, 800, 1000, 1000]);
  const shortest = new Backoff(100, 1000, lowest);
  expect([1, 2, 3, 4, 5, 6].map(() => shortest.next())).toEqual([50, 100, 200, 400, 500, 500]);
  longest.reset();
  expect(longest.next()).toBe(100);
});
