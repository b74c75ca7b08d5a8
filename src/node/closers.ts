import { AssentError, type Logger, messageOf } from '../base/index.ts';

interface Closer {
  readonly name: string;
  readonly close: (deadlineMs: number) => Promise<void>;
}

/** What was started, to be stopped in the reverse order, each step within what is left of the deadline. */
export class Closers {
  readonly #closers: Closer[] = [];

  add(name: string, close: (deadlineMs: number) => Promise<void> | void): void {
    this.#closers.push({ name, close: async (deadlineMs) => close(deadlineMs) });
  }

  /** Resolves when all is stopped or the time is up. A step that fails is logged, and the others still run. */
  async closeAll(deadlineMs: number, logger: Logger): Promise<void> {
    const endMs = performance.now() + deadlineMs;
    for (const { name, close } of this.#closers.splice(0).reverse()) {
      try {
        await within(Math.max(0, endMs - performance.now()), close);
      } catch (error) {
        logger.error({ part: name, error: messageOf(error) }, 'a part of the node did not stop cleanly');
      }
    }
  }
}

async function within(leftMs: number, close: (deadlineMs: number) => Promise<void>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new AssentError('shutting-down', 'It took too long.')), leftMs);
  });
  try {
    await Promise.race([close(leftMs), late]);
  } finally {
    clearTimeout(timer);
  }
}
