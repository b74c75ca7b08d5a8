import { present } from '../base/index.ts';
import { isInNamedCategory } from './break-glass.ts';
import { type ConsentName, consentName } from './consent.ts';
import { type Explanation, explain } from './explain.ts';
import { invalidInput } from './input.ts';
import { type Candidate, Inquiry } from './inquiry.ts';
import { decisionLimits } from './limits.ts';
import { readConsents } from './read-consents.ts';
import {
  type DecisionInput,
  type DecisionRequest,
  type Policy,
  type Question,
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
  readonly #bySubject: ReadonlyMap<string, readonly Candidate[]>;

  constructor({ consents, policy }: Omit<DecisionInput, 'request'>) {
    this.#policy = readPolicy(policy);
    // What was checked stays as it is, whatever becomes of what was given.
    const candidates = structuredClone(candidatesIn(consents));
    this.#bySubject = Map.groupBy(candidates, ({ consent }) => consent.subject);
  }

  /** See {@link decide}. */
  decide(request: DecisionRequest): Explanation {
    return explained(this.#inquiry(request));
  }

  /** See {@link evaluateScope}. */
  evaluateScope(request: DecisionRequest): ScopeEvaluation {
    return scopesOf(this.#inquiry(request));
  }

  #inquiry(request: DecisionRequest): Inquiry {
    const question = readRequest(request, this.#policy.timeZone);
    return inquiryOf(this.#policy, this.#bySubject.get(question.request.subject) ?? [], question);
  }
}

/**
 * Decides whether what is asked for may be released (docs/decision.md): the gate, the cited legal
 * basis, consents, break-glass, in this order. Pure: the same input gives the same explanation, whatever the time is.
 * Throws `decision-input-invalid`; an error is never a decision.
 */
export function decide(input: DecisionInput): Explanation {
  return explained(readInquiry(input));
}

/**
 * What the data clauses of a subject's consents come to for each record: what the custodian's gateway signs, so that
 * {@link combine} can decide without seeing them. Throws `decision-input-invalid`.
 */
export function evaluateScope(input: DecisionInput): ScopeEvaluation {
  return scopesOf(readInquiry(input));
}

function readInquiry(input: DecisionInput): Inquiry {
  if (typeof input !== 'object' || input === null)
    throw invalidInput('input', 'consents, request and policy are expected');
  const policy = readPolicy(input.policy);
  const candidates = candidatesIn(input.consents);
  const question = readRequest(input.request, policy.timeZone);
  const { subject } = question.request;
  const own = candidates.filter(({ consent }) => consent.subject === subject);
  return inquiryOf(policy, own, question);
}

function candidatesIn(consents: unknown): Candidate[] {
  return readConsents(consents).map((consent, place) => ({ consent, name: consentName(consent, place) }));
}

function inquiryOf(policy: Policy, candidates: readonly Candidate[], question: Question): Inquiry {
  if (candidates.length * question.resources.length > decisionLimits.pairsMax)
    throw invalidInput('request.resources', 'so many resources and consents are asked about in several requests');
  return new Inquiry(policy, candidates, question);
}

function explained(inquiry: Inquiry): Explanation {
  return explain(
    inquiry,
    inquiry.question.resources.map((resource) => inquiry.settle(resource)),
  );
}

function scopesOf(inquiry: Inquiry): ScopeEvaluation {
  const { policy, question, candidates } = inquiry;
  return {
    resources: question.resources.map((resource) => ({
      reference: resource.given,
      results: inquiry.evaluate(resource).map(({ results, namesBreakGlass }, index) => {
        const { name } = present(candidates[index], 'each has its result');
        return { ...name, results, namesBreakGlass };
      }),
      inEmergencyCategory: isInNamedCategory(question.request, policy, resource),
    })),
  };
}
