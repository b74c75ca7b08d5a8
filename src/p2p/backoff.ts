import type { Random } from '../base/index.ts';

/** Delays that double from `delayMsMin` to `delayMsMax`, each jittered down to half, for ever. */
export class Backoff {
  readonly #delayMsMin: number;
  readonly #delayMsMax: number;
  readonly #random: Random;
  #delayMs: number;

  constructor(delayMsMin: number, delayMsMax: number, random: Random) {
    this.#delayMsMin = delayMsMin;
    this.#delayMsMax = delayMsMax;
    this.#random = random;
    this.#delayMs = delayMsMin;
  }

  next(): number {
    const half = Math.floor(this.#delayMs / 2);
    this.#delayMs = Math.min(this.#delayMs * 2, this.#delayMsMax);
    return half + this.#random.below(half + 1);
  }

  reset(): void {
    this.#delayMs = this.#delayMsMin;
  }
}
