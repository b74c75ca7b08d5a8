import { equalBytes, present } from '../../base/index.ts';
import {
  type Asked,
  type Basis,
  type Decision,
  type DecidedBy as DecisionReason,
  decideOpenly,
  decidedBy as decisionReasons,
  decisions,
  type GlassRefusal,
  glassRefusal,
  type Miss,
  type OpenConsent,
  openResults,
  type ScopeResult,
} from '../../decision/index.ts';
import { openConsentOf } from '../consent/open.ts';
import type { Consent } from '../consent/state.ts';
import type { Credential } from '../credential/state.ts';
import { type DomainPolicy, emergencyHoursMax } from '../enrolment/policy.ts';
import type { Category } from '../tables/codes.ts';
import { type Asking, askingOf } from './asking.ts';
import type { GateMismatch } from './gate.ts';
import { type RequestFacts, rulesOf } from './question.ts';

export { type Decision, type DecisionReason, decisionReasons, decisions };

/** What the custodian's gateway found for one consent, after it opened the sealed clauses. */
export interface ResultClaim extends ScopeResult {
  readonly consent: Uint8Array;
  readonly version: number;
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
  /** Groups that it belongs to at `atMs`, as consents name them. */
  readonly groups: readonly string[];
  /** What follows from the fields above, where it is known already: one asker's for many subjects. */
  readonly asking?: Asking;
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

export interface ConsideredConsent extends ScopeResult {
  readonly id: Uint8Array;
  readonly version: number;
  /** Whether the gateway's result set was used, or everything possible taken. */
  readonly isClaimed: boolean;
  /** Whether the gateway's result set is one that the open clauses do not allow. */
  readonly isImpossible: boolean;
  /** Why provisions did not apply, or may not. */
  readonly misses: readonly Miss[];
}

export interface DecisionOutcome {
  readonly decision: Decision;
  readonly reason: DecisionReason;
  /** Step 0, when it refused; then no consent was looked at. */
  readonly gate: GateMismatch | undefined;
  /** The legal basis that was cited, and whether it applies. */
  readonly basis: Basis | undefined;
  readonly considered: readonly ConsideredConsent[];
  /** Places in `considered`. */
  readonly determining: readonly number[];
  /** The break-glass that permitted. */
  readonly opening: GlassOpening | undefined;
}

/**
 * The consent decision as far as open clauses and the gateway's result sets go (docs/decision.md).
 * Order of everything: gate, legal basis, consents, break-glass. Pure.
 */
export function decideOpen(input: DecisionInput): DecisionOutcome {
  const { gate, asked } = input.asking ?? askingOf(input);
  if (gate !== undefined) {
    const none = { basis: undefined, considered: [], determining: [], opening: undefined };
    return { decision: 'deny', reason: 'gate', gate, ...none };
  }
  const consents = consentsIn(input);
  const rules = rulesOf(input.policy);
  let opening: GlassOpening | undefined;
  const settled = decideOpenly({
    consents: openConsentsIn(input),
    asked,
    policy: rules,
    claims: { results: claimsInOrder(input, consents), category: input.category },
    refuseGlass(namesBreakGlass) {
      const refusals = input.openings.map((one) => refusalOf(input, one, asked, namesBreakGlass));
      const held = refusals.indexOf(undefined);
      opening = input.openings[held];
      return held >= 0 ? undefined : (refusals[0] ?? glassRefusal(asked, rules, undefined, false, false));
    },
  });
  const considered = settled.results.map((one, place): ConsideredConsent => {
    const { id, version } = present(consents[place], 'each consent has its result');
    const { results, namesBreakGlass, isClaimed, isImpossible, misses } = one;
    return { id, version, results, namesBreakGlass, isClaimed, isImpossible, misses };
  });
  const { decision, by, determining, basis } = settled;
  return { decision, reason: by, gate, basis, considered, determining, opening };
}

/** Why the glass that was opened is whole for what is asked. */
function refusalOf(
  { policy, category, inEmergencyCategory }: DecisionInput,
  opening: GlassOpening,
  asked: Asked,
  namesBreakGlass: boolean,
): GlassRefusal | undefined {
  const glass = { justified: true, openedAtMs: opening.openedAt, expiresAtMs: glassEndsAt(opening, policy) };
  const inCategory = category === undefined ? inEmergencyCategory : opening.categories.includes(category);
  return glassRefusal(asked, rulesOf(policy), glass, inCategory, namesBreakGlass);
}

/**
 * The first claim about a consent in force that its open clauses do not allow. Claims about other consents or versions
 * are stale: they count as missing, and are no offence. `outcome` is that of {@link decideOpen}, where it is known.
 */
export function impossibleClaim(
  input: DecisionInput,
  { gate, considered }: DecisionOutcome = decideOpen(input),
): ResultClaim | undefined {
  if (input.claims.length === 0) return undefined;
  if (gate === undefined && !considered.some(({ isImpossible }) => isImpossible)) return undefined;
  const claims = claimsInOrder(input, consentsIn(input));
  const { asked } = input.asking ?? askingOf(input);
  const taken = openResults(openConsentsIn(input), asked, { results: claims, category: input.category });
  return claims[taken.findIndex((one) => one.isImpossible)];
}

/** The subject's own, then those that only narrow. */
function consentsIn({ consents, mergedConsents = [] }: DecisionInput): readonly Consent[] {
  return mergedConsents.length === 0 ? consents : [...consents, ...mergedConsents];
}

function openConsentsIn({ consents, mergedConsents = [] }: DecisionInput): OpenConsent[] {
  const open = consents.map(openConsentOf);
  for (const consent of mergedConsents) open.push({ ...openConsentOf(consent), onlyNarrows: true });
  return open;
}

/** The claim about each consent; undefined where there is none, or of another version. */
function claimsInOrder({ claims }: DecisionInput, consents: readonly Consent[]): (ResultClaim | undefined)[] {
  return consents.map(({ id, version }) =>
    claims.find((claim) => claim.version === version && equalBytes(claim.consent, id)),
  );
}

const hourMs = 3_600_000;

/** When an opening ends under the domain's policy as it is now: by itself, without any transaction. */
export function glassEndsAt(opening: Pick<GlassOpening, 'openedAt' | 'expiresAt'>, policy: DomainPolicy): number {
  const hours = Math.min(emergencyHoursMax, policy.emergency?.maxHours ?? 0);
  return Math.min(opening.expiresAt, opening.openedAt + hours * hourMs);
}
