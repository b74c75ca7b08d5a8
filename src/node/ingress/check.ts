import { AssentError } from '../../base/index.ts';
import type { VerifySignature } from '../../crypto/index.ts';
import { type RuleExecutor, transactionMessage, UnverifiedTransaction } from '../../ledger/portable.ts';

export interface IngressRules {
  readonly ledgerId: Uint8Array;
  readonly executor: Pick<RuleExecutor, 'kinds' | 'checkPayload'>;
  readonly verify: VerifySignature;
}

/**
 * Checks everything about a transaction that needs neither state nor clock: form, kind, payload, signature, the cheap
 * ones first. Throws the AssentError that says what is wrong. The window is looked at where the receipt of an earlier
 * execution can be looked for first.
 *
 * The signature is checked under the sender's inception key; execution compares it with the key that is current.
 */
export function checkTransaction(bytes: Uint8Array, rules: IngressRules): UnverifiedTransaction {
  const transaction = new UnverifiedTransaction(bytes);
  const { kind, payload, sender } = transaction;
  if (!rules.executor.kinds.has(kind)) {
    throw new AssentError('transaction-kind-unknown', `There is no kind of transaction named ${kind}.`);
  }
  const problem = rules.executor.checkPayload(kind, payload);
  if (problem !== undefined) {
    throw new AssentError('transaction-payload-invalid', `The payload of ${kind} is wrong: ${problem}.`);
  }
  if (!rules.verify(sender, transactionMessage(rules.ledgerId, transaction.body), transaction.signature)) {
    throw new AssentError('signature-invalid', 'The signature does not verify for this ledger, sender and content.');
  }
  return transaction;
}
