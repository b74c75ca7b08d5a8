import type { Shell } from '../shell.ts';

/** A terminal, npm and a launcher may each hand on the same Ctrl-C. */
const sameInterruptMs = 1500;

/** An abort signal for the first interrupt; a later one, when stopping takes too long, calls `insist`. */
export function interruptSignal(
  shell: Shell,
  insist: () => void,
): { readonly signal: AbortSignal; readonly release: () => void } {
  const controller = new AbortController();
  let firstMs: number | undefined;
  const release = shell.onInterrupt(() => {
    const nowMs = performance.now();
    if (firstMs === undefined) {
      firstMs = nowMs;
      controller.abort();
    } else if (nowMs - firstMs > sameInterruptMs) insist();
  });
  return { signal: controller.signal, release };
}

/** What the work comes to, or undefined as soon as the signal aborts. What the work has sent by then stays sent. */
export function unlessAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T | undefined> {
  return new Promise((resolve, reject) => {
    signal.addEventListener('abort', () => resolve(undefined), { once: true });
    work.then(resolve, (error: unknown) => (signal.aborted ? resolve(undefined) : reject(error)));
  });
}
