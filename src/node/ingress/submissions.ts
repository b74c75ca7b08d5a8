import type { OutcomeView } from '../../api/index.ts';
import type { Submission } from '../../api/server/index.ts';
import { AssentError, assert, present, toHex } from '../../base/index.ts';
import type { UnverifiedTransaction } from '../../ledger/portable.ts';
import {
  type GiveUpMessage,
  intention,
  type SettledBlock,
  type SettledMessage,
  type SubmitMessage,
} from '../threads/messages.ts';
import { readBatch } from './batch.ts';
import { type IngressRules, readTransaction } from './check.ts';
import { SubmitGroup } from './group.ts';
import { accepted, committed, type OutputToJson, receiptView, refused, unknown } from './outcome.ts';
import { Pending } from './pending.ts';
import { Signers, type SignersOptions } from './signers.ts';

export interface SubmissionsOptions extends IngressRules, SignersOptions {
  readonly outputToJson: OutputToJson;
  /** Transactions without an outcome, and their bytes: beyond, submissions are refused. */
  readonly countMax: number;
  readonly bytesMax: number;
  /** Passes a message to the main thread, which settles every ticket once, also those given up. */
  readonly send: (message: SubmitMessage | GiveUpMessage) => void;
  /** Told of every outcome, for the metrics. */
  readonly observe?: (outcome: OutcomeView) => void;
}

/** A transaction that the main thread has. */
interface Ticket {
  readonly pending: Pending;
  readonly position: number;
  readonly id: string;
  readonly kind: string;
  readonly byteLength: number;
}

/** Signature checks take about 50 µs each: after so many other requests get their turn. */
const sliceLength = 32;

/**
 * Takes submissions in, checks each transaction once, passes those of a turn on as one group, and brings the outcomes
 * back to their requests. When a request's time is up, the main thread says what is certain.
 */
export class Submissions {
  readonly #options: SubmissionsOptions;
  readonly #signers: Signers;
  readonly #tickets = new Map<number, Ticket>();
  #nextTicket = 0;
  #byteCount = 0;
  #checking = 0;
  #group: SubmitGroup | undefined;
  #closing = false;

  constructor(options: SubmissionsOptions) {
    this.#options = options;
    this.#signers = new Signers(options);
  }

  /** Transactions without an outcome. */
  get outstanding(): number {
    return this.#tickets.size + this.#checking;
  }

  /** See NodeService.submit. */
  submit(submission: Submission, done: (outcomes: readonly OutcomeView[]) => void): void {
    if (this.#closing) throw new AssentError('shutting-down', 'The node is stopping.');
    const { ledgerId } = this.#options;
    if (submission.ledger !== undefined && submission.ledger !== toHex(ledgerId))
      throw new AssentError('ledger-foreign', `This node keeps ledger ${toHex(ledgerId)}, and no other.`);
    const transactions = submission.batched ? readBatch(submission.body) : [submission.body];
    const { countMax, bytesMax } = this.#options;
    if (this.outstanding + transactions.length > countMax || this.#byteCount + submission.body.length > bytesMax) {
      throw new AssentError('overloaded', `${this.outstanding} transactions wait for their outcome.`);
    }
    this.#checking += transactions.length;
    const wanted = submission.wait === 'none' ? intention.accept : intention.commit;
    const finish = (outcomes: readonly OutcomeView[]): void => {
      for (const outcome of outcomes) this.#options.observe?.(outcome);
      done(outcomes);
    };
    const pending = new Pending(transactions.length, submission.timeoutMs, finish, (late) => this.#giveUp(late));
    this.#checkFrom(0, transactions, wanted, pending);
  }

  /** Takes no more. What is outstanding still gets its outcome, and what has none after `deadlineMs` is given up. */
  close(deadlineMs: number): void {
    this.#closing = true;
    setTimeout(() => {
      for (const pending of new Set([...this.#tickets.values()].map((ticket) => ticket.pending))) pending.expire();
    }, deadlineMs).unref();
  }

  /** Takes the main thread's word on tickets. */
  settle(message: SettledMessage): void {
    for (const block of message.blocks) this.#settleBlock(block);
    for (const number of message.accepted) {
      const ticket = this.#close(number);
      ticket.pending.resolve(ticket.position, accepted(ticket.id));
    }
    for (const { ticket: number, code, message: sentence } of message.refused) {
      const ticket = this.#close(number);
      const outcome =
        code === 'outcome-unknown' ? unknown(ticket.id) : refused(ticket.id, new AssentError(code, sentence));
      ticket.pending.resolve(ticket.position, outcome);
    }
  }

  #checkFrom(start: number, transactions: readonly Uint8Array[], wanted: number, pending: Pending): void {
    const end = Math.min(start + sliceLength, transactions.length);
    for (let position = start; position < end; position++) {
      this.#checkOne(present(transactions[position], 'within the list'), position, wanted, pending);
    }
    if (end < transactions.length) setImmediate(() => this.#checkFrom(end, transactions, wanted, pending));
  }

  #checkOne(bytes: Uint8Array, position: number, wanted: number, pending: Pending): void {
    if (this.#refuseLate(position, pending)) return;
    let transaction: UnverifiedTransaction;
    try {
      transaction = readTransaction(bytes, this.#options);
    } catch (error) {
      if (!(error instanceof AssentError)) throw error;
      this.#refuse(position, pending, error);
      return;
    }
    const key = this.#signers.known(transaction);
    if (key !== undefined) {
      this.#take(transaction, key, position, wanted, pending);
      return;
    }
    this.#byteCount += bytes.length;
    this.#signers.ask(transaction, (signed) => {
      this.#byteCount -= bytes.length;
      if ('place' in signed) {
        const { idHex, kind } = transaction;
        this.#checking -= 1;
        const receipt = receiptView(idHex, kind, signed.place, this.#options.outputToJson);
        pending.resolve(position, committed(idHex, receipt));
      } else if (this.#refuseLate(position, pending)) return;
      else if ('error' in signed) this.#refuse(position, pending, signed.error);
      else this.#take(transaction, signed.key, position, wanted, pending);
    });
  }

  #refuseLate(position: number, pending: Pending): boolean {
    if (pending.isLate)
      this.#refuse(position, pending, new AssentError('overloaded', 'Its time was up before its turn came.'));
    return pending.isLate;
  }

  #refuse(position: number, pending: Pending, error: AssentError): void {
    this.#checking -= 1;
    pending.resolve(position, refused(undefined, error));
  }

  #take(
    { idHex: id, kind, bytes }: UnverifiedTransaction,
    key: Uint8Array,
    position: number,
    wanted: number,
    pending: Pending,
  ): void {
    this.#checking -= 1;
    this.#openGroup().add(bytes, key, wanted);
    this.#tickets.set(this.#nextTicket, { pending, position, id, kind, byteLength: bytes.length });
    pending.tickets.push(this.#nextTicket);
    this.#nextTicket += 1;
    this.#byteCount += bytes.length;
  }

  /** What is on its way to the main thread in this turn's group goes before this. */
  #giveUp(late: Pending): void {
    setImmediate(() => {
      const tickets = late.tickets.filter((number) => this.#tickets.has(number));
      if (tickets.length > 0) this.#options.send({ type: 'give-up', tickets });
    });
  }

  /** Everything that this turn of the event loop brings becomes one message, or as few as its bound allows. */
  #openGroup(): SubmitGroup {
    if (this.#group?.isFull) this.#sendGroup();
    if (this.#group !== undefined) return this.#group;
    this.#group = new SubmitGroup(this.#nextTicket);
    setImmediate(() => this.#sendGroup());
    return this.#group;
  }

  #sendGroup(): void {
    const group = this.#group;
    this.#group = undefined;
    if (group !== undefined) this.#options.send(group.message());
  }

  #settleBlock(block: SettledBlock): void {
    let offset = 0;
    for (const [place, number] of block.tickets.entries()) {
      const length = present(block.lengths[place], 'every ticket has a result');
      const ticket = this.#close(number);
      const { height, timestamp, blockHash } = block;
      const index = present(block.indexes[place], 'every ticket has a place');
      const result = block.results.subarray(offset, offset + length);
      offset += length;
      const executed = { height, index, timestamp, blockHash, result };
      const receipt = receiptView(ticket.id, ticket.kind, executed, this.#options.outputToJson);
      ticket.pending.resolve(ticket.position, committed(ticket.id, receipt));
    }
  }

  #close(number: number): Ticket {
    const ticket = this.#tickets.get(number);
    assert(ticket !== undefined, 'each ticket is settled once');
    this.#tickets.delete(number);
    this.#byteCount -= ticket.byteLength;
    return ticket;
  }
}
