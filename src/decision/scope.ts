import type { Effect, Interval, Labels, Provision } from './consent.ts';
import type { Resource } from './request.ts';
import { compareConfidentiality } from './tables/confidentiality.ts';
import { coversSensitivity } from './tables/sensitivity.ts';
import { systems } from './tables/systems.ts';
import { type Mismatch, momentText } from './target.ts';

/** Where a resource stands to a clause; undecided where what the clause asks for is unknown of it. */
export type Standing = 'in' | 'out' | 'undecided';

/** The clauses of the data scope, each of which a permit inside a permit can inherit. */
export type Scope = Pick<Provision, 'labels' | 'dataPeriod' | 'data' | 'classes' | 'codes'>;

/** A permit inside a permit has the clauses that it states, and of the others those around it; a deny only its own. */
export function scopeOf(provision: Provision, around: Scope | undefined): Scope {
  const { labels, dataPeriod, data, classes, codes } = provision;
  const own: Scope = {
    ...(labels && { labels }),
    ...(dataPeriod && { dataPeriod }),
    ...(data && { data }),
    ...(classes && { classes }),
    ...(codes && { codes }),
  };
  return provision.type === 'permit' && around !== undefined ? { ...around, ...own } : own;
}

export interface Placed {
  readonly standing: Standing;
  /** The clause that the resource is out of, or that is undecided. */
  readonly clause: Omit<Mismatch, 'path'> | undefined;
}

/** Data scope = security label ∧ data period ∧ data reference ∧ class ∧ code (contracts.md, decision step 4). */
export function placeInScope(scope: Scope, effect: Effect, resource: Resource): Placed {
  const { labels, dataPeriod, data, classes, codes } = scope;
  const clauses: readonly (readonly [standing: Standing, clause: () => Omit<Mismatch, 'path'>])[] = [
    ...(labels
      ? [
          [
            placeByLabel(labels, effect, resource),
            () => ({ element: 'securityLabel' as const, expected: labelText(labels), got: resourceLabels(resource) }),
          ] as const,
        ]
      : []),
    ...(dataPeriod
      ? [
          [
            placeByDate(dataPeriod, effect, resource.date),
            () => ({
              element: 'dataPeriod' as const,
              expected: intervalText(dataPeriod),
              got: intervalText(resource.date),
            }),
          ] as const,
        ]
      : []),
    ...(data
      ? [
          [
            any(data.map((one) => placeByReference(one, resource))),
            () => ({
              element: 'data' as const,
              expected: data.map(({ meaning, reference }) => `${meaning} ${reference}`).join(', '),
              got: resource.reference,
            }),
          ] as const,
        ]
      : []),
    ...(classes
      ? [
          [
            any(classes.map((one) => placeByClass(one, resource))),
            () => ({ element: 'class' as const, expected: classes.join(', '), got: listText(resource.classes) }),
          ] as const,
        ]
      : []),
    ...(codes
      ? [
          [
            placeByList(codes, resource.codes),
            () => ({ element: 'code' as const, expected: codes.join(', '), got: listText(resource.codes) }),
          ] as const,
        ]
      : []),
  ];
  const failed = clauses.find(([standing]) => standing === 'out') ?? clauses.find(([standing]) => standing !== 'in');
  return failed === undefined ? { standing: 'in', clause: undefined } : { standing: failed[0], clause: failed[1]() };
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
  if (own === reference) return 'in';
  return meaning === 'instance' ? 'out' : placeByList([reference], related);
}

/** FHIR's resource types are known by the type, whatever classes are named besides. */
function placeByClass(named: string, { classes, type }: Resource): Standing {
  if (classes?.includes(named)) return 'in';
  if (type !== undefined && named.startsWith(`${systems.resourceType}|`))
    return named === `${systems.resourceType}|${type}` ? 'in' : 'out';
  return classes === undefined ? 'undecided' : 'out';
}

function placeByList(named: readonly string[], known: readonly string[] | undefined): Standing {
  if (known === undefined) return 'undecided';
  return named.some((one) => known.includes(one)) ? 'in' : 'out';
}

function any(standings: readonly Standing[]): Standing {
  if (standings.includes('in')) return 'in';
  return standings.includes('undecided') ? 'undecided' : 'out';
}

function labelText({ confidentiality, sensitivity }: Labels): string {
  return [...confidentiality, ...sensitivity].join(', ');
}

function resourceLabels({ confidentiality, sensitivity }: Resource): string {
  if (confidentiality === undefined && sensitivity === undefined) return 'unknown';
  return [...(confidentiality === undefined ? [] : [confidentiality]), ...(sensitivity ?? [])].join(', ') || 'none';
}

function intervalText(interval: Interval | undefined): string {
  if (interval === undefined) return 'unknown';
  return `from ${momentText(interval.from) ?? 'ever'} until ${momentText(interval.until) ?? 'ever'}`;
}

function listText(list: readonly string[] | undefined): string {
  if (list === undefined) return 'unknown';
  return list.join(', ') || 'none';
}
