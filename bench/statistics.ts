import { assert, present } from '../src/base/index.ts';

export interface Percentiles {
  readonly p50: number;
  readonly p95: number;
  readonly p99: number;
}

/** Percentiles by the nearest rank; the samples are in the same unit. At least one is needed. */
export function percentilesOf(samples: readonly number[]): Percentiles {
  assert(samples.length > 0, 'percentiles of nothing do not exist');
  const sorted = Float64Array.from(samples).sort();
  const rank = (share: number): number =>
    present(sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)], 'a rank lies within the samples');
  return { p50: rank(0.5), p95: rank(0.95), p99: rank(0.99) };
}
