import type { OutcomeView } from '../../api/index.ts';
import { assert } from '../../base/index.ts';

/** The outcomes of one submission as they come in. */
export class Pending {
  readonly #outcomes: OutcomeView[];
  readonly #timer: NodeJS.Timeout;
  readonly #onLate: (pending: Pending) => void;
  readonly #done: (outcomes: readonly OutcomeView[]) => void;
  #missing: number;
  /** Of its transactions that the main thread was given. */
  readonly tickets: number[] = [];
  /** The request's time is up: what is not looked at yet shall not be submitted any more. */
  isLate = false;

  /** Calls `done` with the last outcome. Calls `onLate` once if `timeoutMs` pass before. */
  constructor(
    count: number,
    timeoutMs: number,
    done: (outcomes: readonly OutcomeView[]) => void,
    onLate: (pending: Pending) => void,
  ) {
    this.#outcomes = new Array(count);
    this.#missing = count;
    this.#done = done;
    this.#onLate = onLate;
    this.#timer = setTimeout(() => this.expire(), timeoutMs);
  }

  /** The request waits no longer. */
  expire(): void {
    if (this.isLate) return;
    this.isLate = true;
    this.#onLate(this);
  }

  resolve(position: number, outcome: OutcomeView): void {
    assert(this.#outcomes[position] === undefined, 'each transaction has one outcome');
    this.#outcomes[position] = outcome;
    this.#missing -= 1;
    if (this.#missing > 0) return;
    clearTimeout(this.#timer);
    this.#done(this.#outcomes);
  }
}
