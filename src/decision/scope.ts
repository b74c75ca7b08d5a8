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

export const inside: Placed = { standing: 'in', describe: undefined };

/** What a clause asks for of the record, and what is known of it. */
type DescribeClause = (scope: Scope, resource: Resource) => Clause;

/** Security label ∧ data period ∧ data reference ∧ class ∧ code ∧ category (docs/decision.md, step 4). */
function placeInScope(scope: Scope, effect: Effect, resource: Resource): Placed {
  const { labels, dataPeriod, data, classes, codes, categories } = scope;
  let undecided: DescribeClause | undefined;
  if (labels !== undefined) {
    const standing = placeByLabel(labels, effect, resource);
    if (standing === 'out') return beside(standing, describeLabels, scope, resource);
    if (standing === 'undecided') undecided = describeLabels;
  }
  if (dataPeriod !== undefined) {
    const standing = placeByDate(dataPeriod, effect, resource.date);
    if (standing === 'out') return beside(standing, describeDataPeriod, scope, resource);
    if (standing === 'undecided') undecided ??= describeDataPeriod;
  }
  if (data !== undefined) {
    const standing = placeByReferences(data, resource);
    if (standing === 'out') return beside(standing, describeData, scope, resource);
    if (standing === 'undecided') undecided ??= describeData;
  }
  if (classes !== undefined) {
    const standing = placeByList(classes, resource.classes);
    if (standing === 'out') return beside(standing, describeClasses, scope, resource);
    if (standing === 'undecided') undecided ??= describeClasses;
  }
  if (codes !== undefined) {
    const standing = placeByList(codes, resource.codes);
    if (standing === 'out') return beside(standing, describeCodes, scope, resource);
    if (standing === 'undecided') undecided ??= describeCodes;
  }
  if (categories !== undefined) {
    const standing = placeByList(categories, resource.categories);
    if (standing === 'out') return beside(standing, describeCategories, scope, resource);
    if (standing === 'undecided') undecided ??= describeCategories;
  }
  return undecided === undefined ? inside : beside('undecided', undecided, scope, resource);
}

function beside(standing: Standing, describe: DescribeClause, scope: Scope, resource: Resource): Placed {
  return { standing, describe: () => describe(scope, resource) };
}

function describeLabels({ labels }: Scope, resource: Resource): Clause {
  const expected = shortList([...(labels?.confidentiality ?? []), ...(labels?.sensitivity ?? [])]);
  return { element: 'securityLabel', expected, got: labelsText(resource) };
}

function describeDataPeriod({ dataPeriod = {} }: Scope, { date }: Resource): Clause {
  const got = date === undefined ? unknownText : intervalText(date);
  return { element: 'dataPeriod', expected: intervalText(dataPeriod), got };
}

function describeData({ data = [] }: Scope, resource: Resource): Clause {
  const expected = shortList(data.map(({ meaning, reference }) => `${meaning} ${reference}`));
  return { element: 'data', expected, got: knownOf(data, resource) };
}

function describeClasses({ classes = [] }: Scope, resource: Resource): Clause {
  return { element: 'class', expected: shortList(classes), got: listText(resource.classes) };
}

function describeCodes({ codes = [] }: Scope, resource: Resource): Clause {
  return { element: 'code', expected: shortList(codes), got: listText(resource.codes) };
}

function describeCategories({ categories = [] }: Scope, resource: Resource): Clause {
  return { element: 'category', expected: shortList(categories), got: listText(resource.categories) };
}

/**
 * Labels are alternatives, across kinds too. A permit covers a resource at or below its confidentiality, and one all of
 * whose sensitivities it covers; a deny one at or above, and one with any of its sensitivities.
 */
function placeByLabel(labels: Labels, effect: Effect, { confidentiality, sensitivity }: Resource): Standing {
  let isUndecided = false;
  // A sensitivity without confidentiality counts as restricted.
  const level = confidentiality ?? (sensitivity !== undefined && sensitivity.length > 0 ? 'R' : undefined);
  for (const named of labels.confidentiality) {
    if (level === undefined) {
      isUndecided = true;
      continue;
    }
    const order = compareConfidentiality(level, named);
    if (effect === 'permit' ? order <= 0 : order >= 0) return 'in';
  }
  if (labels.sensitivity.length > 0) {
    // With confidentiality present, absent sensitivity is none.
    const kinds = sensitivity ?? (confidentiality === undefined ? undefined : none);
    if (kinds === undefined) isUndecided = true;
    else if (coversKinds(labels.sensitivity, kinds, effect)) return 'in';
  }
  return isUndecided ? 'undecided' : 'out';
}

const none: readonly string[] = [];

function coversKinds(sensitivity: readonly string[], kinds: readonly string[], effect: Effect): boolean {
  const isCovered = (kind: string): boolean => sensitivity.some((named) => coversSensitivity(named, kind));
  return effect === 'permit' ? kinds.length > 0 && kinds.every(isCovered) : kinds.some(isCovered);
}

/** A permit needs the whole of the resource's interval inside, a deny any overlap. */
function placeByDate(period: Interval, effect: Effect, date: Interval | undefined): Standing {
  if (date === undefined) return 'undecided';
  const [from, until] = [date.from ?? Number.NEGATIVE_INFINITY, date.until ?? Number.POSITIVE_INFINITY];
  const [first, end] = [period.from ?? Number.NEGATIVE_INFINITY, period.until ?? Number.POSITIVE_INFINITY];
  const isIn = effect === 'permit' ? first <= from && until <= end : from < end && first < until;
  return isIn ? 'in' : 'out';
}

function placeByReferences(data: NonNullable<Scope['data']>, resource: Resource): Standing {
  let isUndecided = false;
  for (const one of data) {
    const standing = placeByReference(one, resource);
    if (standing === 'in') return standing;
    isUndecided ||= standing === 'undecided';
  }
  return isUndecided ? 'undecided' : 'out';
}

function placeByReference(
  { meaning, reference }: NonNullable<Scope['data']>[number],
  { reference: own, related, authors }: Resource,
): Standing {
  if (meaning === 'authoredby') return placeAmong(reference, authors);
  const record = unversioned(reference);
  if (own === record) return 'in';
  return meaning === 'instance' ? 'out' : placeAmong(record, related);
}

function placeByList(named: readonly string[], known: readonly string[] | undefined): Standing {
  if (known === undefined) return 'undecided';
  for (const one of named) if (known.includes(one)) return 'in';
  return 'out';
}

function placeAmong(one: string, known: readonly string[] | undefined): Standing {
  if (known === undefined) return 'undecided';
  return known.includes(one) ? 'in' : 'out';
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

const unknownText = 'unknown';

function labelsText({ confidentiality, sensitivity }: Resource): string {
  if (confidentiality === undefined && sensitivity === undefined) return unknownText;
  return shortList([...(confidentiality === undefined ? [] : [confidentiality]), ...(sensitivity ?? [])]) || 'none';
}

function listText(list: readonly string[] | undefined): string {
  return list === undefined ? unknownText : shortList(list) || 'none';
}
