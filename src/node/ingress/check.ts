import { AssentError } from '../../base/index.ts';
import { bytesMaxOf, UnverifiedTransaction } from '../../ledger/portable.ts';
import type { Forms } from './forms.ts';

export interface IngressRules {
  readonly forms: Forms;
}

/**
 * Checks everything about a transaction that needs neither state nor clock: form, kind, payload. Throws the AssentError
 * that says what is wrong. The window is looked at where the receipt of an earlier execution can be looked for first; the
 * signature by {@link Signers}.
 */
export function readTransaction(bytes: Uint8Array, rules: IngressRules): UnverifiedTransaction {
  const transaction = new UnverifiedTransaction(bytes);
  const { kind } = transaction;
  if (!rules.forms.kinds.has(kind)) {
    throw new AssentError('transaction-kind-unknown', `There is no kind of transaction named ${kind}.`);
  }
  const bytesMax = bytesMaxOf(rules.forms, kind);
  if (bytes.length > bytesMax) {
    const said = `The transaction has ${bytes.length} bytes; one of ${kind} may have ${bytesMax}.`;
    throw new AssentError('transaction-too-large', said);
  }
  const problem = rules.forms.checkPayload(transaction);
  if (problem !== undefined) {
    throw new AssentError('transaction-payload-invalid', `The payload of ${kind} is wrong: ${problem}.`);
  }
  return transaction;
}
