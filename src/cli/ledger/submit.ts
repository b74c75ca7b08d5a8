import type { InForceView, ReceiptView } from '../../api/index.ts';
import { AssentError, type ErrorCode, errorTable } from '../../base/index.ts';
import { buildTransaction, type Identity, type SignedTransaction, type SubmitOutcome } from '../../client/index.ts';
import { builtInContracts } from '../../contracts/index.ts';
import type { Home } from '../../demo/index.ts';
import { notInForceText } from '../output/in-force.ts';
import type { Style } from '../output/style.ts';
import { shortHash, timeText } from '../output/words.ts';
import type { Report } from '../session.ts';

/** How long a transaction that is signed now may wait for its block. */
const validityMs = 5 * 60_000;

/** Signs a payload that is given in the JSON form of its kind. */
export function signAs(
  home: Home,
  sender: Identity,
  kind: string,
  payload: object,
  validUntil?: number,
): SignedTransaction {
  return buildTransaction({
    ledgerId: home.ledgerId,
    kind,
    payload: builtInContracts.payloadFromJson(kind, payload),
    validUntil: validUntil ?? home.clock.nowMs() + validityMs,
    sender: sender.publicKey,
    signer: sender.signer,
    random: home.random,
  });
}

/** A receipt and, where that was waited for, whether its block is in force: null where no node could find out. */
export interface Submitted extends ReceiptView {
  readonly inForce?: InForceView | null;
}

/**
 * Signs, submits, and waits until it is in force, or for the commit alone. Throws what kept it from being committed and
 * permitted.
 */
export async function submitAs(
  home: Home,
  sender: Identity,
  kind: string,
  payload: object,
  wait: 'in-force' | 'committed' = 'in-force',
): Promise<Submitted> {
  const outcome = await home.ledger.submit(signAs(home, sender, kind, payload), { wait });
  const submitted = receiptOrThrow(outcome);
  return wait === 'in-force' ? { ...submitted, inForce: submitted.inForce ?? null } : submitted;
}

/** The receipt; or an error with the id, and for a refusal its rule, so that the person can go on from there. */
export function receiptOrThrow(outcome: SubmitOutcome): Submitted {
  switch (outcome.status) {
    case 'committed':
      return { ...outcome.receipt, ...(outcome.inForce && { inForce: outcome.inForce }) };
    case 'refused': {
      const { id, code, rule, sentence, receipt } = outcome;
      const known = Object.hasOwn(errorTable, code) ? (code as ErrorCode) : 'refused';
      const place = receipt === undefined ? {} : { height: receipt.height };
      throw new AssentError(known, sentence, { code, rule, id, ...place });
    }
    case 'nothing-happened':
      throw new AssentError(outcome.code, outcome.sentence, { id: outcome.id });
    case 'accepted':
    case 'unknown': {
      const sentence =
        outcome.status === 'unknown' ? outcome.sentence : 'It was accepted; nobody waited for its commit.';
      throw new AssentError('outcome-unknown', `${sentence} The transaction is ${outcome.id}.`, { id: outcome.id });
    }
  }
}

/** What to say about a transaction that was committed and permitted; that it is in force goes without saying. */
export function committedReport(style: Style, receipt: Submitted, text: string, more: object = {}): Report {
  const { height, timestamp, id, inForce } = receipt;
  const place = `block ${height}, ${timeText(timestamp)}, tx ${shortHash(id)}`;
  const lines = [`${text} ${style.faint(`(${place})`)}`, inForce === undefined ? '' : notInForceText(inForce)];
  return { json: { ...receipt, ...more }, text: lines.filter((line) => line !== '').join('\n') };
}
