import type { Clock, Timer } from '../../src/base/index.ts';

interface Event {
  readonly atMs: number;
  readonly sequence: number;
  readonly label: string;
  run: (() => void) | undefined;
}

/** Virtual time: events in a binary heap, ordered by time and then by when they were scheduled. */
export class EventQueue {
  readonly #heap: Event[] = [];
  #sequence = 0;
  #nowMs = 0;

  /** Milliseconds since the start of the run; fractions allowed. */
  get nowMs(): number {
    return this.#nowMs;
  }

  schedule(delayMs: number, label: string, run: () => void): Timer {
    const event: Event = { atMs: this.#nowMs + Math.max(0, delayMs), sequence: this.#sequence, label, run };
    this.#sequence += 1;
    this.#push(event);
    return {
      cancel: () => {
        event.run = undefined;
      },
    };
  }

  /** Runs the next event and gives its label, or undefined when nothing is left before `untilMs`. */
  runNext(untilMs: number = Number.POSITIVE_INFINITY): string | undefined {
    for (;;) {
      const event = this.#heap[0];
      if (event === undefined || event.atMs > untilMs) return undefined;
      this.#pop();
      if (event.run === undefined) continue;
      this.#nowMs = event.atMs;
      event.run();
      return event.label;
    }
  }

  #push(event: Event): void {
    const heap = this.#heap;
    let index = heap.length;
    heap.push(event);
    while (index > 0) {
      const parent = (index - 1) >> 1;
      if (!isBefore(event, heap[parent] as Event)) break;
      heap[index] = heap[parent] as Event;
      index = parent;
    }
    heap[index] = event;
  }

  #pop(): void {
    const heap = this.#heap;
    const last = heap.pop() as Event;
    if (heap.length === 0) return;
    let index = 0;
    for (;;) {
      let child = index * 2 + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && isBefore(heap[child + 1] as Event, heap[child] as Event)) child += 1;
      if (!isBefore(heap[child] as Event, last)) break;
      heap[index] = heap[child] as Event;
      index = child;
    }
    heap[index] = last;
  }
}

function isBefore(left: Event, right: Event): boolean {
  return left.atMs !== right.atMs ? left.atMs < right.atMs : left.sequence < right.sequence;
}

/** How one machine's clock runs. It outlives the node's process. */
export interface ClockSkew {
  /** Added to the wall clock; a step changes it. */
  offsetMs: number;
  /** Relative rate: 0.1 runs 10 % fast. Changed by {@link setDrift}. */
  drift: number;
  /** What the monotonic clock has gained by other rates than the present one. */
  gainedMs?: number;
}

/** From now on the clock has another rate; what never goes back does not jump, either. */
export function setDrift(skew: ClockSkew, drift: number, nowMs: number): void {
  skew.gainedMs = (skew.gainedMs ?? 0) + nowMs * (skew.drift - drift);
  skew.drift = drift;
}

/** The epoch of every run: 2026-01-01T00:00:00Z. */
export const simulationEpochMs: number = 1_767_225_600_000;

/** One process's clock. Timers die with the process: call `stop()` on a crash. */
export class SimulatedClock implements Clock {
  readonly #queue: EventQueue;
  readonly #skew: ClockSkew;
  readonly #label: string;
  #stopped = false;

  constructor(queue: EventQueue, skew: ClockSkew, label: string) {
    this.#queue = queue;
    this.#skew = skew;
    this.#label = label;
  }

  nowMs(): number {
    return Math.floor(simulationEpochMs + this.#queue.nowMs * (1 + this.#skew.drift) + this.#skew.offsetMs);
  }

  monotonicMs(): number {
    return Math.floor(this.#queue.nowMs * (1 + this.#skew.drift) + (this.#skew.gainedMs ?? 0));
  }

  after(delayMs: number, callback: () => void): Timer {
    return this.#queue.schedule(delayMs / (1 + this.#skew.drift), this.#label, () => {
      if (!this.#stopped) callback();
    });
  }

  stop(): void {
    this.#stopped = true;
  }
}
