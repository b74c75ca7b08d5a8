import { type GlassRefusal, glassRefusal } from './break-glass.ts';
import { type Combination, combine } from './combine.ts';
import type { Consent } from './consent.ts';
import { type ConsentResult, evaluateConsent } from './evaluate.ts';
import { type Explanation, explain } from './explain.ts';
import { type Basis, citedBasis, gateRefusal } from './gate.ts';
import {
  type DecisionInput,
  type DecisionRequest,
  decisionLimits,
  invalidInput,
  type Policy,
  type Question,
  type Resource,
  readConsents,
  readPolicy,
  readRequest,
} from './request.ts';
import { result } from './result-set.ts';
import { Targets } from './target.ts';

/** From the best to the worst: of several resources, the worst decides. */
const severity = ['permit', 'permit-break-glass', 'indeterminate', 'deny'] as const;
export type Decision = (typeof severity)[number];

/** What settled the decision on one resource, in the order of evaluation. */
export type DecidedBy =
  | 'gate'
  | 'legal-basis'
  | 'deny'
  | 'permit'
  | 'weak-deny'
  | 'implicit-policy'
  | 'undecided'
  | 'break-glass';

export interface Settled {
  readonly decision: Decision;
  readonly by: DecidedBy;
  /** Places among the consents. */
  readonly determining: readonly number[];
  readonly results: readonly ConsentResult[];
  /** Why the glass is not broken; undefined where it is. */
  readonly glass: GlassRefusal | undefined;
}

/** A consent, and its place among those that were given. */
export interface Candidate {
  readonly consent: Consent;
  readonly place: number;
}

/** Consents and a domain's policy, checked once for many questions. Throws `decision-input-invalid`. */
export class DecisionBase {
  readonly #policy: Policy;
  readonly #bySubject = new Map<string, Candidate[]>();

  constructor({ consents, policy }: Omit<DecisionInput, 'request'>) {
    this.#policy = readPolicy(policy);
    for (const [place, consent] of readConsents(consents).entries()) {
      const others = this.#bySubject.get(consent.subject);
      if (others === undefined) this.#bySubject.set(consent.subject, [{ consent, place }]);
      else others.push({ consent, place });
    }
  }

  /** See {@link decide}. */
  decide(request: DecisionRequest): Explanation {
    const policy = this.#policy;
    const question = readRequest(request, policy.timeZone);
    const candidates = this.#bySubject.get(question.request.subject) ?? [];
    if (candidates.length * question.resources.length > decisionLimits.pairsMax)
      throw invalidInput('request.resources', 'so many resources and consents are asked about in several requests');
    const gate = gateRefusal(policy, question);
    const basis = citedBasis(policy, question);
    const targets = new Targets(question);
    const settled = question.resources.map((resource): Settled => {
      if (gate !== undefined) return { decision: 'deny', by: 'gate', determining: [], results: [], glass: 'not-asked' };
      const results = candidates.map(({ consent }) => evaluateConsent(consent, targets, resource));
      return settle(results, policy, question, resource, basis);
    });
    const decision = worst(settled.map((one) => one.decision));
    return explain({ decision, question, implicit: policy.implicit, candidates, gate, basis, settled });
  }
}

/**
 * Decides whether what is asked for may be released (contracts.md, "The consent decision"): the gate, the cited legal
 * basis, consents, break-glass, in this order. Pure: the same input gives the same explanation, whatever the time is.
 * Throws `decision-input-invalid`; an error is never a decision.
 */
export function decide(input: DecisionInput): Explanation {
  if (typeof input !== 'object' || input === null)
    throw invalidInput('input', 'consents, request and policy are expected');
  return new DecisionBase(input).decide(input.request);
}

export function worst(decisions: readonly Decision[]): Decision {
  return severity[Math.max(...decisions.map((decision) => severity.indexOf(decision)))] ?? 'deny';
}

function settle(
  results: readonly ConsentResult[],
  policy: Policy,
  question: Question,
  resource: Resource,
  basis: Basis | undefined,
): Settled {
  const combined = combine(
    results.map((one) => one.results),
    policy.implicit,
  );
  const settled = basis?.applies ? withBasis(combined, results, basis.honourDeny) : fromConsents(combined);
  if (settled.decision === 'permit') return { ...settled, results, glass: 'not-asked' };
  const glass = glassRefusal(question, policy, resource, results);
  if (glass !== undefined) return { ...settled, results, glass };
  return { decision: 'permit-break-glass', by: 'break-glass', determining: settled.determining, results, glass };
}

function fromConsents({ decision, by, determining }: Combination): Omit<Settled, 'results' | 'glass'> {
  return { decision, by, determining };
}

/** A basis beats every denial, or, where it says so, honours those of consents: one that may stand leaves it open. */
function withBasis(
  combined: Combination,
  results: readonly ConsentResult[],
  honourDeny: boolean,
): Omit<Settled, 'results' | 'glass'> {
  const denying = [...results.keys()].filter((place) => ((results[place]?.results ?? 0) & result.deny) !== 0);
  if (!honourDeny || denying.length === 0) return { decision: 'permit', by: 'legal-basis', determining: [] };
  if (combined.by === 'deny' && results.some((one) => one.results === result.deny)) return fromConsents(combined);
  return { decision: 'indeterminate', by: 'undecided', determining: denying };
}
