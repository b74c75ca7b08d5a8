/**
 * The rules of the ledger: an engine in which a contract is one file (typed state, typed payload, named rules with
 * codes and sentences), and the built-in contracts. Synchronous, deterministic and portable: the same state,
 * transaction and block give the same writes and result on every node, and a browser reads the same schemas.
 */

export {
  type Combination,
  combineResults,
  includedPurposes,
  namesOfResultSet,
  type Purpose,
  type PurposeOfUse,
  parentPurpose,
  purposes,
  type ResultName,
  type ResultSet,
  readPurpose,
  result,
  resultSetOf,
  subsumes,
} from '../decision/index.ts';
export { type AnswerOutcome, answerOutcomes, type CorrectionKind, correctionKinds } from './access/after/entries.ts';
export { type ReviewOutcome, reviewOutcomes } from './access/after/marks.ts';
export {
  type Waiting,
  type WaitingDispute,
  type WaitingReview,
  waitingDisputes,
  waitingReviews,
} from './access/after/waiting.ts';
export { batchEntriesMax } from './access/batch/batch.ts';
export {
  type AccessBatchProof,
  accessBatchMessage,
  proveBatchedAccess,
  sealAccessBatch,
} from './access/batch/sealed-batch.ts';
export { type AccessEvaluation, decisionQuestionJsonSchema, evaluateAccess } from './access/evaluate.ts';
export {
  type AccessLogProof,
  verifyBatchedAccess,
  verifyLoggedAccess,
  verifyRequestOfAccess,
} from './access/proof.ts';
export { type RecordedQuestion, recordedKeys, recordedQuestions } from './access/recorded.ts';
export { type RedactedEvaluation, redactDecision, redactEvaluation } from './access/redact.ts';
export {
  accessRequestJsonSchema,
  accessRequestMessage,
  decodeAccessRequest,
  encodeAccessRequest,
} from './access/request.ts';
export { type SealedBasis, sealedBasis } from './access/sealed-basis.ts';
export { type AccessLog, accessLogOf, openingsOf } from './access/state.ts';
export { builtInContracts, describeEntry, ruleCodes, ruleSet } from './built-in.ts';
export type { Actor, Provision } from './consent/provision.ts';
export {
  openConsent,
  type ProvisionJson,
  type ProvisionTreeJson,
  type ScopeOpening,
  sealProvisions,
} from './consent/sealing.ts';
export { type Consent, consentOf, consentsOf, consentVersionOf } from './consent/state.ts';
export {
  type Credential,
  credentialsInForce,
  credentialsOf,
  groupsOf,
  type Membership,
  membershipsOf,
} from './credential/state.ts';
export {
  type Decision,
  type DecisionInput,
  type DecisionOutcome,
  decideOpen,
  decisions,
  impossibleClaim,
} from './decision/decide.ts';
export { decisionPolicyOf, type RequestFacts } from './decision/question.ts';
export {
  describeAccessLog,
  describeConsent,
  describeCredentials,
  describeDomain,
  describeGovernance,
  describeLink,
  describeMember,
  describeMembers,
  describeNodes,
  describeProposal,
  describeRecord,
} from './describe.ts';
export {
  type Catalogue,
  catalogueOf,
  jsonOf,
  jsonSchemaOf,
  type RuleCode,
  valueFromJson,
} from './engine/catalogue.ts';
export {
  type ApplyContext,
  type ConfigurationKeeper,
  type Contract,
  type ContractDefinition,
  ContractError,
  defineContract,
  type KindDefinition,
  type Rule,
  type RuleContext,
  type VerifySignature,
  type WritableState,
} from './engine/contract.ts';
export { derived } from './engine/derived.ts';
export { createRuleExecutor, type RuleExecutorOptions, type TracingRuleExecutor } from './engine/executor.ts';
export {
  blob,
  bytes,
  commitment,
  did,
  eventId,
  name,
  nodeKey,
  type Period,
  period,
  type TextLeaf,
  textLeaf,
  timestamp,
  transactionId,
} from './engine/leaves.ts';
export { type Limits, limits } from './engine/session.ts';
export { type StateRecord, stateRecord } from './engine/state-record.ts';
export { type EntryType, entryReader, entryType } from './engine/stream-entry.ts';
export { type Explanation, explainTransaction, type RuleTrace, ScratchState, Trace } from './engine/trace.ts';
export { type VersionAt, versionedExecutor } from './engine/versions.ts';
export { type Decoded, SchemaError, type WireCodec, WireError, wireCodec } from './engine/wire.ts';
export { withDomainPolicy } from './enrolment/candidate.ts';
export {
  type DomainPolicy,
  domainPolicyFromJson,
  domainPolicyToJson,
  readDomainPolicy,
} from './enrolment/policy.ts';
export { type Domain, domainNamesOf, domainOf, type Link, linkOf, pastLinkOf, subjectsOf } from './enrolment/state.ts';
export {
  type FacetNames,
  type FacetResult,
  type FacetRow,
  type FacetSource,
  facetRows,
} from './facets/facets.ts';
export { type Action as GovernanceAction, actions as governanceActions } from './governance/action.ts';
export { issuersOf, mayIssue } from './governance/issuers.ts';
export { isMember, type Member, memberNamed, memberNamesOf, memberOfKey } from './governance/members.ts';
export { type ParameterName, parameterDefinitions, parameterNames, parameterOf } from './governance/parameters.ts';
export { type Activation, activationsOf, ruleSetAt } from './governance/rule-sets.ts';
export {
  type NodeRecord,
  nodesOf,
  type Proposal,
  proposalOf,
  proposalsOf,
  type WaitingChange,
  waitingChangesOf,
} from './governance/state.ts';
export { thresholdOf } from './governance/threshold.ts';
export { describeIdentity } from './identity/describe.ts';
export { possessionMessage } from './identity/possession.ts';
export {
  currentKeyOf,
  type Delegation,
  delegationOf,
  delegationsOf,
  documentOf,
  type Guardians,
  type Identity,
  isDeactivated,
} from './identity/state.ts';
export { anchorItemsMax } from './record/contract.ts';
export { type AnchoredRecord, recordOf } from './record/state.ts';
export {
  type Action,
  actions,
  type Category,
  categories,
  defaultEmergencyCategories,
  type KeyHolder,
  keyHolders,
  type Role,
  roles,
} from './tables/codes.ts';
export { purpose, purposeTextMax } from './tables/purpose.ts';
export {
  createdId,
  type TestActor,
  type TestLedger,
  type TestLedgerOptions,
  type TestResult,
  testLedger,
} from './testing/test-ledger.ts';
