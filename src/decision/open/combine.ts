import { type GlassRefusal, glassOf, glassRefusal } from '../break-glass.ts';
import { type ConsentResult, evaluateConsent } from '../evaluate.ts';
import { type Basis, citedBasis, type GateRefusal, gateRefusal } from '../gate.ts';
import { type DecisionPolicy, type DecisionRequest, type Policy, readPolicy, readRequest } from '../request.ts';
import { isSubset, type ResultSet, result } from '../result-set.ts';
import { type ScopeResult, type Settlement, settle } from '../settle.ts';
import { type Asked, type Miss, Targets } from '../target.ts';
import { type OpenConsent, openScoping } from './consent.ts';

/** What a voter knows of one record, by the gateway's word. */
export interface Claims {
  /** For each consent, in their order; undefined where the gateway said nothing, or spoke of another version. */
  readonly results: readonly (ScopeResult | undefined)[];
  readonly inEmergencyCategory: boolean;
  /** The record's category, where the domain has it said in clear. */
  readonly category?: string | undefined;
}

/** One consent, as a voter took it. */
export interface OpenResult extends ScopeResult {
  /** Whether the gateway's word was used, or everything possible taken. */
  readonly isClaimed: boolean;
  /** Whether the gateway said what the open clauses rule out. */
  readonly isImpossible: boolean;
  readonly misses: readonly Miss[];
}

export interface OpenDecision extends Settlement {
  readonly gate: GateRefusal | undefined;
  readonly basis: Basis | undefined;
  /** None where the gate refused. */
  readonly results: readonly OpenResult[];
}

export interface CombineInput {
  /** Those of the subject that are in force. */
  readonly consents: readonly OpenConsent[];
  /** What is said of resources is not looked at. */
  readonly request: DecisionRequest;
  readonly policy: DecisionPolicy;
  readonly claims: Claims;
}

/**
 * Decides on one record with what everyone sees of the consents, and what the gateway claims of the rest. With true claims
 * it comes to what {@link decide} comes to; missing, stale or impossible ones leave everything possible, and never permit
 * more. Throws `decision-input-invalid`.
 */
export function combine({ consents, request, policy, claims }: CombineInput): OpenDecision {
  const domain = readPolicy(policy);
  const question = readRequest(request, domain.timeZone);
  const glass = glassOf(question.request);
  const own = consents.filter(({ subject }) => subject === question.request.subject);
  const gate = gateRefusal(domain, { roles: question.request.requester.roles, purpose: question.purpose });
  if (gate !== undefined)
    return { decision: 'deny', by: 'gate', determining: [], glass: 'not-asked', gate, basis: undefined, results: [] };
  const refuseGlass = (isNamed: boolean): GlassRefusal | undefined =>
    glassRefusal(question, domain, glass, claims.inEmergencyCategory, isNamed);
  return { gate, ...decideOpenly({ consents: own, asked: question, policy: domain, claims, refuseGlass }) };
}

/** {@link combine} on what was read before, behind the gate. */
export function decideOpenly(known: {
  readonly consents: readonly OpenConsent[];
  readonly asked: Asked;
  readonly policy: Policy;
  readonly claims: Pick<Claims, 'results' | 'category'>;
  /** Why the glass stays whole; told whether a denial that may stand names break-glass. */
  readonly refuseGlass: (namesBreakGlass: boolean) => GlassRefusal | undefined;
}): Omit<OpenDecision, 'gate'> {
  const { consents, asked, policy, claims, refuseGlass } = known;
  const basis = citedBasis(policy, asked);
  const results = openResults(consents, asked, claims);
  const { decision, by, determining, glass } = settle(results, policy.implicit, basis, refuseGlass);
  return { decision, by, determining, glass, basis, results };
}

/** What each consent may come to, with the gateway's word where it is possible. */
export function openResults(
  consents: readonly OpenConsent[],
  asked: Asked,
  { results, category }: Pick<Claims, 'results' | 'category'>,
): OpenResult[] {
  const targets = new Targets(asked);
  const scoping = openScoping(category);
  return consents.map((consent, place) => {
    const open = evaluateConsent(consent.provision, targets, scoping);
    const claim = results[place];
    const isClaimed = claim !== undefined && isPossible(claim, open);
    const used = isClaimed ? claim : open;
    return {
      results: consent.onlyNarrows === true ? withoutPermit(used.results) : used.results,
      namesBreakGlass: used.namesBreakGlass,
      isClaimed,
      isImpossible: claim !== undefined && !isClaimed,
      misses: open.misses,
    };
  });
}

function withoutPermit(results: ResultSet): ResultSet {
  return (results & result.permit) === 0 ? results : (results & ~result.permit) | result.notApplicable;
}

function isPossible({ results, namesBreakGlass }: ScopeResult, open: ConsentResult): boolean {
  if (results === 0 || !isSubset(results, open.results)) return false;
  if ((results & result.deny) === 0) return !namesBreakGlass;
  return namesBreakGlass ? open.namesBreakGlass : open.deniesPlainly;
}
