import { availableParallelism } from 'node:os';
import { verifySignature } from '../../crypto/index.ts';
import { type UnverifiedTransaction, VerifiedTransaction } from '../../ledger/index.ts';
import { VerifyThread } from '../threads/verify-thread.ts';

/** So many signatures are handed to a thread at a time: to wake it costs as much as to check one. */
export const groupSignatures = 192;

interface Waiting {
  readonly transactions: readonly UnverifiedTransaction[];
  readonly keys: readonly Uint8Array[];
  readonly resolve: (verified: readonly VerifiedTransaction[]) => void;
  readonly reject: (error: Error) => void;
}

/** Checks transactions' signatures on all other cores, while this one executes. */
export class SignaturePool {
  readonly #ledgerId: Uint8Array;
  readonly #threadsMax: number;
  /** Started for the first whole group: a small ledger is checked sooner without. */
  #threads: readonly VerifyThread[] = [];
  #waiting: Waiting[] = [];
  /** With a thread. */
  readonly #asked = new Set<Waiting>();
  #fault: Error | undefined;
  #waitingCount = 0;
  #turn = 0;

  constructor(ledgerId: Uint8Array, threads: number = availableParallelism()) {
    this.#ledgerId = ledgerId;
    this.#threadsMax = threads;
  }

  /**
   * The transactions, each with the verdict on its signature under the key beside it. One that does not verify so is to be
   * checked when it is executed: a transaction before it may have changed the key.
   */
  check(
    transactions: readonly UnverifiedTransaction[],
    keys: readonly Uint8Array[],
  ): Promise<readonly VerifiedTransaction[]> {
    if (transactions.length === 0) return Promise.resolve([]);
    return new Promise((resolve, reject) => {
      if (this.#fault !== undefined) throw this.#fault;
      this.#waiting.push({ transactions, keys, resolve, reject });
      this.#waitingCount += transactions.length;
      if (this.#waitingCount >= groupSignatures) this.flush();
    });
  }

  /** Nothing more may come soon: what was held back to make a group goes now. */
  flush(): void {
    const group = this.#waiting;
    const isWhole = this.#waitingCount >= groupSignatures;
    this.#waiting = [];
    this.#waitingCount = 0;
    if (isWhole && this.#threads.length === 0) this.#start();
    const thread = this.#threads[this.#turn++ % this.#threads.length];
    if (thread === undefined) {
      for (const { transactions, resolve } of group) resolve(transactions.map((one) => this.#toBeChecked(one)));
      return;
    }
    for (const one of group) this.#asked.add(one);
    const transactions = group.flatMap((one) => one.transactions);
    const keys = group.flatMap((one) => one.keys);
    thread.verify(transactions, keys, (valid) => this.#answer(group, valid));
  }

  #answer(group: readonly Waiting[], valid: readonly boolean[]): void {
    let place = 0;
    for (const one of group) {
      const verified = one.transactions.map((transaction, index) =>
        valid[place + index] === true
          ? VerifiedTransaction.vouchedFor(transaction, one.keys[index] as Uint8Array)
          : this.#toBeChecked(transaction),
      );
      place += one.transactions.length;
      this.#asked.delete(one);
      one.resolve(verified);
    }
  }

  #toBeChecked(transaction: UnverifiedTransaction): VerifiedTransaction {
    return VerifiedTransaction.toBeChecked(transaction, this.#ledgerId, verifySignature);
  }

  #start(): void {
    const start = (): VerifyThread => new VerifyThread(this.#ledgerId, (error) => this.#fail(error));
    this.#threads = Array.from({ length: this.#threadsMax }, start);
  }

  #fail(error: Error): void {
    this.#fault = error;
    for (const one of [...this.#asked, ...this.#waiting]) one.reject(error);
  }

  async stop(): Promise<void> {
    await Promise.all(this.#threads.map((thread) => thread.stop()));
  }
}
