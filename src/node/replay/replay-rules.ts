import { equalBytes } from '../../base/index.ts';
import type { Catalogue, RecordedQuestion, TracingRuleExecutor } from '../../contracts/index.ts';
import { encodeCanonical, type TransactionResult } from '../../ledger/index.ts';
import type { OutputToJson } from '../ingress/outcome.ts';

/** The rules of the ledger and their JSON forms, as a replay needs them. */
export interface ReplayRules {
  readonly executor: TracingRuleExecutor;
  readonly catalogue: Catalogue;
  readonly outputToJson: OutputToJson;
  /** JSON form of an entry of a stream. */
  readonly describeEntry: (entry: Uint8Array) => Readonly<Record<string, unknown>>;
}

/** Names an entry of an access log, and what was asked for it: an agent's event. */
export function entryName(entry: RecordedQuestion | Readonly<Record<string, unknown>>): string {
  return `${String(entry.agent)} ${String(entry.eventId)}`;
}

/** Whether two results are what every node must agree on; the sentence of a refusal may be put better one day. */
export function isSameResult(left: TransactionResult, right: TransactionResult): boolean {
  return equalBytes(agreedOn(left), agreedOn(right));
}

function agreedOn(result: TransactionResult): Uint8Array {
  return encodeCanonical(result.ok ? [true, result.output] : [false, result.code, result.rule]);
}
