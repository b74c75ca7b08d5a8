import type { Clock, Timer } from '../base/index.ts';
import type { Backoff } from './backoff.ts';

/** Dials one peer again and again, one dial at a time, until told that it is connected. Unbounded in time, bounded in rate. */
export class Redialer {
  readonly #clock: Clock;
  readonly #backoff: Backoff;
  readonly #dialTimeoutMs: number;
  readonly #dial: (signal: AbortSignal) => Promise<void>;
  readonly #wanted: () => boolean;
  readonly #stopped = new AbortController();
  #timer: Timer | undefined;
  #dialing = false;

  constructor(options: {
    clock: Clock;
    backoff: Backoff;
    dialTimeoutMs: number;
    /** One attempt; its failure only means another one later. */
    dial: (signal: AbortSignal) => Promise<void>;
    /** Whether a connection is missing. */
    wanted: () => boolean;
  }) {
    this.#clock = options.clock;
    this.#backoff = options.backoff;
    this.#dialTimeoutMs = options.dialTimeoutMs;
    this.#dial = options.dial;
    this.#wanted = options.wanted;
  }

  /** Dials after the next delay of the back-off, and `extraMs` later than that. */
  schedule(extraMs: number): void {
    this.#timer?.cancel();
    if (this.#stopped.signal.aborted) return;
    this.#timer = this.#clock.after(this.#backoff.next() + extraMs, () => {
      this.#timer = undefined;
      void this.#attempt(extraMs);
    });
  }

  stop(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
    this.#stopped.abort();
  }

  async #attempt(extraMs: number): Promise<void> {
    if (this.#dialing || !this.#wanted()) return;
    this.#dialing = true;
    await this.#dial(AbortSignal.any([this.#stopped.signal, AbortSignal.timeout(this.#dialTimeoutMs)]));
    this.#dialing = false;
    if (this.#wanted()) this.schedule(extraMs);
  }
}
