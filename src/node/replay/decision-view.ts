import type { DecisionRequest, DecisionView, ExplanationView, JsonValue } from '../../api/index.ts';
import { type AccessEvaluation, redactEvaluation } from '../../contracts/index.ts';

/** What is asked of the rules, and what of the node. */
export function splitDecisionRequest({ at, view, ...question }: DecisionRequest): {
  readonly height: number | undefined;
  readonly view: ExplanationView | undefined;
  readonly question: Omit<DecisionRequest, 'at' | 'view'>;
} {
  return { height: at?.height, view, question };
}

/** An advisory decision for who asked. */
export function decisionView(
  evaluation: AccessEvaluation,
  of: { readonly height: number; readonly at: number; readonly ruleset: string },
  view: ExplanationView,
): DecisionView {
  const shown = view === 'full' ? evaluation : redactEvaluation(evaluation);
  return { decision: shown.decision, ...of, advisory: true, explanation: shown as unknown as JsonValue };
}
