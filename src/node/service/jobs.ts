import type { Clock } from '../../base/index.ts';

/** How long whoever asks waits for the end of a job: less than a client waits for an answer. */
const waitMs = 2000;

/** Work that may take longer than an answer: begun by whoever asks first, told of to whoever asks next. */
export class Jobs<T> {
  readonly #clock: Clock;
  #running: Promise<T> | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Begins the work, or goes on waiting for what was begun. Undefined while it is not done; its outcome is told once. */
  async step(begin: () => Promise<T>): Promise<T | undefined> {
    const running = this.#running ?? begin();
    this.#running = running;
    // Nobody may be there when it fails; the next who asks hears of it.
    running.catch(() => undefined);
    let timer: ReturnType<Clock['after']> | undefined;
    const late = new Promise<undefined>((resolve) => {
      timer = this.#clock.after(waitMs, () => resolve(undefined));
    });
    let isOver = true;
    try {
      const outcome = await Promise.race([running.then((value) => ({ value })), late]);
      isOver = outcome !== undefined;
      return outcome?.value;
    } finally {
      timer?.cancel();
      if (isOver && this.#running === running) this.#running = undefined;
    }
  }
}
