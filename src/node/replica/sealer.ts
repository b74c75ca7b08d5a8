import { AssentError, type Clock } from '../../base/index.ts';
import { encodeJustification, type ProposalSlot } from '../../consensus/index.ts';
import type { Signer } from '../../crypto/index.ts';
import {
  type Draft,
  type Inadmissible,
  type Ledger,
  ledgerLimits,
  type OpenedBlock,
  type VerifiedTransaction,
} from '../../ledger/index.ts';
import type { TransactionPool } from './transaction-pool.ts';

/** Blocks on their way to a certificate before the next waits: one being synced and acknowledged, one behind it. */
const uncommittedBlocksTarget = 2;
/** Execution of a block stays below this, so that nothing holds the main thread (protocol.md §11). */
const executionMsTarget = 10;
const transactionsMin = 16;
const transactionsStep = 32;
/** While a deadline is open an idle leader seals an empty block this often (protocol.md §4, "Time"). */
const deadlineBlockMs = 60_000;
const timeBlockMs = 1000;

export interface Sealed {
  readonly draft: Omit<Draft, 'sign'> & { readonly byteLength: number; sign(signer: Signer): OpenedBlock };
  readonly accept: () => void;
  readonly leftOut: readonly { readonly transaction: VerifiedTransaction; readonly reason: Inadmissible }[];
}

/** Decides when a leader seals and how much, and does it. */
export class Sealer {
  readonly #ledger: Ledger;
  readonly #nodeKey: Signer;
  readonly #clock: Clock;
  readonly #pool: TransactionPool;
  #transactionsMax = 256;

  constructor(options: { ledger: Ledger; nodeKey: Signer; clock: Clock; pool: TransactionPool }) {
    this.#ledger = options.ledger;
    this.#nodeKey = options.nodeKey;
    this.#clock = options.clock;
    this.#pool = options.pool;
  }

  /**
   * What can be refused at the door. That a window has passed is said by certified time only: by this node's clock alone
   * the same bytes might be in a block that it has not seen.
   */
  admission(transaction: VerifiedTransaction, nowMs: number): AssentError | undefined {
    const { kind, validUntil } = transaction;
    if (!this.#ledger.executor.kinds.has(kind)) {
      return new AssentError(
        'transaction-kind-unknown',
        `the rule set ${this.#ledger.executor.ruleSet} has no transaction "${kind}"`,
      );
    }
    const wrong = this.#ledger.executor.checkPayload(kind, transaction.payload);
    if (wrong !== undefined)
      return new AssentError('transaction-payload-invalid', `the payload of ${kind} is wrong: ${wrong}`);
    if (validUntil < this.#ledger.applied.timestamp) return new AssentError('window-expired', 'validUntil has passed');
    if (validUntil > nowMs + ledgerLimits.validityWindowMs)
      return new AssentError('window-too-far', 'validUntil is more than ten minutes ahead');
    return undefined;
  }

  /** Batching: while blocks are on their way to the disks, transactions gather for the next. */
  hasWork(uncommittedBlocks: number): boolean {
    return this.#pool.waiting > 0 && uncommittedBlocks < uncommittedBlocksTarget;
  }

  /** Transactions wait for certified time to pass their window: an empty block, once a second at most, brings it about. */
  timeBlockDue(parentHash: Uint8Array, leftOut: Sealed['leftOut']): boolean {
    if (!leftOut.some(({ reason }) => reason === 'expired')) return false;
    return this.#clock.nowMs() - (this.#ledger.timestampOf(parentHash) ?? 0) >= timeBlockMs;
  }

  deadlineBlockDue(tipHash: Uint8Array): boolean {
    if (!this.#ledger.awaitsDeadline(tipHash)) return false;
    return this.#clock.nowMs() - (this.#ledger.timestampOf(tipHash) ?? 0) >= deadlineBlockMs;
  }

  seal(slot: ProposalSlot): Sealed {
    const parentHash = slot.parent.hash;
    const timestamp = Math.max(this.#clock.nowMs(), (this.#ledger.timestampOf(parentHash) ?? 0) + 1);
    const justification = encodeJustification(slot.justification);
    const startedMs = this.#clock.monotonicMs();
    const leftOut: { transaction: VerifiedTransaction; reason: Inadmissible }[] = [];
    const { draft, accept } = this.#ledger.seal(
      { parentHash, term: slot.term, timestamp, justification },
      this.#nodeKey.publicKey,
      first(this.#pool.candidates(), this.#transactionsMax),
      (transaction, reason) => leftOut.push({ transaction, reason }),
    );
    this.#adapt(draft.transactions.length, this.#clock.monotonicMs() - startedMs);
    let byteLength = justification.length + headerBytesAbout;
    for (const transaction of draft.transactions) byteLength += transaction.byteLength;
    return { draft: { ...draft, byteLength }, accept, leftOut };
  }

  #adapt(count: number, elapsedMs: number): void {
    if (elapsedMs > executionMsTarget) this.#transactionsMax = Math.max(transactionsMin, Math.floor(count * 0.7));
    else if (count >= this.#transactionsMax) {
      this.#transactionsMax = Math.min(ledgerLimits.blockTransactionsMax, this.#transactionsMax + transactionsStep);
    }
  }
}

/** A signed header and the envelope of a block, for the caps on bytes in flight. */
const headerBytesAbout = 512;

function* first<T>(items: Iterable<T>, count: number): Generator<T> {
  let left = count;
  if (left === 0) return;
  for (const item of items) {
    yield item;
    left -= 1;
    if (left === 0) return;
  }
}
