import type { Consent, Provision } from '../consent.ts';
import { inside, type Placed, type Scoping } from '../scope.ts';
import type { Clause, Target } from '../target.ts';

/** A provision as everyone sees it: the target, and that there are data clauses, but not what they say. */
export interface OpenProvision extends Target {
  readonly isSealed?: boolean;
  /** Coarse categories of data: the one clause about data that may be in clear. */
  readonly categories?: readonly string[] | undefined;
  readonly provisions?: readonly OpenProvision[];
}

export interface OpenConsent extends Omit<Consent, 'provision'> {
  /** Of somebody whom the subject is merged with: it narrows what the subject's own open, and permits nothing itself. */
  readonly onlyNarrows?: boolean;
  readonly provision: OpenProvision;
}

/** What everyone may see of a consent. */
export function openPart({ provision, ...named }: Consent): OpenConsent {
  return { ...named, provision: openProvision(provision) };
}

function openProvision(provision: Provision): OpenProvision {
  const { labels, dataPeriod, data, classes, codes, provisions, ...target } = provision;
  const isSealed = [labels, dataPeriod, data, classes, codes].some((clause) => clause !== undefined);
  return { ...target, ...(isSealed && { isSealed }), ...(provisions && { provisions: provisions.map(openProvision) }) };
}

export interface OpenScope {
  readonly isSealed: boolean;
  readonly categories: readonly string[] | undefined;
}

/**
 * Data scopes from outside: what is sealed may hold or not. `category` is that of the record, where it is said in clear.
 * Everything that a gateway can find with the clauses is possible here too.
 */
export function openScoping(category: string | undefined): Scoping<OpenProvision, OpenScope> {
  return {
    scopeOf({ type, isSealed = false, categories }, around) {
      if (type === 'deny' || around === undefined) return { isSealed, categories };
      return { isSealed: isSealed || around.isSealed, categories: categories ?? around.categories };
    },
    place: (scope) => placeFromOutside(scope, category),
  };
}

function placeFromOutside({ isSealed, categories }: OpenScope, category: string | undefined): Placed {
  if (!isSealed && categories === undefined) return inside;
  const describe = (): Clause => ({
    element: 'scope',
    expected: [...(categories ?? []), ...(isSealed ? ['what is sealed'] : [])].join(', '),
    got: category ?? 'not said in clear',
  });
  if (categories !== undefined && category !== undefined && !categories.includes(category))
    return { standing: 'out', describe };
  return isSealed || category === undefined ? { standing: 'undecided', describe } : inside;
}
