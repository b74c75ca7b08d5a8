import type { SubmitMessage } from '../threads/messages.ts';

/** The main thread takes a message in one turn: about 50 µs a transaction. */
export const groupTransactionsMax = 128;

/** Gathers the checked transactions of one turn into one message. */
export class SubmitGroup {
  readonly #firstTicket: number;
  readonly #transactions: Uint8Array[] = [];
  readonly #intentions: number[] = [];
  #byteLength = 0;

  constructor(firstTicket: number) {
    this.#firstTicket = firstTicket;
  }

  get isFull(): boolean {
    return this.#transactions.length >= groupTransactionsMax;
  }

  /** Takes the next ticket's transaction. */
  add(bytes: Uint8Array, intention: number): void {
    this.#transactions.push(bytes);
    this.#intentions.push(intention);
    this.#byteLength += bytes.length;
  }

  /** The message, with copies of the bytes: the requests' own buffers are not this thread's to give away. */
  message(): SubmitMessage {
    const bytes = new Uint8Array(this.#byteLength);
    const lengths = new Uint32Array(this.#transactions.length);
    let offset = 0;
    for (const [index, transaction] of this.#transactions.entries()) {
      bytes.set(transaction, offset);
      lengths[index] = transaction.length;
      offset += transaction.length;
    }
    return {
      type: 'submit',
      firstTicket: this.#firstTicket,
      bytes,
      lengths,
      intentions: Uint8Array.from(this.#intentions),
    };
  }
}
