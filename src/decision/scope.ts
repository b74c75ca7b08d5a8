import type { Effect, Interval, Labels, Provision } from './consent.ts';
import { type Resource, unversioned } from './request.ts';
import { compareConfidentiality } from './tables/confidentiality.ts';
import { coversSensitivity } from './tables/sensitivity.ts';
import { type Clause, type Describe, intervalText, shortList } from './target.ts';

/** Where a resource stands to a clause; undecided where what the clause asks for is unknown of it. */
export type Standing = 'in' | 'out' | 'undecided';

/** The clauses of the data scope, each of which a permit inside a permit can inherit. */
export type Scope = {
  readonly [Name in 'labels' | 'dataPeriod' | 'data' | 'classes' | 'codes' | 'categories']?:
    | Provision[Name]
    | undefined;
};

export type Scoped = Scope & Pick<Provision, 'type'>;

/** A permit inside a permit has the clauses that it states, and of the others those around it; a deny only its own. */
export function scopeOf(provision: Scoped, around: Scope | undefined): Scope {
  if (provision.type === 'deny' || around === undefined) return provision;
  return {
    labels: provision.labels ?? around.labels,
    dataPeriod: provision.dataPeriod ?? around.dataPeriod,
    data: provision.data ?? around.data,
    classes: provision.classes ?? around.classes,
    codes: provision.codes ?? around.codes,
    categories: provision.categories ?? around.categories,
  };
}

/** How the data scopes of provisions are read: by who knows the record, or from outside. */
export interface Scoping<P, S> {
  scopeOf(provision: P, around: S | undefined): S;
  place(scope: S, effect: Effect): Placed;
}

/** By who knows the record and all clauses. */
export function scopingOf(resource: Resource): Scoping<Scoped, Scope> {
  return { scopeOf, place: (scope, effect) => placeInScope(scope, effect, resource) };
}

export interface Placed {
  readonly standing: Standing;
  /** The clause that the resource is out of, or that is undecided. */
  readonly describe: Describe | undefined;
}

const inside: Placed = { standing: 'in', describe: undefined };

interface ScopeClause {
  /** Undefined where the scope does not have this clause. */
  readonly place: (scope: Scope, effect: Effect, resource: Resource) => Standing | undefined;
  readonly describe: (scope: Scope, resource: Resource) => Clause;
}

const clauses: readonly ScopeClause[] = [
  {
    place: ({ labels }, effect, resource) => labels && placeByLabel(labels, effect, resource),
    describe: ({ labels }, resource) => ({
      element: 'securityLabel',
      expected: shortList([...(labels?.confidentiality ?? []), ...(labels?.sensitivity ?? [])]),
      got: labelsText(resource),
    }),
  },
  {
    place: ({ dataPeriod }, effect, { date }) => dataPeriod && placeByDate(dataPeriod, effect, date),
    describe: ({ dataPeriod = {} }, { date }) => ({
      element: 'dataPeriod',
      expected: intervalText(dataPeriod),
      got: date === undefined ? unknownText : intervalText(date),
    }),
  },
  {
    place: ({ data }, _, resource) => data && any(data.map((one) => placeByReference(one, resource))),
    describe: ({ data = [] }, resource) => ({
      element: 'data',
      expected: shortList(data.map(({ meaning, reference }) => `${meaning} ${reference}`)),
      got: knownOf(data, resource),
    }),
  },
  {
    place: ({ classes: named }, _, { classes }) => named && placeByList(named, classes),
    describe: ({ classes: named = [] }, { classes }) => ({
      element: 'class',
      expected: shortList(named),
      got: listText(classes),
    }),
  },
  {
    place: ({ codes: named }, _, { codes }) => named && placeByList(named, codes),
    describe: ({ codes: named = [] }, { codes }) => ({
      element: 'code',
      expected: shortList(named),
      got: listText(codes),
    }),
  },
  {
    place: ({ categories: named }, _, { categories }) => named && placeByList(named, categories),
    describe: ({ categories: named = [] }, { categories }) => ({
      element: 'category',
      expected: shortList(named),
      got: listText(categories),
    }),
  },
];

/** Security label ∧ data period ∧ data reference ∧ class ∧ code ∧ category (docs/decision.md, step 4). */
function placeInScope(scope: Scope, effect: Effect, resource: Resource): Placed {
  let undecided: ScopeClause | undefined;
  for (const clause of clauses) {
    const standing = clause.place(scope, effect, resource);
    if (standing === 'out') return beside(standing, clause, scope, resource);
    if (standing === 'undecided') undecided ??= clause;
  }
  return undecided === undefined ? inside : beside('undecided', undecided, scope, resource);
}

function beside(standing: Standing, { describe }: ScopeClause, scope: Scope, resource: Resource): Placed {
  return { standing, describe: () => describe(scope, resource) };
}

/**
 * Labels are alternatives, across kinds too. A permit covers a resource at or below its confidentiality, and one all of
 * whose sensitivities it covers; a deny one at or above, and one with any of its sensitivities.
 */
function placeByLabel(labels: Labels, effect: Effect, { confidentiality, sensitivity }: Resource): Standing {
  const standings: Standing[] = [];
  // A sensitivity without confidentiality counts as restricted.
  const level = confidentiality ?? (sensitivity !== undefined && sensitivity.length > 0 ? 'R' : undefined);
  for (const named of labels.confidentiality) {
    if (level === undefined) standings.push('undecided');
    else {
      const order = compareConfidentiality(level, named);
      standings.push((effect === 'permit' ? order <= 0 : order >= 0) ? 'in' : 'out');
    }
  }
  if (labels.sensitivity.length > 0) {
    // With confidentiality present, absent sensitivity is none.
    const kinds = sensitivity ?? (confidentiality === undefined ? undefined : []);
    const isCovered = (kind: string): boolean => labels.sensitivity.some((named) => coversSensitivity(named, kind));
    if (kinds === undefined) standings.push('undecided');
    else if (effect === 'permit') standings.push(kinds.length > 0 && kinds.every(isCovered) ? 'in' : 'out');
    else standings.push(kinds.some(isCovered) ? 'in' : 'out');
  }
  return any(standings);
}

/** A permit needs the whole of the resource's interval inside, a deny any overlap. */
function placeByDate(period: Interval, effect: Effect, date: Interval | undefined): Standing {
  if (date === undefined) return 'undecided';
  const [from, until] = [date.from ?? Number.NEGATIVE_INFINITY, date.until ?? Number.POSITIVE_INFINITY];
  const [first, end] = [period.from ?? Number.NEGATIVE_INFINITY, period.until ?? Number.POSITIVE_INFINITY];
  const isIn = effect === 'permit' ? first <= from && until <= end : from < end && first < until;
  return isIn ? 'in' : 'out';
}

function placeByReference(
  { meaning, reference }: NonNullable<Scope['data']>[number],
  { reference: own, related, authors }: Resource,
): Standing {
  if (meaning === 'authoredby') return placeByList([reference], authors);
  const record = unversioned(reference);
  if (own === record) return 'in';
  return meaning === 'instance' ? 'out' : placeByList([record], related);
}

function placeByList(named: readonly string[], known: readonly string[] | undefined): Standing {
  if (known === undefined) return 'undecided';
  return named.some((one) => known.includes(one)) ? 'in' : 'out';
}

/** What is known of a record, as far as these clauses ask for it. */
function knownOf(data: NonNullable<Scope['data']>, { reference, related, authors }: Resource): string {
  const meanings = new Set(data.map(({ meaning }) => meaning));
  return [
    reference,
    ...(meanings.has('related') || meanings.has('dependents') ? [`related: ${listText(related)}`] : []),
    ...(meanings.has('authoredby') ? [`authored by: ${listText(authors)}`] : []),
  ].join('; ');
}

function any(standings: readonly Standing[]): Standing {
  if (standings.includes('in')) return 'in';
  return standings.includes('undecided') ? 'undecided' : 'out';
}

const unknownText = 'unknown';

function labelsText({ confidentiality, sensitivity }: Resource): string {
  if (confidentiality === undefined && sensitivity === undefined) return unknownText;
  return shortList([...(confidentiality === undefined ? [] : [confidentiality]), ...(sensitivity ?? [])]) || 'none';
}

function listText(list: readonly string[] | undefined): string {
  return list === undefined ? unknownText : shortList(list) || 'none';
}
