/**
 * The consent decision (docs/decision.md): FHIR R4 consents normalised, and pure functions that decide over them. Knows
 * no ledger, no node, no clock, no disk.
 */

export { type GlassRefusal, glassRefusal } from './break-glass.ts';
export { type Combination, combineResults } from './combine.ts';
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
export { DecisionBase, decide, evaluateScope, type RecordScope, type ScopeEvaluation } from './decide.ts';
export {
  type ConsideredConsent,
  type DeterminingConsent,
  decisionVersion,
  type Explanation,
  type Mismatch,
  type RedactedExplanation,
  type ResourceDecision,
  redact,
} from './explain.ts';
export { type Refusal, type RefusalCode, refusalCodes } from './fhir/findings.ts';
export { type Normalized, type NormalizeOptions, normalizeConsent } from './fhir/normalize.ts';
export { type Basis, type GateRefusal, gateRefusal } from './gate.ts';
export { decisionLimits } from './limits.ts';
export { lintConsent } from './lint/consent.ts';
export { type LintCode, type LintFinding, lintCodes } from './lint/finding.ts';
export { lintPolicy } from './lint/policy.ts';
export {
  type Claims,
  type CombineInput,
  combine,
  decideOpenly,
  type OpenDecision,
  type OpenResult,
  openResults,
} from './open/combine.ts';
export { type OpenConsent, type OpenProvision, openPart } from './open/consent.ts';
export {
  type DecisionInput,
  type DecisionPolicy,
  type DecisionRequest,
  type Policy,
  policySchema,
  type ResourceFacts,
  readPolicy as readDomainPolicy,
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
export { type DecidedBy, type Decision, decidedBy, decisions, type ScopeResult } from './settle.ts';
export type { SmallestChange } from './smallest-change.ts';
export {
  includedPurposes,
  isPurpose,
  type Purpose,
  type PurposeOfUse,
  parentPurpose,
  purposes,
  readPurpose,
  subsumes,
} from './tables/purposes.ts';
export { type Asked, type Miss, noTexts } from './target.ts';
