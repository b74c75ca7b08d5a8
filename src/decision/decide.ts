import { present } from '../base/index.ts';
import { isInNamedCategory } from './break-glass.ts';
import { type ConsentName, consentName } from './consent.ts';
import { type Explanation, explain } from './explain.ts';
import { invalidInput } from './input.ts';
import { type Candidate, Inquiry } from './inquiry.ts';
import { readConsents } from './read-consents.ts';
import {
  type DecisionInput,
  type DecisionRequest,
  decisionLimits,
  type Policy,
  readPolicy,
  readRequest,
} from './request.ts';
import type { ScopeResult } from './settle.ts';

/** What the gateway found for each record, and for each consent of the subject. */
export interface ScopeEvaluation {
  readonly resources: readonly RecordScope[];
}

export interface RecordScope {
  readonly reference: string;
  readonly results: readonly (ConsentName & ScopeResult)[];
  /** Of what the request's break-glass names, as far as the domain allows it. */
  readonly inEmergencyCategory: boolean;
}

/** Consents and a domain's policy, checked once for many questions. Throws `decision-input-invalid`. */
export class DecisionBase {
  readonly #policy: Policy;
  readonly #bySubject = new Map<string, Candidate[]>();

  constructor({ consents, policy }: Omit<DecisionInput, 'request'>) {
    this.#policy = readPolicy(policy);
    for (const [place, consent] of readConsents(consents).entries()) {
      const candidate = { consent, name: consentName(consent, place) };
      const others = this.#bySubject.get(consent.subject);
      if (others === undefined) this.#bySubject.set(consent.subject, [candidate]);
      else others.push(candidate);
    }
  }

  /** See {@link decide}. */
  decide(request: DecisionRequest): Explanation {
    const inquiry = this.#inquiry(request);
    return explain(
      inquiry,
      inquiry.question.resources.map((resource) => inquiry.settle(resource)),
    );
  }

  /** See {@link evaluateScope}. */
  evaluateScope(request: DecisionRequest): ScopeEvaluation {
    const inquiry = this.#inquiry(request);
    const { question, candidates } = inquiry;
    return {
      resources: question.resources.map((resource) => ({
        reference: resource.given,
        results: inquiry.evaluate(resource).map(({ results, namesBreakGlass }, index) => {
          const { name } = present(candidates[index], 'each has its result');
          return { ...name, results, namesBreakGlass };
        }),
        inEmergencyCategory: isInNamedCategory(question.request, this.#policy, resource),
      })),
    };
  }

  #inquiry(request: DecisionRequest): Inquiry {
    const question = readRequest(request, this.#policy.timeZone);
    const candidates = this.#bySubject.get(question.request.subject) ?? [];
    if (candidates.length * question.resources.length > decisionLimits.pairsMax)
      throw invalidInput('request.resources', 'so many resources and consents are asked about in several requests');
    return new Inquiry(this.#policy, candidates, question);
  }
}

/**
 * Decides whether what is asked for may be released (docs/decision.md): the gate, the cited legal
 * basis, consents, break-glass, in this order. Pure: the same input gives the same explanation, whatever the time is.
 * Throws `decision-input-invalid`; an error is never a decision.
 */
export function decide(input: DecisionInput): Explanation {
  return baseOf(input).decide(input.request);
}

/**
 * What the data clauses of a subject's consents come to for each record: what the custodian's gateway signs, so that
 * {@link combine} can decide without seeing them. Throws `decision-input-invalid`.
 */
export function evaluateScope(input: DecisionInput): ScopeEvaluation {
  return baseOf(input).evaluateScope(input.request);
}

function baseOf(input: DecisionInput): DecisionBase {
  if (typeof input !== 'object' || input === null)
    throw invalidInput('input', 'consents, request and policy are expected');
  return new DecisionBase(input);
}
