/** What the categories that break-glass names mean, where a resource's type tells (contracts.md, decision step 8). */
const typesOf: Readonly<Record<string, RegExp>> = {
  allergies: /^AllergyIntolerance$/,
  problems: /^Condition$/,
  medications: /^Medication/,
};

/** Named where nothing is. */
export const defaultCategories: readonly string[] = Object.keys(typesOf);

export function isInCategory(category: string, resourceType: string): boolean {
  return typesOf[category]?.test(resourceType) ?? false;
}
