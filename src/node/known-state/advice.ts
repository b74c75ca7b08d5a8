import type { DecisionBatch, DecisionBody, DecisionRequest, DecisionView } from '../../api/index.ts';
import { evaluateAccess } from '../../contracts/index.ts';
import type { StateView } from '../../ledger/index.ts';
import { decisionView, splitDecisionRequest } from '../replay/decision-view.ts';
import type { StateFacts } from './messages.ts';

/**
 * JSON text of the decision, or of those of a batch, from one state, at the later of its time and `nowMs`: what has ended
 * must not seem open on an idle ledger. Throws as {@link evaluateAccess}.
 */
export function adviceText(
  asked: DecisionRequest | DecisionBatch,
  state: StateView,
  { height, timestamp, ruleSet }: StateFacts,
  nowMs: number,
): string {
  const at = Math.max(timestamp, nowMs);
  const decide = (request: DecisionRequest): DecisionView => {
    const { question, view = 'full' } = splitDecisionRequest(request);
    const evaluation = evaluateAccess(state, question, at, ruleSet);
    return decisionView(evaluation, { height, at, ruleset: ruleSet }, view);
  };
  return JSON.stringify(isBatch(asked) ? { decisions: asked.questions.map(decide) } : decide(asked));
}

/** Whether several questions are asked at once. */
export function isBatch(asked: DecisionBody): asked is DecisionBatch {
  return 'questions' in asked;
}
