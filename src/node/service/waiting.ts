import type { Clock, Timer } from '../../base/index.ts';

/** Calls back once, at once or later, or when the returned function is called. Throws what keeps it from waiting. */
type Wait<T> = (done: (said: T) => void) => () => void;

/**
 * What a wait came to after `timeoutMs` at the latest. Nothing is read in the callback: a replica that ends because of damage
 * calls it, and what it threw would hide that.
 */
export function waitUpTo<T>(clock: Clock, timeoutMs: number, wait: Wait<T>): Promise<T> {
  return new Promise((resolve) => {
    let timer: Timer | undefined;
    let isOver = false;
    const stop = wait((said) => {
      isOver = true;
      timer?.cancel();
      resolve(said);
    });
    if (!isOver) timer = clock.after(timeoutMs, stop);
  });
}
