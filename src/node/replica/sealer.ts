import type { Clock, ErrorCode } from '../../base/index.ts';
import { type BlockReference, encodeJustification, type ProposalSlot, type Tip } from '../../consensus/index.ts';
import { encodeNodeId, type Signer } from '../../crypto/index.ts';
import {
  type Draft,
  type Inadmissible,
  type Ledger,
  ledgerLimits,
  type MayGoOn,
  type NodeConfiguration,
  type Sealing,
  type VerifiedTransaction,
} from '../../ledger/index.ts';
import { consensusConfiguration } from './configuration.ts';
import { recoveryContent } from './recovery-record.ts';
import type { TransactionPool } from './transaction-pool.ts';

/** Blocks on their way to a certificate before the next waits: one being synced and acknowledged, one behind it. */
const uncommittedBlocksTarget = 2;
/**
 * Execution of a block takes about this much of the thread's processor time, so that nothing holds the main thread for
 * 20 ms (protocol.md §11). Time in which other programs had the core is not the block's: cutting blocks for it would
 * cost more time, not less.
 */
const executionMsTarget = 16;
const transactionsMin = 64;
/**
 * How much the newest block counts in the running cost of a transaction. An interruption by the system only ever makes a
 * block look costlier: a cheap one is believed at once, a costly one when others follow.
 */
const cheaperWeight = 0.5;
const costlierWeight = 0.05;
/** While a deadline is open an idle leader seals an empty block this often (protocol.md §4, "Time"). */
const deadlineBlockMs = 60_000;
const timeBlockMs = 1000;

export interface Sealed {
  readonly draft: Draft;
  /** The draft as consensus sees it. */
  readonly reference: BlockReference;
  readonly accept: () => void;
}

interface SealerOptions {
  readonly ledger: Ledger;
  readonly nodeKey: Signer;
  readonly clock: Clock;
  /** Time that this thread has worked, in milliseconds: tells what a block costs. */
  readonly workMs: () => number;
  readonly pool: TransactionPool;
}

/** A block that is being executed. */
export interface Begun {
  readonly parent: Tip;
  readonly term: number;
  readonly sealing: Sealing;
  readonly leftOut: LeftOut[];
  workedMs: number;
}

interface LeftOut {
  readonly transaction: VerifiedTransaction;
  readonly reason: Inadmissible;
}

/** Reasons that are final for the transaction; the others end by themselves. */
const dismissals: Partial<Record<Inadmissible, ErrorCode>> = {
  'key-not-current': 'key-not-current',
  'kind-unknown': 'transaction-kind-unknown',
  'too-large': 'transaction-too-large',
  'payload-invalid': 'transaction-payload-invalid',
};

/** Decides when a leader seals and how much, and does it. */
export class Sealer {
  readonly #ledger: Ledger;
  readonly #nodeKey: Signer;
  readonly #clock: Clock;
  readonly #workMs: () => number;
  readonly #pool: TransactionPool;
  /** Running cost of one transaction, in milliseconds. */
  #costMs = executionMsTarget / 256;

  constructor(options: SealerOptions) {
    this.#ledger = options.ledger;
    this.#nodeKey = options.nodeKey;
    this.#clock = options.clock;
    this.#workMs = options.workMs;
    this.#pool = options.pool;
  }

  /** Batching: while blocks are on their way to the disks, transactions gather for the next. */
  hasWork(uncommittedBlocks: number, parentHash: Uint8Array): boolean {
    if (uncommittedBlocks >= uncommittedBlocksTarget) return false;
    return this.#pool.waiting > 0 || this.timeBlockDue(parentHash);
  }

  /** Transactions wait for certified time to pass their window: an empty block, once a second at most, brings it about. */
  timeBlockDue(parentHash: Uint8Array): boolean {
    return this.#pool.parked > 0 && this.#ageMs(parentHash) >= timeBlockMs;
  }

  deadlineBlockDue(tipHash: Uint8Array): boolean {
    if (!this.#ledger.awaitsDeadline(tipHash)) return false;
    return this.#ageMs(tipHash) >= deadlineBlockMs;
  }

  #ageMs(hash: Uint8Array): number {
    return this.#clock.nowMs() - (this.#ledger.timestampOf(hash) ?? 0);
  }

  /** Begins a block of what waits on the slot's parent, as much as it may take. */
  begin({ parent, term, nowMs }: ProposalSlot): Begun {
    const timestamp = Math.max(nowMs, (this.#ledger.timestampOf(parent.hash) ?? 0) + 1);
    const leftOut: LeftOut[] = [];
    const sealing = this.#ledger.beginSeal(
      { parentHash: parent.hash, timestamp },
      including(this.#pool.candidates(), this.#transactionsMax, leftOut),
      (transaction, reason) => leftOut.push({ transaction, reason }),
    );
    return { parent, term, sealing, leftOut, workedMs: 0 };
  }

  /** Executes a slice of it. False while there is more; those that are in it then can no longer be taken back. */
  step(begun: Begun, mayGoOn: MayGoOn): boolean {
    const startedMs = this.#workMs();
    const isWhole = begun.sealing.step(mayGoOn);
    begun.workedMs += this.#workMs() - startedMs;
    if (!isWhole) this.#pool.handOn(begun.sealing.transactions);
    return isWhole;
  }

  /** Makes a block of what was executed, for the slot as it is now; what has no place leaves the pool or the way. */
  finish({ sealing, leftOut, workedMs }: Begun, slot: ProposalSlot, enactsChange: boolean): Sealed {
    let { justification } = slot;
    let byteLength = headerBytesAbout;
    const justify = (after: NodeConfiguration | undefined): Uint8Array => {
      if (after !== undefined) justification = { ...justification, configuration: consensusConfiguration(after) };
      const bytes = encodeJustification(justification);
      byteLength += bytes.length;
      return bytes;
    };
    const recovery = recoveryContent(slot.justification);
    const startedMs = this.#workMs();
    const { draft, accept } = sealing.finish(
      { term: slot.term, enactsChange, ...(recovery && { recovery }), justification: justify },
      this.#nodeKey.publicKey,
    );
    this.#adapt(draft.transactions.length, workedMs + this.#workMs() - startedMs);
    for (const item of leftOut) this.#dismiss(item);
    for (const transaction of draft.transactions) byteLength += transaction.byteLength;
    const { height, term, configurationHash } = draft.header;
    const reference: BlockReference = {
      height,
      term,
      hash: draft.hash,
      parentHash: slot.parent.hash,
      proposer: encodeNodeId(this.#nodeKey.publicKey),
      configurationHash,
      justification,
      byteLength,
    };
    return { draft, reference, accept };
  }

  /** Submitters here are told what can never have a place; another node sees its transactions expire. */
  #dismiss({ transaction, reason }: LeftOut): void {
    const { idHex } = transaction;
    if (reason === 'already-executed' || reason === 'too-far' || reason === 'key-not-current')
      this.#pool.dropForeign(idHex);
    // Which key is current depends on blocks that may be overwritten: what may be in another is refused by time alone.
    const isOpen = reason === 'key-not-current' && this.#pool.isHandedOn(idHex);
    if (reason === 'expired' || isOpen) this.#pool.park(idHex);
    const code = isOpen ? undefined : dismissals[reason];
    if (code !== undefined) this.#pool.refuse(idHex, code, `the leader refused the transaction: ${reason}`);
  }

  get #transactionsMax(): number {
    const affordable = Math.floor(executionMsTarget / this.#costMs);
    return Math.min(ledgerLimits.blockTransactionsMax, Math.max(transactionsMin, affordable));
  }

  #adapt(count: number, elapsedMs: number): void {
    if (count === 0) return;
    const costMs = elapsedMs / count;
    const weight = costMs < this.#costMs ? cheaperWeight : costlierWeight;
    // A small block's cost is mostly its own: it says little of a transaction's.
    this.#costMs += weight * Math.min(1, count / transactionsMin) * (costMs - this.#costMs);
  }
}

/** A signed header and the envelope of a block, for the caps on bytes in flight. */
const headerBytesAbout = 512;

/** As many items as it takes to include `count`: what is left out on the way does not crowd out what comes after it. */
function* including<T>(items: Iterable<T>, count: number, leftOut: readonly unknown[]): Generator<T> {
  let given = 0;
  for (const item of items) {
    if (given - leftOut.length >= count) return;
    given += 1;
    yield item;
  }
}
