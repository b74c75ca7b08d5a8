import { AssentError, type ErrorCode } from '../../base/index.ts';
import type { Receipt, VerifiedTransaction } from '../../ledger/index.ts';

/** What a submitter is told. */
export type Outcome =
  | { readonly status: 'committed'; readonly receipt: Receipt }
  | { readonly status: 'refused'; readonly error: AssentError };

export type OutcomeListener = (outcome: Outcome) => void;

interface Pending {
  readonly transaction: VerifiedTransaction;
  /** Submitters at this node. Empty for a transaction that another node forwarded. */
  listeners: OutcomeListener[];
  /** Submitted at this node, and so kept and handed on again until its fate is certain. */
  local: boolean;
  /** Whether any other part of the ledger can know of it: after that its outcome is open. */
  handedOn: boolean;
  /** Tick of the last forwarding; undefined since the leader changed. */
  forwardedAtTick: number | undefined;
  /** The block of this node's chain that holds it. */
  block: string | undefined;
}

export interface PoolLimits {
  readonly transactionsMax: number;
  readonly bytesMax: number;
  readonly listenersMax: number;
}

export const poolLimits: PoolLimits = { transactionsMax: 20_000, bytesMax: 32 * 1024 * 1024, listenersMax: 16 };

/**
 * Verified transactions without a certain outcome, in order of arrival. Those submitted here stay until they are
 * committed or can never be; those forwarded by others stay while this node leads.
 */
export class TransactionPool {
  readonly #limits: PoolLimits;
  readonly #pending = new Map<string, Pending>();
  /** The part of `#pending` that is in no block: what a leader seals and a follower forwards. */
  readonly #waiting = new Map<string, Pending>();
  /** The part of `#pending` that this leader's blocks can no longer hold, until certified time says so. */
  readonly #parked = new Map<string, Pending>();
  readonly #byBlock = new Map<string, string[]>();
  #bytes = 0;

  constructor(limits: PoolLimits = poolLimits) {
    this.#limits = limits;
  }

  get size(): number {
    return this.#pending.size;
  }

  get waiting(): number {
    return this.#waiting.size;
  }

  get parked(): number {
    return this.#parked.size;
  }

  find(idHex: string): VerifiedTransaction | undefined {
    return this.#pending.get(idHex)?.transaction;
  }

  /** Another listener for a transaction that is here. False: as many wait already as may. Undefined: it is not here. */
  join(idHex: string, listener: OutcomeListener): boolean | undefined {
    const pending = this.#pending.get(idHex);
    if (pending === undefined) return undefined;
    if (pending.listeners.length >= this.#limits.listenersMax) return false;
    pending.listeners.push(listener);
    pending.local = true;
    return true;
  }

  /** Takes a transaction: from a submitter with its listener, from another node without. Answers false when full. */
  add(transaction: VerifiedTransaction, listener?: OutcomeListener): boolean {
    if (this.#pending.has(transaction.idHex)) {
      return listener === undefined || this.join(transaction.idHex, listener) === true;
    }
    if (this.#pending.size >= this.#limits.transactionsMax) return false;
    if (this.#bytes + transaction.byteLength > this.#limits.bytesMax) return false;
    const pending: Pending = {
      transaction,
      listeners: listener === undefined ? [] : [listener],
      local: listener !== undefined,
      // The node that forwarded it keeps it.
      handedOn: listener === undefined,
      forwardedAtTick: undefined,
      block: undefined,
    };
    this.#bytes += transaction.byteLength;
    this.#pending.set(transaction.idHex, pending);
    this.#waiting.set(transaction.idHex, pending);
    return true;
  }

  /** In order of arrival; the pool may change while it is iterated. */
  *candidates(): Generator<VerifiedTransaction> {
    for (const { transaction } of this.#waiting.values()) yield transaction;
  }

  /** Whether any other part of the ledger can know of it. */
  isHandedOn(idHex: string): boolean {
    return this.#pending.get(idHex)?.handedOn === true;
  }

  /** These transactions are being executed for a block. */
  handOn(transactions: readonly VerifiedTransaction[]): void {
    for (const { idHex } of transactions) {
      const pending = this.#pending.get(idHex);
      if (pending !== undefined) pending.handedOn = true;
    }
  }

  /** These transactions are in a block of this node's chain. */
  place(blockHex: string, transactions: readonly VerifiedTransaction[]): void {
    const placed: string[] = [];
    for (const { idHex } of transactions) {
      const pending = this.#pending.get(idHex);
      if (pending === undefined) continue;
      pending.block = blockHex;
      pending.handedOn = true;
      this.#waiting.delete(idHex);
      this.#parked.delete(idHex);
      placed.push(idHex);
    }
    if (placed.length > 0) this.#byBlock.set(blockHex, placed);
  }

  /** The block left the chain: its transactions wait again, for a new place or for their expiry. */
  release(blockHex: string): void {
    for (const idHex of this.#byBlock.get(blockHex) ?? []) {
      const pending = this.#pending.get(idHex);
      if (pending === undefined || pending.block !== blockHex) continue;
      pending.block = undefined;
      pending.forwardedAtTick = undefined;
      if (pending.local) this.#waiting.set(idHex, pending);
      else this.#remove(idHex, pending);
    }
    this.#byBlock.delete(blockHex);
  }

  /** The leader's blocks are past its window: it is out of the way until certified time is, too, or another leads. */
  park(idHex: string): void {
    const pending = this.#waiting.get(idHex);
    if (pending === undefined) return;
    this.#waiting.delete(idHex);
    this.#parked.set(idHex, pending);
  }

  /** Tells the listeners of a committed transaction. */
  commit(idHex: string, receipt: Receipt): void {
    this.#settle(idHex, { status: 'committed', receipt });
  }

  /** The block's transactions were committed one by one. */
  forgetBlock(blockHex: string): void {
    this.#byBlock.delete(blockHex);
  }

  /** Removes a transaction that can have no place, and says why. */
  refuse(idHex: string, code: ErrorCode, message: string): void {
    this.#settle(idHex, { status: 'refused', error: new AssentError(code, message, { transaction: idHex }) });
  }

  /** Removes a transaction that only this node's tenure as a leader kept here. */
  dropForeign(idHex: string): void {
    const pending = this.#pending.get(idHex);
    if (pending !== undefined && !pending.local) this.#remove(idHex, pending);
  }

  /**
   * The time of the newest durably committed block: what is still here and was valid only before it is in none of the
   * chain's blocks, and its absence is final. That a block of a branch holds it changes nothing.
   */
  expire(certifiedTimestampMs: number): void {
    for (const [idHex, { transaction }] of this.#pending) {
      if (transaction.validUntil >= certifiedTimestampMs) continue;
      this.refuse(idHex, 'window-expired', 'validUntil passed before the transaction found a place in the ledger');
    }
  }

  /** Nothing more is learned of these here: their listeners are told so, and none is left. */
  abandon(message: string): void {
    for (const idHex of [...this.#pending.keys()]) this.refuse(idHex, 'outcome-unknown', message);
    this.#byBlock.clear();
  }

  /** A node that does not lead keeps only what was submitted to it, and hands all of it on anew. */
  leaderChanged(): void {
    for (const [idHex, pending] of this.#parked) this.#waiting.set(idHex, pending);
    this.#parked.clear();
    for (const [idHex, pending] of this.#waiting) {
      pending.forwardedAtTick = undefined;
      if (!pending.local) this.#remove(idHex, pending);
    }
  }

  /** Waiting transactions that were not forwarded since `beforeTick`, at most `bytesMax` of them; marks them forwarded. */
  takeToForward(tick: number, beforeTick: number, bytesMax: number): VerifiedTransaction[] {
    const taken: VerifiedTransaction[] = [];
    let bytes = 0;
    for (const pending of this.#waiting.values()) {
      if (pending.forwardedAtTick !== undefined && pending.forwardedAtTick > beforeTick) continue;
      bytes += pending.transaction.byteLength + 8;
      if (taken.length > 0 && bytes > bytesMax) break;
      pending.forwardedAtTick = tick;
      pending.handedOn = true;
      taken.push(pending.transaction);
    }
    return taken;
  }

  /** The frame with these was not taken by the transport: they are still to be forwarded. */
  notForwarded(transactions: readonly VerifiedTransaction[]): void {
    for (const { idHex } of transactions) {
      const pending = this.#pending.get(idHex);
      if (pending !== undefined) pending.forwardedAtTick = undefined;
    }
  }

  /**
   * A submitter stops waiting. Answers whether it is certain that nothing happened and nothing will: then the
   * transaction is gone from here and was never anywhere else.
   */
  giveUp(idHex: string, listener: OutcomeListener): 'nothing-happened' | 'unknown' {
    const pending = this.#pending.get(idHex);
    if (pending === undefined) return 'unknown';
    pending.listeners = pending.listeners.filter((other) => other !== listener);
    if (pending.handedOn || pending.listeners.length > 0) return 'unknown';
    this.#remove(idHex, pending);
    return 'nothing-happened';
  }

  #settle(idHex: string, outcome: Outcome): void {
    const pending = this.#pending.get(idHex);
    if (pending === undefined) return;
    this.#remove(idHex, pending);
    for (const listener of pending.listeners) listener(outcome);
  }

  #remove(idHex: string, pending: Pending): void {
    this.#bytes -= pending.transaction.byteLength;
    this.#pending.delete(idHex);
    this.#waiting.delete(idHex);
    this.#parked.delete(idHex);
  }
}
