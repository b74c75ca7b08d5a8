import { type ErrorCode, equalBytes, present } from '../../base/index.ts';
import { PUBLIC_KEY_BYTES } from '../../crypto/index.ts';
import { UnverifiedTransaction, VerifiedTransaction } from '../../ledger/index.ts';
import type { Outcome, OutcomeListener, Replica } from '../replica/index.ts';
import { type GiveUpMessage, intention, type SettledMessage, type SubmitMessage } from '../threads/messages.ts';
import { Settling } from './settling.ts';

export interface SubmissionDeskOptions {
  readonly replica: Pick<Replica, 'submit' | 'giveUp'>;
  readonly send: (message: SettledMessage) => void;
}

interface Open {
  readonly idHex: string;
  readonly listener: OutcomeListener;
}

/**
 * Where the main thread takes the HTTP thread's transactions in and gives their outcomes back. Bounded by what the HTTP
 * thread allows to be outstanding.
 */
export class SubmissionDesk {
  readonly #replica: Pick<Replica, 'submit' | 'giveUp'>;
  readonly #send: (message: SettledMessage) => void;
  readonly #settling = new Settling();
  readonly #open = new Map<number, Open>();
  /** The first is being handled. Bounded by what may be outstanding. */
  readonly #arrived: (SubmitMessage | GiveUpMessage)[] = [];
  #sending = false;

  constructor(options: SubmissionDeskOptions) {
    this.#replica = options.replica;
    this.#send = options.send;
  }

  /** Tickets without an outcome. */
  get open(): number {
    return this.#open.size;
  }

  /** Messages are handled in their order, one a turn: each is small, but many may come at once. */
  receive(message: SubmitMessage | GiveUpMessage): void {
    this.#arrived.push(message);
    if (this.#arrived.length === 1) this.#handleNext();
  }

  #handleNext(): void {
    const [message] = this.#arrived;
    if (message === undefined) return;
    if (message.type === 'submit') this.#submit(message);
    else this.#giveUp(message);
    setImmediate(() => {
      this.#arrived.shift();
      this.#handleNext();
    });
  }

  #submit(message: SubmitMessage): void {
    const transactions = transactionsOf(message);
    const accepted = new Set<number>();
    this.#replica.submit(transactions, (index) => {
      const ticket = message.firstTicket + index;
      const { idHex } = present(transactions[index], 'a listener for each transaction');
      const waits = message.intentions[index] === intention.commit;
      if (!waits) accepted.add(ticket);
      const listener: OutcomeListener = (outcome) => {
        accepted.delete(ticket);
        if (this.#open.delete(ticket)) this.#settle(ticket, outcome);
      };
      this.#open.set(ticket, { idHex, listener });
      return listener;
    });
    for (const ticket of accepted) {
      this.#open.delete(ticket);
      this.#settling.accepted(ticket);
      this.#sendSoon();
    }
  }

  /** A ticket whose outcome is on its way already is not here any more. */
  #giveUp({ tickets }: GiveUpMessage): void {
    for (const ticket of tickets) {
      const open = this.#open.get(ticket);
      if (open === undefined) continue;
      this.#open.delete(ticket);
      if (this.#replica.giveUp(open.idHex, open.listener) === 'nothing-happened') {
        this.#refuse(ticket, 'no-quorum', 'No leader took the transaction in time; nothing happened.');
      } else {
        this.#refuse(ticket, 'outcome-unknown', 'The outcome was not seen in time.');
      }
    }
  }

  #settle(ticket: number, outcome: Outcome): void {
    if (outcome.status === 'refused') {
      this.#refuse(ticket, outcome.error.code, outcome.error.message);
      return;
    }
    this.#settling.committed(ticket, outcome.receipt);
    this.#sendSoon();
  }

  #refuse(ticket: number, code: ErrorCode, message: string): void {
    this.#settling.refused({ ticket, code, message });
    this.#sendSoon();
  }

  /** Sends what is settled by now, ahead of what else the turn has to do. */
  flush(): void {
    if (!this.#sending) return;
    this.#sending = false;
    this.#send(this.#settling.take());
  }

  /** Whatever else this turn settles goes with it. */
  #sendSoon(): void {
    if (this.#sending) return;
    this.#sending = true;
    queueMicrotask(() => this.flush());
  }
}

/** The HTTP thread, a part of this process, checked every signature under the key beside it. */
function transactionsOf({ bytes, lengths, keys }: SubmitMessage): readonly VerifiedTransaction[] {
  let offset = 0;
  return Array.from(lengths, (length, index) => {
    // A copy each: a view would keep the whole group in memory while one of it waits.
    const transaction = new UnverifiedTransaction(bytes.slice(offset, offset + length));
    offset += length;
    const key = keys.subarray(index * PUBLIC_KEY_BYTES, (index + 1) * PUBLIC_KEY_BYTES);
    return VerifiedTransaction.vouchedFor(
      transaction,
      equalBytes(key, transaction.sender) ? transaction.sender : key.slice(),
    );
  });
}
