import { type Glass, type GlassRefusal, glassOf, glassRefusal, isInNamedCategory } from './break-glass.ts';
import type { ConsentName } from './consent.ts';
import { type ConsentResult, evaluateConsent } from './evaluate.ts';
import { type Basis, citedBasis, type GateRefusal, gateRefusal } from './gate.ts';
import type { ReadConsent } from './read-consents.ts';
import type { Policy, Question, Resource } from './request.ts';
import { scopingOf } from './scope.ts';
import { type Settlement, settle } from './settle.ts';
import { Targets } from './target.ts';

/** A consent of the subject, as it is called. */
export interface Candidate {
  readonly consent: ReadConsent;
  readonly name: ConsentName;
}

/** What was decided on one record, with the results that it was decided on. */
export interface Settled extends Settlement {
  /** None where the gate refused. */
  readonly results: readonly ConsentResult[];
}

/** One question, under one policy, over the consents of one subject: what holds for every record, found once. */
export class Inquiry {
  readonly policy: Policy;
  readonly candidates: readonly Candidate[];
  readonly question: Question;
  readonly gate: GateRefusal | undefined;
  readonly basis: Basis | undefined;
  readonly targets: Targets;
  readonly #glass: Glass | undefined;

  constructor(policy: Policy, candidates: readonly Candidate[], question: Question) {
    this.policy = policy;
    this.candidates = candidates;
    this.question = question;
    this.gate = gateRefusal(policy, { roles: question.request.requester.roles, purpose: question.purpose });
    this.basis = citedBasis(policy, question);
    this.targets = new Targets(question, { resources: question.resources.length });
    this.#glass = glassOf(question.request);
  }

  settle(resource: Resource): Settled {
    if (this.gate !== undefined)
      return { decision: 'deny', by: 'gate', determining: [], results: [], glass: 'not-asked' };
    const results = this.evaluate(resource);
    const { decision, by, determining, glass } = this.settleOn(results, resource);
    return { decision, by, determining, results, glass };
  }

  /** On what the consents come to, or some of them. */
  settleOn(results: readonly ConsentResult[], resource: Resource): Settlement {
    const { policy, question } = this;
    const refuseGlass = (namesBreakGlass: boolean): GlassRefusal | undefined => {
      const isNamed = isInNamedCategory(question.request, policy, resource);
      return glassRefusal(question, policy, this.#glass, isNamed, namesBreakGlass);
    };
    return settle(results, policy.implicit, this.basis, refuseGlass);
  }

  /** What each consent comes to, in their order. */
  evaluate(resource: Resource): ConsentResult[] {
    const scoping = scopingOf(resource);
    const results: ConsentResult[] = [];
    for (const { consent } of this.candidates) results.push(evaluateConsent(consent.provision, this.targets, scoping));
    return results;
  }
}
