import { AssentError } from '../../base/index.ts';

/** Lets one piece of work run at a time, and a few wait for it. */
export class Turns {
  readonly #waitingMax: number;
  #waiting = 0;
  #last: Promise<unknown> = Promise.resolve();

  constructor(waitingMax: number) {
    this.#waitingMax = waitingMax;
  }

  /** Throws `overloaded` when too many wait. */
  async run<T>(work: () => Promise<T>): Promise<T> {
    if (this.#waiting > this.#waitingMax)
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
