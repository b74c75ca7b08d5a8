import { equalBytes } from '../../base/index.ts';
import { combineResults, isSubset, type ResultSet, result } from '../../decision/index.ts';
import type { Consent } from '../consent/state.ts';
import type { Credential } from '../credential/state.ts';
import { isWithin } from '../engine/leaves.ts';
import { type DomainPolicy, emergencyHoursMax } from '../enrolment/policy.ts';
import type { Category } from '../tables/codes.ts';
import { type GateMismatch, gateMismatch } from './gate.ts';
import { type Mismatch, namesBreakGlass, possibleResults, type RequestFacts, targetMismatch } from './open-clauses.ts';

export const decisions = ['permit', 'permit-break-glass', 'deny', 'indeterminate'] as const;
export type Decision = (typeof decisions)[number];

export const decisionReasons = [
  'gate',
  'deny',
  'permit',
  'weak-deny',
  'implicit-policy',
  'undecided',
  'break-glass',
] as const;
/** What settled a decision, in the order of evaluation. */
export type DecisionReason = (typeof decisionReasons)[number];

/** What the custodian's gateway found for one consent, after it opened the sealed clauses. */
export interface ResultClaim {
  readonly consent: Uint8Array;
  readonly version: number;
  readonly results: ResultSet;
  /** Whether a denial among the results names break-glass itself. */
  readonly namesBreakGlass: boolean;
}

/** A break-glass while it is kept in the state. */
export interface GlassOpening {
  readonly id: Uint8Array;
  readonly openedAt: number;
  readonly expiresAt: number;
  readonly categories: readonly Category[];
}

export interface DecisionInput {
  /** Block time; outside a transaction the later of head time and the node's clock. */
  readonly atMs: number;
  readonly policy: DomainPolicy;
  readonly request: RequestFacts;
  /** Credentials of the agent that are in force at `atMs`. */
  readonly held: readonly Credential[];
  /** Consents of the subject in the domain that are in force, in the ledger's order. */
  readonly consents: readonly Consent[];
  /** Of those that the subject is merged with: they narrow what its own consents open, and never widen it. */
  readonly mergedConsents?: readonly Consent[];
  readonly claims: readonly ResultClaim[];
  /** Category of the resource, where the domain says it in clear. */
  readonly category: Category | undefined;
  /** The gateway's word that the resource is in a category that was named when the glass was broken. */
  readonly inEmergencyCategory: boolean;
  /** Break-glasses of this agent for this subject in this domain. */
  readonly openings: readonly GlassOpening[];
}

export interface ConsideredConsent {
  readonly id: Uint8Array;
  readonly version: number;
  readonly results: ResultSet;
  readonly namesBreakGlass: boolean;
  /** Whether the gateway's result set was used, or everything possible taken. */
  readonly claimed: boolean;
  /** The element that kept it from applying. */
  readonly mismatch: Mismatch | undefined;
}

export interface DecisionOutcome {
  readonly decision: Decision;
  readonly reason: DecisionReason;
  /** Step 0, when it refused; then no consent was looked at. */
  readonly gate: GateMismatch | undefined;
  readonly considered: readonly ConsideredConsent[];
  /** Places in `considered`. */
  readonly determining: readonly number[];
  /** The break-glass that permitted. */
  readonly opening: GlassOpening | undefined;
}

/**
 * The consent decision as far as open clauses and the gateway's result sets go (contracts.md, "The consent decision").
 * Order of everything: gate, consents, break-glass. Pure.
 */
export function decideOpen(input: DecisionInput): DecisionOutcome {
  const gate = gateMismatch(input.policy, input.request, input.held);
  if (gate !== undefined)
    return { decision: 'deny', reason: 'gate', gate, considered: [], determining: [], opening: undefined };
  const considered = [
    ...input.consents.map((consent) => consider(input, consent)),
    ...(input.mergedConsents ?? []).map((consent) => withoutPermit(consider(input, consent))),
  ];
  const combined = combineResults(
    considered.map((consent) => consent.results),
    input.policy.implicit,
  );
  const opening = combined.decision === 'permit' ? undefined : breakGlass(input, considered);
  const shared = { gate, considered, determining: combined.determining, opening };
  if (opening !== undefined) return { decision: 'permit-break-glass', reason: 'break-glass', ...shared };
  return { decision: combined.decision, reason: combined.by, ...shared };
}

/**
 * The first claim about a consent in force that its open clauses do not allow. Claims about other consents or versions
 * are stale: they count as missing, and are no offence.
 */
export function impossibleClaim(input: DecisionInput): ResultClaim | undefined {
  const consents = [...input.consents, ...(input.mergedConsents ?? [])];
  return input.claims.find((claim) => {
    const consent = consents.find((candidate) => isAbout(claim, candidate));
    if (consent === undefined) return false;
    const { possible } = openResults(input, consent);
    const mayNameIt = (claim.results & result.deny) !== 0 && namesBreakGlass(consent.provision);
    return !isSubset(claim.results, possible) || claim.namesBreakGlass !== mayNameIt;
  });
}

function consider(input: DecisionInput, consent: Consent): ConsideredConsent {
  const { possible, mismatch } = openResults(input, consent);
  const claim = input.claims.find((candidate) => isAbout(candidate, consent));
  // A missing, stale or impossible set leaves everything possible that the open clauses allow.
  const used = claim !== undefined && isSubset(claim.results, possible) ? claim : undefined;
  const results = used?.results ?? possible;
  return {
    id: consent.id,
    version: consent.version,
    results,
    namesBreakGlass: (results & result.deny) !== 0 && namesBreakGlass(consent.provision),
    claimed: used !== undefined,
    mismatch,
  };
}

/** A permit counts for whoever granted it, and for nobody else. */
function withoutPermit(consent: ConsideredConsent): ConsideredConsent {
  if ((consent.results & result.permit) === 0) return consent;
  const mismatch: Mismatch = { element: 'subject', expected: 'who granted it', got: 'somebody merged with them' };
  return { ...consent, results: (consent.results & ~result.permit) | result.notApplicable, mismatch };
}

function openResults(input: DecisionInput, consent: Consent): { possible: ResultSet; mismatch: Mismatch | undefined } {
  const mismatch = targetMismatch(consent.provision, input.request, input.held, input.atMs);
  return { possible: possibleResults(consent.provision, mismatch === undefined, input.category), mismatch };
}

function isAbout(claim: ResultClaim, consent: Consent): boolean {
  return claim.version === consent.version && equalBytes(claim.consent, consent.id);
}

/** Step 8, after a non-permit: the opening that covers this access, if the domain's law and the denials let it. */
function breakGlass(input: DecisionInput, considered: readonly ConsideredConsent[]): GlassOpening | undefined {
  const { emergency } = input.policy;
  const { request, atMs } = input;
  if (request.purpose !== 'BTG' || emergency === undefined || !emergency.roles.includes(request.role)) return undefined;
  // A denial that may stand is honoured too: a resolution in which it decides would release nothing.
  if (emergency.honourDeny && considered.some((consent) => consent.namesBreakGlass)) return undefined;
  return input.openings.find(
    (opening) =>
      isWithin({ from: opening.openedAt, until: glassEndsAt(opening, input.policy) }, atMs) &&
      (input.category === undefined ? input.inEmergencyCategory : opening.categories.includes(input.category)),
  );
}

const hourMs = 3_600_000;

/** When an opening ends under the domain's policy as it is now: by itself, without any transaction. */
export function glassEndsAt(opening: Pick<GlassOpening, 'openedAt' | 'expiresAt'>, policy: DomainPolicy): number {
  const hours = Math.min(emergencyHoursMax, policy.emergency?.maxHours ?? 0);
  return Math.min(opening.expiresAt, opening.openedAt + hours * hourMs);
}
