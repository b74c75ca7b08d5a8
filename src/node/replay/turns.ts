import { AssentError } from '../../base/index.ts';

/** Replays that wait for the one that runs. */
const waitingMax = 8;

/** Lets one replay run at a time, and a few wait for it. */
export class Turns {
  #waiting = 0;
  #last: Promise<unknown> = Promise.resolve();

  /** Throws `overloaded` when too many wait. */
  async run<T>(work: () => Promise<T>): Promise<T> {
    if (this.#waiting > waitingMax)
      throw new AssentError('overloaded', 'Too many questions about the past wait for their turn.');
    this.#waiting += 1;
    const before = this.#last;
    const mine = (async () => {
      await before;
      return work();
    })();
    // Whoever comes next waits for the end, however it ends.
    this.#last = mine.catch(() => undefined);
    try {
      return await mine;
    } finally {
      this.#waiting -= 1;
    }
  }
}
