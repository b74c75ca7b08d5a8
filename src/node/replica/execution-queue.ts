import { AssentError, equalBytes } from '../../base/index.ts';
import type { BlockReference, ExecuteRequest, Hash, Verdict } from '../../consensus/index.ts';
import type { VerifySignature } from '../../crypto/index.ts';
import {
  decodeTransactions,
  type Execution,
  type Ledger,
  type MayGoOn,
  type OpenedBlock,
  type ReceivedBlock,
  type UnverifiedTransaction,
  VerifiedBlock,
  VerifiedTransaction,
} from '../../ledger/index.ts';
import { recoveryContent } from './recovery-record.ts';

/** Asks the verification thread about signatures; the answers come in the order of the questions. */
export type VerifyTransactions = (
  transactions: readonly UnverifiedTransaction[],
  keys: readonly Uint8Array[],
  done: (valid: readonly boolean[]) => void,
) => void;

/** The answer to one request. */
export interface Executed {
  readonly block: BlockReference;
  readonly verdict: Verdict;
  /** Whether the request was for a certified block. */
  readonly certified: boolean;
  /** What was executed, when the verdict is good. */
  readonly executed: VerifiedBlock | undefined;
}

interface Item {
  request: ExecuteRequest;
  readonly opened: OpenedBlock;
  /** Why its time is wrong, on the terms of the request. */
  clockRefusal: Verdict | undefined;
  /** Why its content is wrong, whoever asks. */
  contentRefusal: Verdict | undefined;
  /** Its signatures were handed to the verification thread, or need not be. */
  isAsked: boolean;
  /** With every signature checked that can be before the block is executed. */
  block: VerifiedBlock | undefined;
  /** Begun, and not at its end. */
  execution: Execution | undefined;
}

/** A voter refuses a block this far ahead of, or behind, its own clock (protocol.md §4, "Time"). */
export const clockAheadMsMax = 5000;
export const clockBehindMsMax = 60_000;

/** Signatures of blocks that are with the verification thread at a time: more than it checks while a block executes. */
const signaturesAskedMax = 4096;

/**
 * Blocks on their way from "received" to "executed": signatures are checked elsewhere, some blocks ahead; execution is
 * here, in the order of the requests, one block for each call of {@link next}. Between two answers the caller passes on
 * what the core has to say to the first, so that a block whose parent was refused is abandoned or asked for again
 * before its turn comes.
 */
export class ExecutionQueue {
  readonly #ledger: Ledger;
  readonly #verify: VerifyTransactions;
  readonly #verifyNow: VerifySignature;
  readonly #known: (idHex: string) => VerifiedTransaction | undefined;
  readonly #clockMs: () => number;
  readonly #onChecked: () => void;
  #items: Item[] = [];
  #signaturesAsked = 0;

  constructor(options: {
    ledger: Ledger;
    verify: VerifyTransactions;
    /** For the few whose key changes in the very blocks that are on their way. */
    verifyNow: VerifySignature;
    /** A transaction that this node has verified already. */
    known: (idHex: string) => VerifiedTransaction | undefined;
    clockMs: () => number;
    /** Signatures were checked: {@link next} may have an answer. */
    onChecked: () => void;
  }) {
    this.#ledger = options.ledger;
    this.#verify = options.verify;
    this.#verifyNow = options.verifyNow;
    this.#known = options.known;
    this.#clockMs = options.clockMs;
    this.#onChecked = options.onChecked;
  }

  get length(): number {
    return this.#items.length;
  }

  /**
   * Takes a request; bounded by the core's cap on blocks that are received and not persisted. When the block is here
   * already, the earlier request is void: it was made before a certificate covered the block.
   */
  push(request: ExecuteRequest, opened: OpenedBlock, currentTerm: number): void {
    const item = this.#remove(opened.hash) ?? {
      request,
      opened,
      clockRefusal: undefined,
      contentRefusal: undefined,
      isAsked: false,
      block: undefined,
      execution: undefined,
    };
    item.request = request;
    item.clockRefusal = this.#judgeTime(request, opened, currentTerm);
    this.#items.push(item);
  }

  /** The block left the chain before its verdict. */
  abandon(hash: Hash): void {
    this.#remove(hash);
  }

  /** Executes the first block, if its signatures are checked, or one more slice of it. */
  next(mayGoOn: MayGoOn): Executed | 'unfinished' | undefined {
    this.#askAhead();
    const [item] = this.#items;
    if (item === undefined) return undefined;
    const { clockRefusal, contentRefusal } = item;
    let verdict = clockRefusal ?? contentRefusal;
    if (verdict === undefined) {
      if (item.block === undefined) return undefined;
      item.execution ??= this.#begin(item.block, item.request.block);
      verdict = item.execution.step(mayGoOn);
      if (verdict === undefined) return 'unfinished';
    }
    this.#items.shift();
    const { block, certified } = item.request;
    return { block, verdict, certified, executed: verdict.ok ? item.block : undefined };
  }

  #begin(block: VerifiedBlock, { justification }: BlockReference): Execution {
    const recovery = recoveryContent(justification);
    const enactsChange = recovery === undefined && justification.configuration !== undefined;
    return this.#ledger.beginExecution(block, enactsChange, recovery);
  }

  #remove(hash: Hash): Item | undefined {
    const index = this.#items.findIndex((item) => equalBytes(item.opened.hash, hash));
    return index === -1 ? undefined : this.#items.splice(index, 1)[0];
  }

  /**
   * Clocks never matter for what is certified. A block from the future is refused whatever its term, lest it be built
   * upon; an old one only from the leader of now.
   */
  #judgeTime({ block, certified }: ExecuteRequest, opened: OpenedBlock, currentTerm: number): Verdict | undefined {
    if (certified) return undefined;
    const aheadMs = opened.header.timestamp - this.#clockMs();
    if (aheadMs > clockAheadMsMax) return { ok: false, reason: 'clock-ahead' };
    if (block.term === currentTerm && -aheadMs > clockBehindMsMax) return { ok: false, reason: 'clock-behind' };
    return undefined;
  }

  /** Keeps the verification thread busy, and no more than that: what is behind is not even decoded yet. */
  #askAhead(): void {
    for (const item of this.#items) {
      if (item.isAsked || item.clockRefusal !== undefined) continue;
      const count = item.opened.transactionBytes.length;
      if (this.#signaturesAsked > 0 && this.#signaturesAsked + count > signaturesAskedMax) return;
      item.isAsked = true;
      this.#ask(item);
    }
  }

  #ask(item: Item): void {
    let block: ReceivedBlock;
    try {
      block = decodeTransactions(item.opened);
    } catch (error) {
      if (!(error instanceof AssentError)) throw error;
      item.contentRefusal = { ok: false, reason: error.code };
      return;
    }
    const verified = block.transactions.map((transaction) => this.#alreadyVerified(transaction));
    const open = block.transactions.filter((_, index) => verified[index] === undefined);
    if (open.length === 0) {
      item.block = new VerifiedBlock(item.opened, verified as VerifiedTransaction[]);
      return;
    }
    const keys = open.map((transaction) => this.#ledger.executor.currentKey(this.#ledger.state, transaction.sender));
    this.#signaturesAsked += open.length;
    this.#verify(open, keys, (valid) => {
      this.#signaturesAsked -= open.length;
      let next = 0;
      const transactions = block.transactions.map((transaction, index) => {
        const known = verified[index];
        if (known !== undefined) return known;
        const place = next++;
        if (valid[place] === true) return VerifiedTransaction.vouchedFor(transaction, keys[place] as Uint8Array);
        return this.#toBeChecked(transaction);
      });
      item.block = new VerifiedBlock(item.opened, transactions);
      this.#onChecked();
    });
  }

  /** By another key than was current when it was asked about: whether by the right one, execution tells. */
  #toBeChecked(transaction: UnverifiedTransaction): VerifiedTransaction {
    return VerifiedTransaction.toBeChecked(transaction, this.#ledger.ledgerId, this.#verifyNow);
  }

  /** The same signed bytes were verified on their way in. */
  #alreadyVerified(transaction: UnverifiedTransaction): VerifiedTransaction | undefined {
    const known = this.#known(transaction.idHex);
    return known !== undefined && equalBytes(known.bytes, transaction.bytes) ? known : undefined;
  }
}

/** What a node cannot go on after: the others certified what it cannot reproduce. */
export function divergenceFault(height: number, reason: string): AssentError {
  const message = `this node cannot reproduce the certified block ${height}: ${reason}`;
  return new AssentError('divergence-fault', message, { height, reason });
}
