import { AssentError, type Clock } from '../../base/index.ts';

/** Work of one slice, and how much longer than that the thread is free for others afterwards, unless said otherwise. */
const sliceMs = 5;
const restShare = 3;
/** Waiting for a disk is no work, and is not made up for. */
const restMsMax = 20;
const usualRest = (spentMs: number): number => Math.min(restShare * spentMs, restMsMax);

/** Background work on the main thread: in slices, with time for others between them, so that consensus never waits. */
export class Turns {
  readonly #clock: Clock;
  readonly #restAfter: (spentMs: number) => number;
  #isStopped = false;
  #since: number;
  #wake: (() => void) | undefined;

  constructor(clock: Clock, restAfter: (spentMs: number) => number = usualRest) {
    this.#clock = clock;
    this.#restAfter = restAfter;
    this.#since = clock.monotonicMs();
  }

  get isStopped(): boolean {
    return this.#isStopped;
  }

  /** Goes on at once while the slice is short, else after a rest. Throws `shutting-down` once it is stopped. */
  readonly pause = async (): Promise<void> => {
    this.demandGoing();
    const spentMs = this.#clock.monotonicMs() - this.#since;
    if (spentMs < sliceMs) return;
    await this.rest(this.#restAfter(spentMs));
  };

  /** Whether {@link pause} would rest. */
  get isOver(): boolean {
    return this.#clock.monotonicMs() - this.#since >= sliceMs;
  }

  /** A slice begins: what was waited for was no work. */
  begin(): void {
    this.#since = this.#clock.monotonicMs();
  }

  /** Resolves after this time, at once when the work is stopped or woken. */
  async rest(ms: number): Promise<void> {
    if (!this.#isStopped)
      await new Promise<void>((resolve) => {
        const timer = this.#clock.after(ms, resolve);
        this.#wake = () => {
          timer.cancel();
          resolve();
        };
      });
    this.#wake = undefined;
    this.begin();
    this.demandGoing();
  }

  wake(): void {
    this.#wake?.();
  }

  demandGoing(): void {
    if (this.#isStopped) throw new AssentError('shutting-down', 'The node is stopping.');
  }

  stop(): void {
    this.#isStopped = true;
    this.wake();
  }
}
