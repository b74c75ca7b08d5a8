import { AssentError } from '../../../base/index.ts';

/** Ranges that are read at a time: each reads its whole log. */
const rangesMax = 4;

/** Those who read ranges of access logs, of all requests. */
export class LogRanges {
  #count = 0;

  /** Throws `overloaded`. */
  async read<T>(range: () => Promise<T>): Promise<T> {
    if (this.#count >= rangesMax)
      throw new AssentError('overloaded', 'Other ranges of access logs are being read; each takes its time.');
    this.#count += 1;
    try {
      return await range();
    } finally {
      this.#count -= 1;
    }
  }
}
