import {
  type AccessEvaluation,
  type DomainPolicy,
  evaluateAccess,
  type RecordedQuestion,
  recordedQuestions,
  ScratchState,
  type SealedBasis,
  sealedBasis,
  withDomainPolicy,
} from '../../contracts/index.ts';
import type {
  BlockContext,
  ExecutedTransaction,
  StateView,
  StateWriter,
  TransactionContent,
} from '../../ledger/index.ts';
import type { ReplayRules } from './replay-rules.ts';

/** Rules as a replay runs them: those of the ledger, or others that might have held instead. */
export interface DecidingRules {
  execute(transaction: TransactionContent, state: StateWriter, block: BlockContext): ExecutedTransaction;
  /** How a decision came about. `question` is in the rules' JSON form. */
  evaluate(state: StateView, question: unknown, atMs: number): AccessEvaluation;
  /** The decisions that a transaction asks for, in its order. */
  questions(transaction: TransactionContent): readonly RecordedQuestion[];
  /** What sealed clauses were looked at with. */
  basis(state: StateView, question: unknown, atMs: number): SealedBasis;
}

/** The rules under which the ledger runs. */
export function ledgerRules({ executor, catalogue }: ReplayRules): DecidingRules {
  return {
    execute: (transaction, state, block) => executor.execute(transaction, state, block),
    evaluate: (state, question, atMs) => evaluateAccess(state, question, atMs, executor.ruleSet),
    questions: ({ kind, payload }) => recordedQuestions(kind, catalogue.payloadToJson(kind, payload)),
    basis: sealedBasis,
  };
}

/** The same rules, had the domain another policy. What is executed under them is thrown away. */
export function underPolicy(rules: DecidingRules, domain: string, policy: DomainPolicy): DecidingRules {
  return {
    execute: (transaction, state, block) =>
      rules.execute(transaction, new ScratchState(withDomainPolicy(state, domain, policy)), block),
    evaluate: (state, question, atMs) => rules.evaluate(withDomainPolicy(state, domain, policy), question, atMs),
    questions: (transaction) => rules.questions(transaction),
    basis: (state, question, atMs) => rules.basis(withDomainPolicy(state, domain, policy), question, atMs),
  };
}
