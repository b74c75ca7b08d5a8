import { AssentError, type Clock, type Timer } from '../../base/index.ts';
import type { Receipt } from '../../ledger/index.ts';

/** More are refused: each costs a look into the index at every block. */
export const commitWaitersMax = 256;

interface Waiter {
  readonly id: Uint8Array;
  readonly resolve: (receipt: Receipt) => void;
  readonly reject: (error: AssentError) => void;
  readonly timer: Timer;
}

/** Requests that wait for a transaction which someone submitted, here or elsewhere. */
export class CommitWaiters {
  readonly #clock: Clock;
  readonly #receipt: (id: Uint8Array) => Receipt | undefined;
  readonly #waiters = new Set<Waiter>();
  #isClosed = false;

  constructor(clock: Clock, receipt: (id: Uint8Array) => Receipt | undefined) {
    this.#clock = clock;
    this.#receipt = receipt;
  }

  /** Rejects with `transaction-unknown` when the time is up, and with `overloaded`. */
  receipt(id: Uint8Array, timeoutMs: number): Promise<Receipt> {
    const known = this.#receipt(id);
    if (known !== undefined) return Promise.resolve(known);
    if (timeoutMs === 0) return Promise.reject(unknownTransaction());
    if (this.#isClosed) return Promise.reject(stopping());
    if (this.#waiters.size >= commitWaitersMax) {
      return Promise.reject(new AssentError('overloaded', `${commitWaitersMax} requests wait for a transaction.`));
    }
    return new Promise((resolve, reject) => {
      const timer = this.#clock.after(timeoutMs, () => {
        this.#waiters.delete(waiter);
        reject(unknownTransaction());
      });
      const waiter: Waiter = { id, resolve, reject, timer };
      this.#waiters.add(waiter);
    });
  }

  /** Nobody waits any longer: those who do are sent to another node. */
  close(): void {
    this.#isClosed = true;
    for (const { timer, reject } of this.#waiters) {
      timer.cancel();
      reject(stopping());
    }
    this.#waiters.clear();
  }

  /** A block is durable. */
  committed(): void {
    for (const waiter of this.#waiters) {
      const receipt = this.#receipt(waiter.id);
      if (receipt === undefined) continue;
      this.#waiters.delete(waiter);
      waiter.timer.cancel();
      waiter.resolve(receipt);
    }
  }
}

function stopping(): AssentError {
  return new AssentError('shutting-down', 'The node is stopping.');
}

function unknownTransaction(): AssentError {
  return new AssentError('transaction-unknown', 'No transaction with this id is committed here.');
}
