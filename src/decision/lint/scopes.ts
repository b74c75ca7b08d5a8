import type { Interval, Labels } from '../consent.ts';
import { unversioned } from '../request.ts';
import type { Scope } from '../scope.ts';
import { compareConfidentiality, confidentialities } from '../tables/confidentiality.ts';
import { coversSensitivity, sensitivities } from '../tables/sensitivity.ts';

/** Whether a record of which all is known can be in the scope of a permit and of a denial. */
export function canMeet(permit: Scope, deny: Scope): boolean {
  if (permit.labels && deny.labels && !labelsMeet(permit.labels, deny.labels)) return false;
  if (permit.dataPeriod && deny.dataPeriod && !intervalsMeet(permit.dataPeriod, deny.dataPeriod)) return false;
  // A record can have several classes, codes, categories, authors and links, and is one instance.
  return !(permit.data && deny.data) || dataMeet(permit.data, deny.data);
}

/** Whether a denial has every known record in its scope that a permit has in its own. */
export function denyCovers(deny: Scope, permit: Scope): boolean {
  const { labels, dataPeriod, data, classes, codes, categories } = deny;
  if (labels && !(permit.labels && labelsCover(labels, permit.labels))) return false;
  if (dataPeriod && !(permit.dataPeriod && encloses(dataPeriod, permit.dataPeriod))) return false;
  if (classes && !permit.classes?.every((one) => classes.includes(one))) return false;
  if (codes && !permit.codes?.every((one) => codes.includes(one))) return false;
  if (categories && !permit.categories?.every((one) => categories.includes(one))) return false;
  if (data === undefined) return true;
  return (
    permit.data?.every(({ meaning, reference }) =>
      data.some((one) => one.meaning === meaning && one.reference === reference),
    ) ?? false
  );
}

function labelsMeet(permit: Labels, deny: Labels): boolean {
  const isLevelCommon = permit.confidentiality.some((upTo) =>
    deny.confidentiality.some((from) => compareConfidentiality(from, upTo) <= 0),
  );
  // A level and a sensitivity stand together on one record.
  const isMixed =
    (permit.confidentiality.length > 0 && deny.sensitivity.length > 0) ||
    (permit.sensitivity.length > 0 && deny.confidentiality.length > 0);
  return isLevelCommon || isMixed || sensitivities.some((kind) => isIn(permit, kind) && isIn(deny, kind));
}

function isIn({ sensitivity }: Labels, kind: string): boolean {
  return sensitivity.some((general) => coversSensitivity(general, kind));
}

function labelsCover(deny: Labels, permit: Labels): boolean {
  const [lowest] = confidentialities;
  if (deny.confidentiality.includes(lowest)) return true;
  // What is not confidential at all is in a permit of any level, and in no other denial.
  if (permit.confidentiality.length > 0) return false;
  return sensitivities.every((kind) => !isIn(permit, kind) || isIn(deny, kind));
}

function startOf({ from }: Interval): number {
  return from ?? Number.NEGATIVE_INFINITY;
}

function endOf({ until }: Interval): number {
  return until ?? Number.POSITIVE_INFINITY;
}

function intervalsMeet(left: Interval, right: Interval): boolean {
  return Math.max(startOf(left), startOf(right)) < Math.min(endOf(left), endOf(right));
}

function encloses(outer: Interval, inner: Interval): boolean {
  return startOf(outer) <= startOf(inner) && endOf(inner) <= endOf(outer);
}

type Data = NonNullable<Scope['data']>;

function dataMeet(left: Data, right: Data): boolean {
  const instances = (data: Data): readonly string[] => data.map(({ reference }) => unversioned(reference));
  const areInstances = [...left, ...right].every(({ meaning }) => meaning === 'instance');
  return !areInstances || instances(left).some((one) => instances(right).includes(one));
}
