import { AssentError, equalBytes, present } from '../../base/index.ts';
import { type Catalogue, type RecordedQuestion, ruleSetAt, type TracingRuleExecutor } from '../../contracts/index.ts';
import { encodeCanonical, PastState, type TransactionResult } from '../../ledger/index.ts';
import type { OutputToJson } from '../ingress/outcome.ts';
import type { ReplaySource } from './source.ts';

/** A version of the ledger's rules and their JSON forms, as a replay needs them. */
export interface ReplayRules {
  readonly executor: TracingRuleExecutor;
  readonly catalogue: Catalogue;
  readonly outputToJson: OutputToJson;
  /** JSON form of an entry of a stream. */
  readonly describeEntry: (entry: Uint8Array) => Readonly<Record<string, unknown>>;
}

/** The versions that this program has, by name. */
export type RuleVersions = (ruleSet: string) => ReplayRules | undefined;

/**
 * The rules that hold for a block at `height` by what the state after the block `known` says: for its own transactions
 * the state before it, for a question after it its own. Throws `rule-set-unknown`, `history-not-kept`.
 */
export async function rulesAt(
  source: ReplaySource,
  versions: RuleVersions,
  { height, known }: { readonly height: number; readonly known: number },
): Promise<ReplayRules> {
  const past = new PastState(known, source.valueAt, source.values);
  const name = present(await past.run((state) => ruleSetAt(state, height)), 'genesis names the first version');
  const rules = versions(name);
  if (rules !== undefined) return rules;
  const message = `Block ${height} runs under the rules ${name}, which this program does not have.`;
  throw new AssentError('rule-set-unknown', message, { ruleSet: name });
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
