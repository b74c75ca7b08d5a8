import { type ResultSet, result } from './result-set.ts';

export type Combined = 'permit' | 'deny' | 'indeterminate';

export interface Combination {
  readonly decision: Combined;
  /** What settled it; `undecided` exactly when the decision is indeterminate. */
  readonly by: 'deny' | 'permit' | 'weak-deny' | 'implicit-policy' | 'undecided';
  /**
   * Places of the consents that settled it; none when the implicit policy did. With these alone it would be the same.
   */
  readonly determining: readonly number[];
}

/**
 * DENY > PERMIT > WEAK_DENY > the implicit policy, over every way to resolve what is undecided; where these ways
 * disagree, INDETERMINATE (docs/decision.md, step 7). Counts the ways instead of walking them: the result is that
 * of the enumeration, in linear time.
 */
export function combineResults(sets: readonly ResultSet[], implicit: 'permit' | 'deny'): Combination {
  return combineScopes(
    sets.map((results) => ({ results })),
    implicit,
  );
}

/** {@link combineResults} of what consents came to, as it is. */
export function combineScopes(
  consents: readonly { readonly results: ResultSet }[],
  implicit: 'permit' | 'deny',
): Combination {
  let some = 0;
  let isDenied = false;
  let isQuiet = true;
  let mayBeSilent = true;
  for (const { results: set } of consents) {
    some |= set;
    isDenied ||= set === result.deny;
    // A way without PERMIT and DENY exists when each consent can be one of the other two.
    isQuiet &&= (set & (result.weakDeny | result.notApplicable)) !== 0;
    mayBeSilent &&= (set & result.notApplicable) !== 0;
  }
  if (isDenied) return { decision: 'deny', by: 'deny', determining: placesOf(consents, result.deny) };

  // From here on every consent can be other than DENY, so some way has no DENY at all.
  const mayDeny = (some & result.deny) !== 0;
  const mayPermit = (some & result.permit) !== 0;
  const mayWeakDeny = isQuiet && (some & result.weakDeny) !== 0;

  const someWayPermits = mayPermit || (mayBeSilent && implicit === 'permit');
  const someWayDenies = mayDeny || mayWeakDeny || (mayBeSilent && implicit === 'deny');
  if (someWayPermits && someWayDenies) {
    const all = result.permit | result.deny | result.weakDeny;
    return { decision: 'indeterminate', by: 'undecided', determining: placesOf(consents, all) };
  }
  if (someWayPermits) {
    return mayPermit
      ? { decision: 'permit', by: 'permit', determining: placesOf(consents, result.permit) }
      : { decision: 'permit', by: 'implicit-policy', determining: [] };
  }
  // Where nothing is denied by a consent, a weak denial does: without it the implicit policy might permit.
  if (mayDeny) return { decision: 'deny', by: 'deny', determining: placesOf(consents, result.deny | result.weakDeny) };
  if (mayWeakDeny) return { decision: 'deny', by: 'weak-deny', determining: placesOf(consents, result.weakDeny) };
  return { decision: 'deny', by: 'implicit-policy', determining: [] };
}

function placesOf(consents: readonly { readonly results: ResultSet }[], bits: number): number[] {
  const places: number[] = [];
  let place = 0;
  for (const { results } of consents) {
    if ((results & bits) !== 0) places.push(place);
    place += 1;
  }
  return places;
}
