/**
 * What one consent can come to. A set of results is a 4-bit mask; more than one bit where something is undecided
 * (docs/decision.md, "Open and sealed" and step 6).
 */
export const result = { permit: 1, deny: 2, weakDeny: 4, notApplicable: 8 } as const;

export const resultNames = ['permit', 'deny', 'weak-deny', 'not-applicable'] as const;
export type ResultName = (typeof resultNames)[number];

/** A subset of {@link result}: 1 to 15, never empty. */
export type ResultSet = number;

export function resultSetOf(names: readonly ResultName[]): ResultSet {
  return names.reduce((set, name) => set | (1 << resultNames.indexOf(name)), 0);
}

const namesOfSets: readonly (readonly ResultName[])[] = Array.from({ length: 16 }, (_, set) =>
  Object.freeze(resultNames.filter((_, bit) => (set & (1 << bit)) !== 0)),
);

/** One frozen list for each set. */
export function namesOfResultSet(set: ResultSet): readonly ResultName[] {
  return namesOfSets[set] ?? [];
}

export function isSubset(inner: ResultSet, outer: ResultSet): boolean {
  return (inner & ~outer) === 0;
}

export function isDecided(set: ResultSet): boolean {
  return (set & (set - 1)) === 0;
}
