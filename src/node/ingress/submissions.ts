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
import { finish, Slices } from './slices.ts';

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

/** A transaction of the right form that was not passed on yet. */
interface Read {
  readonly transaction: UnverifiedTransaction;
  readonly position: number;
  /** Undefined while the main thread has to be asked for it. */
  readonly key: Uint8Array | undefined;
}

/** What is checked in one turn, about 50 µs a signature; of what is long the reading takes as much. */
const checksPerTurn = 8;
const checkedBytesPerTurn = 16_384;
/** Transactions of a request that are passed on together: each group wakes the main thread. */
const passedTogetherMax = 32;
/** Outcomes of a turn, about 10 µs each. */
const settledPerTurn = 32;

/**
 * Takes submissions in, checks each transaction once, passes those of a turn on as one group, and brings the outcomes
 * back to their requests. When a request's time is up, the main thread says what is certain.
 */
export class Submissions {
  readonly #options: SubmissionsOptions;
  readonly #slices = new Slices();
  readonly #signers: Signers;
  readonly #tickets = new Map<number, Ticket>();
  #nextTicket = 0;
  #byteCount = 0;
  #checkingCount = 0;
  #group: SubmitGroup | undefined;
  #closing = false;

  constructor(options: SubmissionsOptions) {
    this.#options = options;
    this.#signers = new Signers(options, this.#slices);
  }

  /** Transactions without an outcome. */
  get outstanding(): number {
    return this.#tickets.size + this.#checkingCount;
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
    this.#checkingCount += transactions.length;
    for (const { length } of transactions) this.#byteCount += length;
    const wanted = submission.wait === 'none' ? intention.accept : intention.commit;
    const answer = (outcomes: readonly OutcomeView[]): void => {
      for (const outcome of outcomes) this.#options.observe?.(outcome);
      done(outcomes);
    };
    const pending = new Pending(transactions.length, submission.timeoutMs, answer, (late) => this.#giveUp(late));
    const checking = this.#checking(transactions, wanted, pending);
    const isShort = transactions.length <= checksPerTurn && submission.body.length <= checkedBytesPerTurn;
    if (isShort || transactions.length === 1) finish(checking);
    else this.#slices.begin(checking);
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
    for (const block of message.blocks) {
      const settling = this.#settling(block);
      if (block.tickets.length <= settledPerTurn) finish(settling);
      else this.#slices.begin(settling);
    }
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

  *#checking(transactions: readonly Uint8Array[], wanted: number, pending: Pending): Generator<void> {
    let [checks, bytes] = [0, 0];
    let read: Read[] = [];
    for (const [position, transaction] of transactions.entries()) {
      if (checks >= checksPerTurn || bytes >= checkedBytesPerTurn) {
        yield;
        [checks, bytes] = [0, 0];
      }
      checks += 1;
      bytes += transaction.length;
      const one = this.#readOne(transaction, position, pending);
      if (one !== undefined) read.push(one);
      if (read.length < passedTogetherMax && position < transactions.length - 1) continue;
      for (const each of read) this.#passOn(each, wanted, pending);
      read = [];
    }
  }

  /** Undefined when it is refused. */
  #readOne(bytes: Uint8Array, position: number, pending: Pending): Read | undefined {
    if (this.#refuseLate(bytes, position, pending)) return undefined;
    let transaction: UnverifiedTransaction;
    try {
      transaction = readTransaction(bytes, this.#options);
    } catch (error) {
      if (!(error instanceof AssentError)) throw error;
      this.#refuse(bytes, position, pending, error);
      return undefined;
    }
    return { transaction, position, key: this.#signers.known(transaction) };
  }

  #passOn({ transaction, position, key }: Read, wanted: number, pending: Pending): void {
    const { idHex, kind, bytes } = transaction;
    if (this.#refuseLate(bytes, position, pending)) return;
    if (key !== undefined) {
      this.#take(transaction, key, position, wanted, pending);
      return;
    }
    this.#signers.ask(transaction, (signed) => {
      if ('place' in signed) {
        this.#release(bytes);
        const receipt = receiptView(idHex, kind, signed.place, this.#options.outputToJson);
        pending.resolve(position, committed(idHex, receipt));
      } else if (this.#refuseLate(bytes, position, pending)) return;
      else if ('error' in signed) this.#refuse(bytes, position, pending, signed.error);
      else this.#take(transaction, signed.key, position, wanted, pending);
    });
  }

  #refuseLate(bytes: Uint8Array, position: number, pending: Pending): boolean {
    if (pending.isLate)
      this.#refuse(bytes, position, pending, new AssentError('overloaded', 'Its time was up before its turn came.'));
    return pending.isLate;
  }

  #refuse(bytes: Uint8Array, position: number, pending: Pending, error: AssentError): void {
    this.#release(bytes);
    pending.resolve(position, refused(undefined, error));
  }

  /** It is checked, and not passed on. */
  #release({ length }: Uint8Array): void {
    this.#checkingCount -= 1;
    this.#byteCount -= length;
  }

  #take(
    { idHex: id, kind, bytes }: UnverifiedTransaction,
    key: Uint8Array,
    position: number,
    wanted: number,
    pending: Pending,
  ): void {
    this.#checkingCount -= 1;
    this.#openGroup().add(bytes, key, wanted);
    this.#tickets.set(this.#nextTicket, { pending, position, id, kind, byteLength: bytes.length });
    pending.tickets.push(this.#nextTicket);
    this.#nextTicket += 1;
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

  *#settling({ height, timestamp, blockHash, ...block }: SettledBlock): Generator<void> {
    let offset = 0;
    for (const [place, number] of block.tickets.entries()) {
      if (place > 0 && place % settledPerTurn === 0) yield;
      const length = present(block.lengths[place], 'every ticket has a result');
      const ticket = this.#close(number);
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
