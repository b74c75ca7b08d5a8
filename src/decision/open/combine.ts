import { type Glass, glassOf, glassRefusal } from '../break-glass.ts';
import { type ConsentResult, evaluateConsent } from '../evaluate.ts';
import { type Basis, citedBasis, type GateRefusal, gateRefusal } from '../gate.ts';
import { type DecisionPolicy, type DecisionRequest, type Policy, readPolicy, readRequest } from '../request.ts';
import { isSubset, result } from '../result-set.ts';
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
  return decideOpenly({ consents: own, asked: question, policy: domain, claims, glass });
}

/** {@link combine} on what was read before. */
export function decideOpenly(known: {
  readonly consents: readonly OpenConsent[];
  readonly asked: Asked;
  readonly policy: Policy;
  readonly claims: Claims;
  readonly glass: Glass | undefined;
}): OpenDecision {
  const { consents, asked, policy, claims, glass } = known;
  const gate = gateRefusal(policy, asked);
  const basis = citedBasis(policy, asked);
  if (gate !== undefined)
    return { decision: 'deny', by: 'gate', determining: [], glass: 'not-asked', gate, basis, results: [] };
  const results = openResults(consents, asked, claims);
  const settled = settle(results, policy.implicit, basis, (isNamed) =>
    glassRefusal(asked, policy, glass, claims.inEmergencyCategory, isNamed),
  );
  return { ...settled, gate, basis, results };
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
      results: used.results,
      namesBreakGlass: used.namesBreakGlass,
      isClaimed,
      isImpossible: claim !== undefined && !isClaimed,
      misses: open.misses,
    };
  });
}

function isPossible({ results, namesBreakGlass }: ScopeResult, open: ConsentResult): boolean {
  if (results === 0 || !isSubset(results, open.results)) return false;
  if ((results & result.deny) === 0) return !namesBreakGlass;
  return namesBreakGlass ? open.namesBreakGlass : open.deniesPlainly;
}
