import { type GlassRefusal, glassOf, glassRefusal, isInNamedCategory } from './break-glass.ts';
import { type ConsentResult, evaluateConsent } from './evaluate.ts';
import { type ConsentName, consentName, type Explanation, explain } from './explain.ts';
import { citedBasis, gateRefusal } from './gate.ts';
import { invalidInput } from './input.ts';
import { type ReadConsent, readConsents } from './read-consents.ts';
import {
  type DecisionInput,
  type DecisionRequest,
  decisionLimits,
  type Policy,
  type Question,
  readPolicy,
  readRequest,
} from './request.ts';
import { scopingOf } from './scope.ts';
import { type ScopeResult, type Settlement, settle, worst } from './settle.ts';
import { Targets } from './target.ts';

/** What was decided on one record, with the results that it was decided on. */
export interface Settled extends Settlement {
  readonly results: readonly ConsentResult[];
}

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

export interface Candidate {
  readonly consent: ReadConsent;
  readonly name: ConsentName;
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
    const policy = this.#policy;
    const { question, candidates } = this.#question(request);
    const gate = gateRefusal(policy, { roles: question.request.requester.roles, purpose: question.purpose });
    const basis = citedBasis(policy, question);
    const targets = new Targets(question, { resources: question.resources.length });
    const glass = glassOf(question.request);
    const settled = question.resources.map((resource): Settled => {
      if (gate !== undefined) return { decision: 'deny', by: 'gate', determining: [], results: [], glass: 'not-asked' };
      const scoping = scopingOf(resource);
      const results = candidates.map(({ consent }) => evaluateConsent(consent.provision, targets, scoping));
      const isNamed = isInNamedCategory(question.request, policy, resource);
      const refuse = (byName: boolean): GlassRefusal | undefined =>
        glassRefusal(question, policy, glass, isNamed, byName);
      return { ...settle(results, policy.implicit, basis, refuse), results };
    });
    const decision = worst(settled.map((one) => one.decision));
    return explain({ decision, question, implicit: policy.implicit, candidates, gate, basis, settled });
  }

  /** See {@link evaluateScope}. */
  evaluateScope(request: DecisionRequest): ScopeEvaluation {
    const { question, candidates } = this.#question(request);
    const targets = new Targets(question, { resources: question.resources.length });
    return {
      resources: question.resources.map((resource) => {
        const scoping = scopingOf(resource);
        return {
          reference: resource.given,
          results: candidates.map(({ consent, name }) => {
            const { results, namesBreakGlass } = evaluateConsent(consent.provision, targets, scoping);
            return { ...name, results, namesBreakGlass };
          }),
          inEmergencyCategory: isInNamedCategory(question.request, this.#policy, resource),
        };
      }),
    };
  }

  #question(request: DecisionRequest): { question: Question; candidates: readonly Candidate[] } {
    const question = readRequest(request, this.#policy.timeZone);
    const candidates = this.#bySubject.get(question.request.subject) ?? [];
    if (candidates.length * question.resources.length > decisionLimits.pairsMax)
      throw invalidInput('request.resources', 'so many resources and consents are asked about in several requests');
    return { question, candidates };
  }
}

/**
 * Decides whether what is asked for may be released (contracts.md, "The consent decision"): the gate, the cited legal
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
