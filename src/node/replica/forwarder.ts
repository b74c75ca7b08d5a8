import type { Clock } from '../../base/index.ts';
import type { NodeId } from '../../crypto/index.ts';
import { type Ledger, type UnverifiedTransaction, VerifiedTransaction } from '../../ledger/index.ts';
import { admissionRefusal } from './admission.ts';
import type { VerifyTransactions } from './execution-queue.ts';
import { encodeForwarded, forwardingBytesMax } from './forwarding.ts';
import type { TransactionPool } from './transaction-pool.ts';

/** Forwarded transactions whose signatures are being checked. More are dropped: their origin sends them again. */
const unverifiedMax = 4096;
/** A forwarded transaction that is in no block after this many ticks is forwarded again. */
const forwardAgainTicks = 40;

/**
 * Carries transactions from the node that took them to the leader, one hop. Nothing comes back: that a transaction is in
 * the ledger, or can never be, the origin sees for itself, and believes no peer.
 */
export class Forwarder {
  readonly #ledger: Ledger;
  readonly #pool: TransactionPool;
  readonly #clock: Clock;
  readonly #verify: VerifyTransactions;
  readonly #send: (to: NodeId, frame: Uint8Array) => boolean;
  readonly #onVerified: () => void;
  #unverified = 0;

  constructor(options: {
    ledger: Ledger;
    pool: TransactionPool;
    clock: Clock;
    verify: VerifyTransactions;
    send: (to: NodeId, frame: Uint8Array) => boolean;
    /** New candidates are in the pool. */
    onVerified: () => void;
  }) {
    this.#ledger = options.ledger;
    this.#pool = options.pool;
    this.#clock = options.clock;
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

  /**
   * Takes what another node forwarded, while this node leads. What has no place in a block is dropped: its origin learns
   * from certified time that it is void, and the pool is not filled with what can never leave it.
   */
  receive(transactions: readonly UnverifiedTransaction[]): void {
    const nowMs = this.#clock.nowMs();
    const unknown = transactions.filter(
      (transaction) =>
        this.#pool.find(transaction.idHex) === undefined &&
        admissionRefusal(this.#ledger, transaction, nowMs) === undefined,
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
