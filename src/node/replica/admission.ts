import { AssentError } from '../../base/index.ts';
import { type Ledger, ledgerLimits, type TransactionContent } from '../../ledger/index.ts';

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
  const wrong = ledger.executor.checkPayload(kind, transaction.payload);
  if (wrong !== undefined)
    return new AssentError('transaction-payload-invalid', `the payload of ${kind} is wrong: ${wrong}`);
  if (validUntil < ledger.applied.timestamp) return new AssentError('window-expired', 'validUntil has passed');
  if (validUntil > nowMs + ledgerLimits.validityWindowMs)
    return new AssentError('window-too-far', 'validUntil is more than ten minutes ahead');
  return undefined;
}
