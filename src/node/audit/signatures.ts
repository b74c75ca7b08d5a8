import { availableParallelism } from 'node:os';
import { present } from '../../base/index.ts';
import { verifySignature } from '../../crypto/index.ts';
import { transactionMessage, type UnverifiedTransaction, VerifiedTransaction } from '../../ledger/index.ts';
import { type SignedMessage, VerifyThread } from '../threads/verify-thread.ts';

/** So many signatures are handed to a thread at a time: to wake it costs as much as to check one. */
export const groupSignatures = 192;

interface Waiting {
  readonly signed: readonly SignedMessage[];
  /** Undefined where no thread runs: the ledger is small. */
  readonly resolve: (valid: readonly boolean[] | undefined) => void;
  readonly reject: (error: Error) => void;
}

/** Checks signatures on all other cores, while this one executes. */
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
  async check(
    transactions: readonly UnverifiedTransaction[],
    keys: readonly Uint8Array[],
  ): Promise<readonly VerifiedTransaction[]> {
    const signed = transactions.map(({ body, signature }, index): SignedMessage => {
      const publicKey = present(keys[index], 'a key for each transaction');
      return { publicKey, message: transactionMessage(this.#ledgerId, body), signature };
    });
    const valid = await this.#ask(signed);
    return transactions.map((transaction, index) =>
      valid?.[index] === true
        ? VerifiedTransaction.vouchedFor(transaction, keys[index] as Uint8Array)
        : VerifiedTransaction.toBeChecked(transaction, this.#ledgerId, verifySignature),
    );
  }

  /** Whether all of them verify. Keys and signatures have the right length. */
  async areValid(signed: readonly SignedMessage[]): Promise<boolean> {
    const valid = await this.#ask(signed);
    if (valid !== undefined) return valid.every((one) => one);
    return signed.every(({ publicKey, message, signature }) => verifySignature(publicKey, message, signature));
  }

  #ask(signed: readonly SignedMessage[]): Promise<readonly boolean[] | undefined> {
    if (signed.length === 0) return Promise.resolve([]);
    return new Promise((resolve, reject) => {
      if (this.#fault !== undefined) throw this.#fault;
      this.#waiting.push({ signed, resolve, reject });
      this.#waitingCount += signed.length;
      if (this.#waitingCount >= groupSignatures) this.flush();
    });
  }

  /** Nothing more may come soon: what was held back to make a group goes now. */
  flush(): void {
    const group = this.#waiting;
    const isWhole = this.#waitingCount >= groupSignatures;
    this.#waiting = [];
    this.#waitingCount = 0;
    if (group.length === 0) return;
    if (isWhole && this.#threads.length === 0) this.#start();
    const thread = this.#threads[this.#turn++ % this.#threads.length];
    if (thread === undefined) {
      for (const { resolve } of group) resolve(undefined);
      return;
    }
    for (const one of group) this.#asked.add(one);
    thread.verifySigned(
      group.flatMap(({ signed }) => signed),
      (valid) => this.#answer(group, valid),
    );
  }

  #answer(group: readonly Waiting[], valid: readonly boolean[]): void {
    let place = 0;
    for (const one of group) {
      const { length } = one.signed;
      this.#asked.delete(one);
      one.resolve(valid.slice(place, place + length));
      place += length;
    }
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
