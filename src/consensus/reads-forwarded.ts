interface Forwarded {
  readonly context: number;
  readonly tick: number;
}

/** A follower's linearizable reads that wait for the leader's answer. */
export class FollowerReads {
  readonly #max: number;
  #waiting: Forwarded[] = [];

  constructor(readsMax: number) {
    this.#max = readsMax;
  }

  /** False when there is no room. */
  add(context: number, tick: number): boolean {
    if (this.#waiting.length >= this.#max) return false;
    this.#waiting.push({ context, tick });
    return true;
  }

  /** Whether this read was waiting; it no longer is. */
  take(context: number): boolean {
    const before = this.#waiting.length;
    this.#waiting = this.#waiting.filter((read) => read.context !== context);
    return this.#waiting.length < before;
  }

  /** Takes those that were asked at or before this tick. */
  takeUntil(tick: number): number[] {
    const late = this.#waiting.filter((read) => read.tick <= tick);
    if (late.length > 0) this.#waiting = this.#waiting.filter((read) => read.tick > tick);
    return late.map((read) => read.context);
  }

  abandon(): number[] {
    return this.takeUntil(Number.POSITIVE_INFINITY);
  }
}
