import { PUBLIC_KEY_BYTES } from '../../crypto/index.ts';
import type { SubmitMessage } from '../threads/messages.ts';

/** The main thread takes a message in one turn: about 50 µs a transaction. */
export const groupTransactionsMax = 128;

/** Gathers the checked transactions of one turn into one message. */
export class SubmitGroup {
  readonly #firstTicket: number;
  readonly #transactions: Uint8Array[] = [];
  readonly #keys: Uint8Array[] = [];
  readonly #intentions: number[] = [];
  #byteLength = 0;

  constructor(firstTicket: number) {
    this.#firstTicket = firstTicket;
  }

  get isFull(): boolean {
    return this.#transactions.length >= groupTransactionsMax;
  }

  /** Takes the next ticket's transaction, which was found signed by `key`. */
  add(bytes: Uint8Array, key: Uint8Array, intention: number): void {
    this.#transactions.push(bytes);
    this.#keys.push(key);
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
      keys: joined(this.#keys),
      intentions: Uint8Array.from(this.#intentions),
    };
  }
}

function joined(keys: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(keys.length * PUBLIC_KEY_BYTES);
  for (const [index, key] of keys.entries()) bytes.set(key, index * PUBLIC_KEY_BYTES);
  return bytes;
}
