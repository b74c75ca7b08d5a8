import {
  type ExplainQuery,
  type ExplanationView,
  explainedDecisionsMax,
  type JsonValue,
  type ResultView,
  type RuleView,
  type TransactionExplanation,
} from '../../api/index.ts';
import { AssentError, present } from '../../base/index.ts';
import {
  type AccessEvaluation,
  type Catalogue,
  namesOfResultSet,
  type RecordedQuestion,
  type ResultSet,
  type RuleTrace,
  redactDecision,
  redactEvaluation,
  type SealedBasis,
  Trace,
} from '../../contracts/index.ts';
import type { TransactionResult } from '../../ledger/index.ts';
import { resultView } from '../ingress/outcome.ts';
import { BlockReplay } from './block-replay.ts';
import { ledgerRules } from './deciding-rules.ts';
import { entryName, isSameResult, type ReplayRules, type RuleVersions, rulesAt } from './replay-rules.ts';
import type { ReplaySource } from './source.ts';

/**
 * Executes a committed transaction once more at its place in the chain and tells what every rule saw, and how the
 * decisions in it came about. Throws `transaction-unknown`, `history-not-kept`,
 * `rule-set-unknown`.
 */
export async function explainCommitted(
  source: ReplaySource,
  versions: RuleVersions,
  id: string,
  { view, event }: ExplainQuery,
): Promise<TransactionExplanation> {
  const { height, index, result } = await source.place(id);
  const rules = await rulesAt(source, versions, { height, known: height - 1 });
  const { executor, catalogue } = rules;
  const deciding = ledgerRules(rules);
  const replay = new BlockReplay(source, deciding, await source.block(height));
  await replay.skipTo(index);
  const transaction = present(replay.next, 'a receipt names a place in a block');
  const { kind } = transaction;
  await replay.prepare();
  const traced = await replay.evaluate((state) => {
    const trace = new Trace();
    const executed = executor.executeTraced(transaction, state, replay.context, trace);
    return { executed, rules: trace.rules, writes: executed.result.ok ? state.writtenKeys : [] };
  });
  const recorded = new Set(traced.executed.index.map(({ entry }) => entryName(rules.describeEntry(entry))));
  // A retry of an event asks, and nothing is decided.
  const asked = deciding.questions(transaction).filter((one) => recorded.has(entryName(one)));
  if (view === 'requester' && asked.length > 1 && event === undefined)
    throw new AssentError('request-invalid', 'event: a batch is explained to a requester one event at a time', {
      path: 'event',
    });
  const wanted = asked.filter(({ eventId }) => event === undefined || eventId === event);
  const decisions: JsonValue[] = [];
  for (const one of wanted.slice(0, explainedDecisionsMax)) {
    const made = await replay.evaluate((state) => ({
      evaluation: deciding.evaluate(state, one.question, replay.context.timestamp),
      basis: deciding.basis(state, one.question, replay.context.timestamp),
    }));
    decisions.push(decisionView(one, made, view));
  }
  const show = (shown: TransactionResult): ResultView =>
    view === 'full' ? resultView(kind, shown, rules.outputToJson) : redactedResult(kind, shown, rules);
  const agrees = isSameResult(traced.executed.result, result);
  return {
    id,
    kind,
    height,
    index,
    at: replay.context.timestamp,
    ruleset: executor.ruleSet,
    view,
    result: show(result),
    agrees,
    ...(agrees ? {} : { recomputed: show(traced.executed.result) }),
    rules: ruleViews(catalogue, kind, traced.rules).map((rule) =>
      view === 'full' ? rule : { ...rule, reads: [], saw: [] },
    ),
    writes: view === 'full' ? traced.writes : [],
    decisions,
    decisionCount: asked.length,
  };
}

/** Rules are looked at one after the other; those after the one that refused are not. */
function ruleViews(catalogue: Catalogue, kind: string, traces: readonly RuleTrace[]): RuleView[] {
  const looked = traces.map(({ name, code, sentence, permitted, reads, saw }): RuleView => {
    return { rule: name, code, sentence, verdict: permitted ? 'permitted' : 'refused', reads, saw };
  });
  const rest = (catalogue.kind(kind)?.rules ?? []).slice(traces.length);
  return [
    ...looked,
    ...rest.map(({ name, code, sentence }): RuleView => {
      return { rule: name, code, sentence, verdict: 'not-reached', reads: [], saw: [] };
    }),
  ];
}

/** What a gateway says of one consent, in JSON form. */
interface GatewayWord {
  readonly consent: string;
  readonly version: number;
  readonly results: ResultSet;
  readonly namesBreakGlass: boolean;
}

/** How a decision came about, with what the gateway found in sealed clauses: that is its word, and nobody else's. */
function decisionView(
  asked: RecordedQuestion,
  { evaluation, basis }: { readonly evaluation: AccessEvaluation; readonly basis: SealedBasis },
  view: ExplanationView,
): JsonValue {
  const { eventId, question } = asked;
  if (view === 'requester') return { eventId, ...redactEvaluation(evaluation) } as unknown as JsonValue;
  const results = (question['results'] ?? []) as readonly GatewayWord[];
  const gatewayFound = {
    results: results.map((one) => ({ ...one, results: namesOfResultSet(one.results) })),
    inEmergencyCategory: question['inEmergencyCategory'] === true,
  };
  return { eventId, ...evaluation, asked: question, gatewayFound, basis } as unknown as JsonValue;
}

/** Of what came of it, the decision alone: which consents settled it is not the requester's to know. */
function redactedResult(kind: string, result: TransactionResult, { catalogue }: ReplayRules): ResultView {
  if (!result.ok) return resultView(kind, result, () => null);
  const decision = catalogue.outputToJson(kind, result.output)?.['decision'];
  return typeof decision === 'string' ? { ok: true, output: { decision: redactDecision(decision) } } : { ok: true };
}
