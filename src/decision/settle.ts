import type { GlassRefusal } from './break-glass.ts';
import { combineScopes } from './combine.ts';
import type { Effect } from './consent.ts';
import type { Basis } from './gate.ts';
import { type ResultSet, result } from './result-set.ts';

/** From the best to the worst: of several resources, the worst decides. */
export const decisions = ['permit', 'permit-break-glass', 'indeterminate', 'deny'] as const;
export type Decision = (typeof decisions)[number];

/** What settled the decision on one resource, in the order of evaluation. */
export const decidedBy = [
  'gate',
  'legal-basis',
  'deny',
  'permit',
  'weak-deny',
  'implicit-policy',
  'undecided',
  'break-glass',
] as const;
export type DecidedBy = (typeof decidedBy)[number];

/** What one consent comes to for a record. */
export interface ScopeResult {
  readonly results: ResultSet;
  /** Whether a denial among them names break-glass itself. */
  readonly namesBreakGlass: boolean;
}

export interface Settlement {
  readonly decision: Decision;
  readonly by: DecidedBy;
  /** Places among the consents. */
  readonly determining: readonly number[];
  /** Why the glass is not broken; undefined where it is. */
  readonly glass: GlassRefusal | undefined;
}

/**
 * Legal basis, consents, break-glass, in this order (docs/decision.md, steps 7, 8, 10). `refuseGlass` says why the
 * glass stays whole; it is told whether a denial that may stand names break-glass.
 */
export function settle(
  results: readonly ScopeResult[],
  implicit: Effect,
  basis: Basis | undefined,
  refuseGlass: (namesBreakGlass: boolean) => GlassRefusal | undefined,
): Settlement {
  const settled = basis?.applies ? withBasis(results, implicit, basis.honourDeny) : combineScopes(results, implicit);
  const { decision, by, determining } = settled;
  if (decision === 'permit') return { decision, by, determining, glass: 'not-asked' };
  const glass = refuseGlass(results.some(({ namesBreakGlass }) => namesBreakGlass));
  if (glass !== undefined) return { decision, by, determining, glass };
  return { decision: 'permit-break-glass', by: 'break-glass', determining, glass };
}

export function worst(all: readonly { readonly decision: Decision }[]): Decision {
  let place = -1;
  for (const { decision } of all) place = Math.max(place, decisions.indexOf(decision));
  return decisions[place] ?? 'deny';
}

type Unbroken = Omit<Settlement, 'glass'>;

/** A basis beats every denial, or, where it says so, honours those of consents: one that may stand leaves it open. */
function withBasis(results: readonly ScopeResult[], implicit: Effect, honourDeny: boolean): Unbroken {
  const denying = [...results.keys()].filter((place) => ((results[place]?.results ?? 0) & result.deny) !== 0);
  if (!honourDeny || denying.length === 0) return { decision: 'permit', by: 'legal-basis', determining: [] };
  if (results.some((one) => one.results === result.deny)) return combineScopes(results, implicit);
  return { decision: 'indeterminate', by: 'undecided', determining: denying };
}
