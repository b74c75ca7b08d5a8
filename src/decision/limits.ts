/** Bounds of one question. */
export const decisionLimits = {
  consentsMax: 10_000,
  resourcesMax: 10_000,
  /** Consents of the subject times resources, of one request. */
  pairsMax: 100_000,
  listMax: 1024,
  textMax: 512,
} as const;
