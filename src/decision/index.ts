/**
 * The consent decision (contracts.md): FHIR R4 consents normalised, and pure functions that decide over them. Knows no
 * ledger, no node, no clock, no disk.
 */
export { type Combination, combine } from './combine.ts';
export {
  actionCodes,
  type Consent,
  consentLimits,
  consentSchema,
  type Effect,
  type Interval,
  type Provision,
  provisionSchema,
} from './consent.ts';
export { type DecidedBy, type Decision, DecisionBase, decide } from './decide.ts';
export {
  type ConsideredConsent,
  type DeterminingConsent,
  decisionVersion,
  type Explanation,
  type Mismatch,
  type RedactedExplanation,
  type ResourceDecision,
  redact,
  type SmallestChange,
} from './explain.ts';
export { type Refusal, type RefusalCode, refusalCodes } from './fhir/findings.ts';
export { type Normalized, type NormalizeOptions, normalizeConsent } from './fhir/normalize.ts';
export {
  type DecisionInput,
  type DecisionPolicy,
  type DecisionRequest,
  decisionLimits,
  policySchema,
  type ResourceFacts,
  requestSchema,
  resourceSchema,
} from './request.ts';
export {
  isSubset,
  namesOfResultSet,
  type ResultName,
  type ResultSet,
  result,
  resultSetOf,
} from './result-set.ts';
export { includedPurposes, type Purpose, parentPurpose, purposes, subsumes } from './tables/purposes.ts';
