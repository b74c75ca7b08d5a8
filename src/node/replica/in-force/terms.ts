/** How long a lease is. */
export interface LeaseTimes {
  /** So long a grantor is bound by a promise, by its own clock, from when it gives it. The same on all nodes. */
  readonly boundMs: number;
  /** So long the holder relies on it, by its own clock, from when it asked. */
  readonly reliedOnMs: number;
  /** Between two questions of a holder: it keeps its lease though two in a row are lost. */
  readonly askMs: number;
}

/**
 * A holder relies on a promise for less time than its grantor is bound, also where one of the clocks runs 10 % too fast and
 * the other 10 % too slow: 0.8 / 0.9 < 1 / 1.1.
 */
export function leaseTimesOf(boundMs = 2000): LeaseTimes {
  return { boundMs, reliedOnMs: 0.8 * boundMs, askMs: boundMs / 4 };
}
