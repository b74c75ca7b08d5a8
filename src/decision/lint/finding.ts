import type { RefusalCode } from '../fhir/findings.ts';

/** What a static check finds; a refusal of a FHIR consent is a finding under its own code. */
export const lintCodes = {
  'never-matches': 'a provision whose period, purposes or actions nothing can fit that fits those around it',
  'never-holds': 'a permit inside a denial that no known record can be in together with it',
  'always-denied': 'a permit beside a denial that holds wherever it holds',
  'duplicate-provision': 'a provision that says what one beside it says',
  'opposites-overlap': 'a permit and a denial side by side that can both hold: the denial goes first',
  'purpose-includes-more': 'a purpose that includes others, which its name does not say',
  'revocation-opens': 'a consent that denies: taking it back may open something',
  'purpose-unclaimable': 'a purpose that a consent or a legal basis is for, and that no role may claim',
  'purpose-unpermitted': 'a purpose that a role may claim, and that nothing permits',
  'purpose-redundant': 'a purpose that another of the same list includes',
  'role-listed-twice': 'a role that is listed more than once: it may claim what any of them says',
  'emergency-gate': 'an emergency role that may not claim the purpose BTG',
  'emergency-never': 'an emergency rule under which nobody can break the glass, for anything',
  'legal-basis-gate': 'a role of a legal basis that may not claim any of its purposes',
  'legal-basis-unusable': 'a legal basis that no role can cite',
  'legal-basis-overlap':
    'two legal bases of one name that can both apply: the first decides whether denials are honoured',
} as const;

export type LintCode = keyof typeof lintCodes;

export interface LintFinding {
  readonly code: LintCode | RefusalCode;
  /** `provision.provision[0].purpose`, in FHIR's names, or `roles[0].purposes[1]` of a policy. */
  readonly path: string;
  readonly message: string;
}
