import { assert, type Clock, type Timer } from '../base/index.ts';

export interface TickerOptions {
  readonly clock: Clock;
  readonly tickMs: number;
  readonly tick: () => void;
  /** How late each tick is: how long something held the thread. */
  readonly observeLateMs?: (lateMs: number) => void;
}

/**
 * Turns real time into ticks. After a stall of the process, what arrived meanwhile is taken in first, then the missed
 * ticks follow, one a turn of the event loop: otherwise a node that slept would call an election before it looked at the
 * heartbeats that wait for it (protocol.md §5). Ticks beyond `missedTicksMax` are dropped: time that the whole machine
 * slept counts for nobody.
 */
export class Ticker {
  readonly #options: TickerOptions;
  #timer: Timer | undefined;
  #immediate: NodeJS.Immediate | undefined;
  #dueMs = 0;

  constructor(options: TickerOptions) {
    this.#options = options;
  }

  start(): void {
    assert(this.#timer === undefined, 'a ticker is started once');
    this.#dueMs = this.#options.clock.monotonicMs() + this.#options.tickMs;
    this.#schedule();
  }

  stop(): void {
    this.#timer?.cancel();
    clearImmediate(this.#immediate);
    this.#timer = undefined;
  }

  #schedule(): void {
    const delayMs = Math.max(0, this.#dueMs - this.#options.clock.monotonicMs());
    this.#timer = this.#options.clock.after(delayMs, () => {
      this.#options.observeLateMs?.(Math.max(0, this.#options.clock.monotonicMs() - this.#dueMs));
      // Timers run before sockets and workers are read: the tick waits until these had their turn.
      this.#immediate = setImmediate(() => this.#tick());
    });
  }

  #tick(): void {
    const { tickMs } = this.#options;
    const missedMsMax = missedTicksMax * tickMs;
    this.#dueMs = Math.max(this.#dueMs + tickMs, this.#options.clock.monotonicMs() - missedMsMax);
    this.#options.tick();
    if (this.#timer !== undefined) this.#schedule();
  }
}

/** Well below the shortest election timeout. */
const missedTicksMax = 10;
