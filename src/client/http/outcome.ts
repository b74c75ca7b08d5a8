import type { ErrorDetail, InForceView, OutcomeView, ReceiptView } from '../../api/index.ts';
import { AssentError, type ErrorCode, errorTable } from '../../base/index.ts';

/**
 * What a submission came to. Every case is final but `unknown`, which `transaction(id)` settles; posting the same bytes
 * again is always safe.
 */
export type SubmitOutcome =
  /**
   * In a block, and its rules permitted it. `inForce`, where that was waited for: whether this block, or a later one of the
   * same request, is; absent where the node could not find out.
   */
  | { readonly status: 'committed'; readonly id: string; readonly receipt: ReceiptView; readonly inForce?: InForceView }
  /** Taken by a node that was asked not to wait. */
  | { readonly status: 'accepted'; readonly id: string }
  /** In a block, where a rule refused it; or refused by a node for what it is, so that no block will ever hold it. */
  | {
      readonly status: 'refused';
      readonly id: string;
      readonly code: string;
      readonly sentence: string;
      readonly rule?: string;
      readonly receipt?: ReceiptView;
    }
  /** No node took it (exit code 3). */
  | { readonly status: 'nothing-happened'; readonly id: string; readonly code: ErrorCode; readonly sentence: string }
  /** It may or may not have been handed on (exit code 5). */
  | { readonly status: 'unknown'; readonly id: string; readonly sentence: string };

/** Exit code of the CLI for an outcome (cli.md). */
export function exitCodeOf(outcome: SubmitOutcome): 0 | 1 | 2 | 3 | 5 {
  switch (outcome.status) {
    case 'committed':
    case 'accepted':
      return 0;
    case 'refused': {
      const code = knownCode(outcome.code);
      return code !== undefined && errorTable[code].exitCode === 2 ? 2 : 1;
    }
    case 'nothing-happened':
      return 3;
    case 'unknown':
      return 5;
  }
}

/** The receipt of an outcome that committed. Throws `refused`, the code of what kept it from happening, or `outcome-unknown`. */
export function receiptOf(outcome: SubmitOutcome): ReceiptView {
  switch (outcome.status) {
    case 'committed':
      return outcome.receipt;
    case 'refused':
      throw new AssentError(knownCode(outcome.code) ?? 'refused', outcome.sentence, {
        code: outcome.code,
        rule: outcome.rule,
      });
    case 'nothing-happened':
      throw new AssentError(outcome.code, outcome.sentence, { transaction: outcome.id });
    case 'unknown':
    case 'accepted':
      throw new AssentError('outcome-unknown', unknownSentence(outcome), { transaction: outcome.id });
  }
}

function unknownSentence(outcome: { readonly id: string; readonly sentence?: string }): string {
  return outcome.sentence ?? `Transaction ${outcome.id} was accepted; nobody waited for its commit.`;
}

/** The entry of the error table under this code, if this version of the client knows it. */
export function knownCode(code: string): ErrorCode | undefined {
  return Object.hasOwn(errorTable, code) ? (code as ErrorCode) : undefined;
}

/** One node's answer about one transaction, as an outcome; `inForce` of the last block that the answer is about. */
export function outcomeOf(id: string, view: OutcomeView, inForce?: InForceView): SubmitOutcome {
  if (view.status === 'committed' && view.receipt !== undefined) return committedOrRefused(id, view.receipt, inForce);
  if (view.status === 'accepted') return { status: 'accepted', id };
  if (view.status === 'refused' && view.error !== undefined) return failureOf(id, view.error);
  return { status: 'unknown', id, sentence: view.error?.message ?? 'The node did not see the outcome in time.' };
}

/** What an error reply says about a transaction: an unknown outcome unless its code rules that out. */
export function failureOf(id: string, error: ErrorDetail): SubmitOutcome {
  const code = knownCode(error.code);
  const entry = code === undefined ? undefined : errorTable[code];
  if (code !== undefined && entry?.exitCode === 3)
    return { status: 'nothing-happened', id, code, sentence: error.message };
  // A 4xx is about the bytes; anything else is about the node, which may have failed half-way.
  if (entry !== undefined && entry.httpStatus < 500 && entry.exitCode <= 2)
    return { status: 'refused', id, code: error.code, sentence: error.message };
  return { status: 'unknown', id, sentence: error.message };
}

function committedOrRefused(id: string, receipt: ReceiptView, inForce: InForceView | undefined): SubmitOutcome {
  const { ok, code, rule, sentence } = receipt.result;
  if (ok) return { status: 'committed', id, receipt, ...(inForce && { inForce }) };
  return {
    status: 'refused',
    id,
    code: code ?? 'refused',
    sentence: sentence ?? 'A rule of the ledger refused it.',
    ...(rule === undefined ? {} : { rule }),
    receipt,
  };
}

/**
 * Joins what an earlier and a later attempt with the same bytes came to. Once an attempt may have been handed on, only a
 * receipt settles it, or a refusal for what the bytes are: a node that lags may call expired what the others executed.
 */
export function joinOutcomes(earlier: SubmitOutcome | undefined, later: SubmitOutcome): SubmitOutcome {
  if (earlier?.status !== 'unknown') return later;
  if (later.status === 'nothing-happened') return earlier;
  const dependsOnTime =
    later.status === 'refused' && (later.code === 'window-expired' || later.code === 'window-too-far');
  return dependsOnTime ? earlier : later;
}

/** Whether another attempt can still change the outcome. */
export function isSettled(outcome: SubmitOutcome | undefined): outcome is SubmitOutcome {
  return outcome !== undefined && outcome.status !== 'unknown' && outcome.status !== 'nothing-happened';
}
