import type { NodeId } from '../../crypto/index.ts';
import { type Ledger, type UnverifiedTransaction, VerifiedTransaction } from '../../ledger/index.ts';
import type { VerifyTransactions } from './execution-queue.ts';
import { decodeForwarded, encodeForwarded, forwardingBytesMax } from './forwarding.ts';
import type { TransactionPool } from './transaction-pool.ts';

/** Forwarded transactions whose signatures are being checked. More are dropped: their origin sends them again. */
const unverifiedMax = 4096;
/** A forwarded transaction that is in no block after this many ticks is forwarded again. */
const forwardAgainTicks = 100;

/**
 * Carries transactions from the node that took them to the leader, one hop. Nothing comes back: that a transaction is in
 * the ledger, or can never be, the origin sees for itself, and believes no peer.
 */
export class Forwarder {
  readonly #ledger: Ledger;
  readonly #pool: TransactionPool;
  readonly #verify: VerifyTransactions;
  readonly #send: (to: NodeId, frame: Uint8Array) => boolean;
  readonly #onVerified: () => void;
  #unverified = 0;

  constructor(options: {
    ledger: Ledger;
    pool: TransactionPool;
    verify: VerifyTransactions;
    send: (to: NodeId, frame: Uint8Array) => boolean;
    /** New candidates are in the pool. */
    onVerified: () => void;
  }) {
    this.#ledger = options.ledger;
    this.#pool = options.pool;
    this.#verify = options.verify;
    this.#send = options.send;
    this.#onVerified = options.onVerified;
  }

  /** Hands all that waits on to the leader, in frames, as far as the transport takes them. */
  forward(leader: NodeId, tick: number): void {
    for (;;) {
      const transactions = this.#pool.takeToForward(tick, tick - forwardAgainTicks, forwardingBytesMax);
      if (transactions.length === 0) return;
      if (this.#send(leader, encodeForwarded(transactions))) continue;
      this.#pool.notForwarded(transactions);
      return;
    }
  }

  /** Throws AssentError for a frame that is not readable. Transactions are taken only while this node leads. */
  receive(frame: Uint8Array, leads: boolean): void {
    const transactions = decodeForwarded(frame);
    if (leads) this.#verifyAndAdd(transactions);
  }

  #verifyAndAdd(received: readonly UnverifiedTransaction[]): void {
    const unknown = received.filter(
      ({ id, idHex }) => this.#pool.find(idHex) === undefined && this.#ledger.receipt(id) === undefined,
    );
    if (unknown.length === 0 || this.#unverified + unknown.length > unverifiedMax) return;
    const keys = unknown.map((transaction) => this.#ledger.executor.currentKey(this.#ledger.state, transaction.sender));
    this.#unverified += unknown.length;
    this.#verify(unknown, keys, (valid) => {
      this.#unverified -= unknown.length;
      for (const [index, transaction] of unknown.entries()) {
        if (valid[index] !== true) continue;
        this.#pool.add(VerifiedTransaction.vouchedFor(transaction, keys[index] as Uint8Array));
      }
      this.#onVerified();
    });
  }
}
