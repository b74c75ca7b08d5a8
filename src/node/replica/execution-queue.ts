import { AssentError, equalBytes } from '../../base/index.ts';
import type { BlockReference, ExecuteRequest, Verdict } from '../../consensus/index.ts';
import {
  decodeBlock,
  type Ledger,
  type OpenedBlock,
  type ReceivedBlock,
  type UnverifiedTransaction,
  VerifiedBlock,
  VerifiedTransaction,
} from '../../ledger/index.ts';

/** Asks the verification thread about signatures; the answers come in the order of the questions. */
export type VerifyTransactions = (
  transactions: readonly UnverifiedTransaction[],
  keys: readonly Uint8Array[],
  done: (valid: readonly boolean[]) => void,
) => void;

interface Item {
  readonly request: ExecuteRequest;
  block: ReceivedBlock | undefined;
  transactions: VerifiedTransaction[] | undefined;
  verdict: Verdict | undefined;
  abandoned: boolean;
}

/** A voter refuses a block this far ahead of, or behind, its own clock (protocol.md §4, "Time"). */
export const clockAheadMsMax = 5000;
export const clockBehindMsMax = 60_000;

/**
 * Blocks on their way from "received" to "executed": signatures are checked elsewhere, side by side; execution is here,
 * one after another, in the order of the requests.
 */
export class ExecutionQueue {
  readonly #ledger: Ledger;
  readonly #verify: VerifyTransactions;
  readonly #known: (idHex: string) => VerifiedTransaction | undefined;
  readonly #clockMs: () => number;
  readonly #onVerdict: (
    block: BlockReference,
    verdict: Verdict,
    executed: VerifiedBlock | undefined,
    certified: boolean,
  ) => void;
  readonly #items: Item[] = [];

  constructor(options: {
    ledger: Ledger;
    verify: VerifyTransactions;
    /** A transaction that this node has verified already. */
    known: (idHex: string) => VerifiedTransaction | undefined;
    clockMs: () => number;
    onVerdict: (
      block: BlockReference,
      verdict: Verdict,
      executed: VerifiedBlock | undefined,
      certified: boolean,
    ) => void;
  }) {
    this.#ledger = options.ledger;
    this.#verify = options.verify;
    this.#known = options.known;
    this.#clockMs = options.clockMs;
    this.#onVerdict = options.onVerdict;
  }

  get length(): number {
    return this.#items.length;
  }

  /** Bounded by the core's cap on blocks that are received and not persisted. */
  push(request: ExecuteRequest, opened: OpenedBlock, currentTerm: number): void {
    const item: Item = { request, block: undefined, transactions: undefined, verdict: undefined, abandoned: false };
    this.#items.push(item);
    item.verdict = this.#clockVerdict(request, opened, currentTerm);
    if (item.verdict === undefined) this.#verifySignatures(item, opened);
    this.#advance();
  }

  /** The block left the chain before its verdict. */
  abandon(hash: Uint8Array): void {
    for (const item of this.#items) if (equalBytes(item.request.block.hash, hash)) item.abandoned = true;
  }

  /**
   * Clocks never matter for what is certified. A block from the future is refused whatever its term, lest it be built
   * upon; an old one only from the leader of now.
   */
  #clockVerdict({ block, certified }: ExecuteRequest, opened: OpenedBlock, currentTerm: number): Verdict | undefined {
    if (certified) return undefined;
    const aheadMs = opened.header.timestamp - this.#clockMs();
    if (aheadMs > clockAheadMsMax) return { ok: false, reason: 'clock-ahead' };
    if (block.term === currentTerm && -aheadMs > clockBehindMsMax) return { ok: false, reason: 'clock-behind' };
    return undefined;
  }

  #verifySignatures(item: Item, opened: OpenedBlock): void {
    let block: ReceivedBlock;
    try {
      block = decodeBlock(opened.bytes);
    } catch (error) {
      if (!(error instanceof AssentError)) throw error;
      item.verdict = { ok: false, reason: error.code };
      return;
    }
    item.block = block;
    const verified: (VerifiedTransaction | undefined)[] = block.transactions.map((transaction) =>
      this.#alreadyVerified(transaction),
    );
    const open = block.transactions.filter((_, index) => verified[index] === undefined);
    if (open.length === 0) {
      item.transactions = verified as VerifiedTransaction[];
      return;
    }
    const keys = open.map((transaction) => this.#ledger.executor.currentKey(this.#ledger.state, transaction.sender));
    this.#verify(open, keys, (valid) => {
      let next = 0;
      if (valid.every(Boolean)) {
        item.transactions = block.transactions.map((transaction, index) => {
          const known = verified[index];
          if (known !== undefined) return known;
          const key = keys[next] as Uint8Array;
          next += 1;
          return VerifiedTransaction.vouchedFor(transaction, key);
        });
      } else {
        item.verdict = { ok: false, reason: 'signature-invalid' };
      }
      this.#advance();
    });
  }

  /** The same signed bytes were verified on their way in. */
  #alreadyVerified(transaction: UnverifiedTransaction): VerifiedTransaction | undefined {
    const known = this.#known(transaction.idHex);
    return known !== undefined && equalBytes(known.bytes, transaction.bytes) ? known : undefined;
  }

  #advance(): void {
    for (let item = this.#items[0]; item !== undefined; item = this.#items[0]) {
      if (item.abandoned) {
        this.#items.shift();
        continue;
      }
      const { block, transactions } = item;
      const executed =
        block !== undefined && transactions !== undefined ? new VerifiedBlock(block, transactions) : undefined;
      const verdict = item.verdict ?? (executed === undefined ? undefined : this.#ledger.execute(executed));
      if (verdict === undefined) return;
      this.#items.shift();
      this.#onVerdict(item.request.block, verdict, verdict.ok ? executed : undefined, item.request.certified);
    }
  }
}
