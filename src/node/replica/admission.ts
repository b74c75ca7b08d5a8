import { AssentError } from '../../base/index.ts';
import {
  bytesMaxOf,
  type Ledger,
  ledgerLimits,
  type TransactionContent,
  type VerifiedTransaction,
} from '../../ledger/index.ts';
import type { OutcomeListener, TransactionPool } from './transaction-pool.ts';

/**
 * What can be refused at the door, whoever brings it: a leader would leave it out of every block. That a window has
 * passed is said by certified time only: by this node's clock alone the same bytes might be in a block that it has not
 * seen.
 */
export function admissionRefusal(
  ledger: Ledger,
  transaction: TransactionContent,
  nowMs: number,
): AssentError | undefined {
  const { kind, validUntil } = transaction;
  const { kinds, ruleSet } = ledger.executor;
  if (!kinds.has(kind)) {
    return new AssentError('transaction-kind-unknown', `the rule set ${ruleSet} has no transaction "${kind}"`);
  }
  const wrong = ledger.executor.checkPayload(transaction);
  if (wrong !== undefined)
    return new AssentError('transaction-payload-invalid', `the payload of ${kind} is wrong: ${wrong}`);
  if (transaction.byteLength > bytesMaxOf(ledger.executor, kind))
    return new AssentError('transaction-too-large', `under the rules ${ruleSet} a transaction of ${kind} is shorter`);
  if (validUntil < ledger.applied.timestamp)
    return mayBeBeforeHistory(ledger, validUntil)
      ? historyNotKept(ledger)
      : new AssentError('window-expired', 'validUntil has passed');
  if (validUntil > nowMs + ledgerLimits.validityWindowMs)
    return new AssentError('window-too-far', 'validUntil is more than ten minutes ahead');
  return undefined;
}

/**
 * Takes one verified transaction into the pool, or answers why not. The listener of one that was ever executed is called
 * at once, with the receipt.
 */
export function admit(
  transaction: VerifiedTransaction,
  listener: OutcomeListener,
  node: {
    readonly ledger: Ledger;
    readonly pool: TransactionPool;
    readonly nowMs: number;
    readonly isLeaderless: boolean;
  },
): AssentError | undefined {
  const { ledger, pool } = node;
  const receipt = ledger.receiptOf(transaction);
  if (receipt !== undefined) {
    listener({ status: 'committed', receipt });
    return undefined;
  }
  // A refusal says that nothing happened: it is no answer where the same transaction is on its way already.
  const joined = pool.join(transaction.idHex, listener);
  if (joined === true) return undefined;
  if (joined === false) return new AssentError('outcome-unknown', 'too many wait for this transaction already');
  // It happened, and only others can say how.
  if (ledger.hasExecuted(transaction)) return historyNotKept(ledger);
  const refusal = admissionRefusal(ledger, transaction, node.nowMs);
  if (refusal !== undefined) return refusal;
  if (!transaction.isSignedBy(ledger.executor.currentKey(ledger.state, transaction.sender)))
    return new AssentError('key-not-current', 'the sender has put another key in the place of the one that signed');
  if (node.isLeaderless)
    return new AssentError('no-quorum', 'no leader with a majority is known to this node; nothing happened');
  if (pool.add(transaction, listener)) return undefined;
  return new AssentError('overloaded', 'this node has as many pending transactions as it can hold', {
    pending: pool.size,
  });
}

/** Whether a block before the first one that is kept could hold a transaction that is valid until then. */
function mayBeBeforeHistory(ledger: Ledger, validUntil: number): boolean {
  const { firstBlockHeight } = ledger;
  const first = ledger.hasAllReceipts ? undefined : ledger.block(firstBlockHeight);
  return first !== undefined && validUntil <= first.header.timestamp + ledgerLimits.validityWindowMs;
}

function historyNotKept({ firstBlockHeight }: Ledger): AssentError {
  return new AssentError(
    'history-not-kept',
    `the transaction is, or may be, in a block before ${firstBlockHeight}, from which on this node keeps its history`,
    { firstBlockHeight },
  );
}
