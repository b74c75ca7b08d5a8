/** What the categories that break-glass names mean, where a resource's type tells (docs/decision.md, step 8). */
const typesOf: ReadonlyMap<string, RegExp> = new Map([
  ['allergies', /^AllergyIntolerance$/],
  ['problems', /^Condition$/],
  ['medications', /^Medication/],
  ['immunizations', /^Immunization$/],
  ['imaging', /^ImagingStudy$/],
  ['procedures', /^Procedure$/],
  ['encounters', /^Encounter$/],
  ['documents', /^DocumentReference$/],
  ['care-plans', /^CarePlan$/],
  ['devices', /^Device/],
]);

/** What a domain allows to be named where it names none. */
export const defaultCategories: readonly string[] = ['allergies', 'problems', 'medications'];

/** A category that is none of these is the name of a resource type. */
export function isInCategory(category: string, resourceType: string): boolean {
  return typesOf.get(category)?.test(resourceType) ?? category === resourceType;
}
