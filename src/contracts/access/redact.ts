import type { AccessEvaluation } from './evaluate.ts';

/**
 * What a requester may see of a decision: that and when, and what it can itself do about it. Which consents there are,
 * which clause decided and whether something is undecided would each tell of a label that is hidden.
 */
export interface RedactedEvaluation {
  readonly decision: Exclude<AccessEvaluation['decision'], 'indeterminate'>;
  readonly at: number;
  readonly ruleSet: string;
  readonly domain: string;
  readonly subject: string;
  readonly agent: string;
  readonly purpose: string;
  /** Of the requester's own credentials, and of what the domain lets its role claim. */
  readonly gate?: AccessEvaluation['gate'];
}

export function redactEvaluation(evaluation: AccessEvaluation): RedactedEvaluation {
  const { decision, at, ruleSet, domain, subject, agent, purpose, gate } = evaluation;
  return {
    decision: redactDecision(decision),
    at,
    ruleSet,
    domain,
    subject,
    agent,
    purpose,
    ...(gate === undefined ? {} : { gate }),
  };
}

/** That something is undecided would say that a label is looked for. */
export function redactDecision<D extends string>(decision: D): Exclude<D, 'indeterminate'> | 'deny' {
  return decision === 'indeterminate' ? 'deny' : (decision as Exclude<D, 'indeterminate'>);
}
