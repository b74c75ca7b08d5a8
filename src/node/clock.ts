import nodeProcess from 'node:process';
import type { Clock } from '../base/index.ts';
import type { Slicing } from './replica/index.ts';

/** Time of the machine. */
export const systemClock: Clock = {
  nowMs: () => Date.now(),
  monotonicMs: () => performance.now(),
  after(delayMs, callback) {
    const timer = setTimeout(callback, delayMs);
    return { cancel: () => clearTimeout(timer) };
  },
};

/** Processor time of the calling thread; the clock's where this version of Node does not count it (before 23.9). */
export function threadWorkMs(): number {
  if (typeof nodeProcess.threadCpuUsage !== 'function') return performance.now();
  const { user, system } = nodeProcess.threadCpuUsage();
  return (user + system) / 1000;
}

/** So long a block holds the thread at a time, in milliseconds. */
const sliceMs = 1;

/** By the clock: where others have the cores, too, whoever waits for this thread waits for them already. */
export const threadSlicing: Slicing = {
  begin() {
    const endMs = performance.now() + sliceMs;
    return () => performance.now() < endMs;
  },
  // After what has come in by then.
  pause: (goOn) => void setImmediate(goOn),
};
