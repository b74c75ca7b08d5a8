import type { Clock } from '../../../../src/base/index.ts';

/** A clock whose timers go off when they are told to. */
export class Timers implements Clock {
  readonly pending: Set<() => void> = new Set();

  nowMs(): number {
    return 0;
  }

  monotonicMs(): number {
    return 0;
  }

  after(_delayMs: number, callback: () => void): { cancel: () => void } {
    this.pending.add(callback);
    return { cancel: () => void this.pending.delete(callback) };
  }

  goOff(): void {
    for (const callback of this.pending) callback();
    this.pending.clear();
  }
}
