import { present } from '../../base/index.ts';

/**
 * Long work of a thread, one slice in each turn of its event loop: all that is under way takes turns, and other requests
 * come between. Who begins work has bounded how much there is.
 */
export class Slices {
  readonly #waiting: Iterator<void>[] = [];

  /** Does `work` in later turns, one step in each of its own. */
  begin(work: Iterator<void>): void {
    this.#waiting.push(work);
    if (this.#waiting.length === 1) this.#schedule();
  }

  #schedule(): void {
    setImmediate(() => {
      const work = present(this.#waiting[0], 'scheduled for it');
      const { done } = work.next();
      this.#waiting.shift();
      if (done !== true) this.#waiting.push(work);
      if (this.#waiting.length > 0) this.#schedule();
    });
  }
}

/** Does short work at once. */
export function finish(work: Iterator<void>): void {
  while (work.next().done !== true);
}
