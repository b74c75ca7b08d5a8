import { AssentError, present, toHex } from '../../base/index.ts';
import type { VerifySignature } from '../../crypto/index.ts';
import { transactionMessage, type UnverifiedTransaction } from '../../ledger/portable.ts';
import { type AnswerOf, type InputOf, signersMax } from '../queries/query.ts';
import type { Slices } from './slices.ts';

export interface SignersOptions {
  readonly ledgerId: Uint8Array;
  readonly verify: VerifySignature;
  /** Asks the main thread which keys are current now, after everything that any node acknowledged; 64 at a time. */
  readonly askSigners: (input: InputOf<'signers'>) => Promise<AnswerOf<'signers'>>;
}

/** Whose transaction it is, or what it came to. */
export type Signed =
  | { readonly key: Uint8Array }
  | { readonly place: NonNullable<AnswerOf<'signers'>[number]['place']> }
  | { readonly error: AssentError };

interface Asked {
  readonly transaction: UnverifiedTransaction;
  readonly done: (signed: Signed) => void;
}

/** Judged in one turn, about 100 µs each at most. */
const judgedPerTurn = 4;
/** Senders whose keys changed, and which key they had when last asked. */
const rememberedMax = 4096;

/**
 * Finds the key by which a transaction is signed. Most senders never change theirs: it is the one that the DID names, and
 * nobody is asked. For the others, and for a wrong signature, the main thread knows the key that is current; it looks
 * again when the transaction arrives there.
 */
export class Signers {
  readonly #options: SignersOptions;
  readonly #slices: Slices;
  readonly #remembered = new Map<string, Uint8Array>();
  #asked: Asked[] = [];

  constructor(options: SignersOptions, slices: Slices) {
    this.#options = options;
    this.#slices = slices;
  }

  /** The key that is known here and verifies; undefined when one has to {@link ask}. */
  known(transaction: UnverifiedTransaction): Uint8Array | undefined {
    const { sender } = transaction;
    const key = this.#remembered.size === 0 ? sender : (this.#remembered.get(toHex(sender)) ?? sender);
    return this.#isSignedBy(transaction, key) ? key : undefined;
  }

  /** Asks for all of this turn together. `done` is called in a later turn. */
  ask(transaction: UnverifiedTransaction, done: (signed: Signed) => void): void {
    this.#asked.push({ transaction, done });
    if (this.#asked.length === 1) setImmediate(() => this.#send());
  }

  #send(): void {
    const asked = this.#asked;
    this.#asked = [];
    for (let start = 0; start < asked.length; start += signersMax)
      void this.#answer(asked.slice(start, start + signersMax));
  }

  async #answer(asked: readonly Asked[]): Promise<void> {
    // A copy each: a view would take its whole request along to the other thread.
    const transactions = asked.map(({ transaction: { id, sender } }) => ({ id: id.slice(), sender: sender.slice() }));
    let answers: AnswerOf<'signers'>;
    try {
      answers = await this.#options.askSigners({ transactions });
    } catch (error) {
      if (!(error instanceof AssentError)) throw error;
      for (const { done } of asked) done({ error });
      return;
    }
    this.#slices.begin(this.#judging(asked, answers));
  }

  *#judging(asked: readonly Asked[], answers: AnswerOf<'signers'>): Generator<void> {
    for (const [index, { transaction, done }] of asked.entries()) {
      if (index > 0 && index % judgedPerTurn === 0) yield;
      done(this.#judge(transaction, present(answers[index], 'an answer for each')));
    }
  }

  #judge(transaction: UnverifiedTransaction, { key, place }: AnswerOf<'signers'>[number]): Signed {
    // The same bytes get the same receipt for ever, whatever became of the key.
    if (place !== undefined) return { place };
    if (this.#isSignedBy(transaction, key)) {
      this.#remember(transaction.sender, key);
      return { key };
    }
    if (this.#isSignedBy(transaction, transaction.sender))
      return { error: new AssentError('key-not-current', 'The sender has put another key in the place of this one.') };
    return {
      error: new AssentError('signature-invalid', 'The signature does not verify for this ledger, sender and content.'),
    };
  }

  #remember(sender: Uint8Array, key: Uint8Array): void {
    const hex = toHex(sender);
    this.#remembered.delete(hex);
    this.#remembered.set(hex, key);
    const [oldest] = this.#remembered.keys();
    if (this.#remembered.size > rememberedMax && oldest !== undefined) this.#remembered.delete(oldest);
  }

  #isSignedBy({ body, signature }: UnverifiedTransaction, key: Uint8Array): boolean {
    return this.#options.verify(key, transactionMessage(this.#options.ledgerId, body), signature);
  }
}
