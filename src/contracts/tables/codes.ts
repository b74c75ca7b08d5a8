/**
 * Roles that a member can issue to an agent as a credential. An organisation is one that the member works with, a referring
 * practice for instance; which purposes it may claim, if any, each domain says.
 */
export const roles = [
  'clinician',
  'emergency-physician',
  'researcher',
  'device',
  'gateway',
  'privacy-officer',
  'organisation',
] as const;
export type Role = (typeof roles)[number];

/** HL7 consentaction as FHIR R4 ships it. Actions match by equality. */
export const actions = ['collect', 'access', 'use', 'disclose', 'correct'] as const;
export type Action = (typeof actions)[number];

/**
 * Coarse categories of records. They name break-glass openings, and are open in consents only where the domain says so;
 * which category a resource is in is decided by the custodian's gateway (allergies = AllergyIntolerance, problems =
 * Condition, medications = Medication*).
 */
export const categories = [
  'allergies',
  'problems',
  'medications',
  'immunizations',
  'results',
  'vital-signs',
  'imaging',
  'procedures',
  'encounters',
  'documents',
  'care-plans',
  'devices',
  'administrative',
] as const;
export type Category = (typeof categories)[number];

/** Named when a domain names none (docs/decision.md, step 8). */
export const defaultEmergencyCategories: readonly Category[] = ['allergies', 'problems', 'medications'];

/** Who holds the key that acts for a subject: always recorded, always shown. */
export const keyHolders = ['subject', 'proxy', 'custodian'] as const;
export type KeyHolder = (typeof keyHolders)[number];
