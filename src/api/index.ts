/**
 * The HTTP interface, said once. Each route has its method, path, schemas and errors; the server (`server/`), the typed
 * client and `/openapi.json` are derived from it, so they cannot drift apart. Runs in a browser.
 */
export { checkLoopback, isAddressedHere } from './loopback.ts';
export { openApiDocument, type RuleSchemas } from './openapi.ts';
export {
  type AnyRoute,
  type BodyFormat,
  type BodyOf,
  consistencyQueryOf,
  type Nothing,
  type ParamsOf,
  type QueryOf,
  type ReplyFormat,
  type ReplyOf,
  type Route,
  requestTarget,
} from './route.ts';
export { requestLimits, transactionMediaType, transactionsMediaType } from './routes/common.ts';
export { commonErrors, errorsOf, type Routes, routeList, routes } from './routes.ts';
export type { ArchiveView, PruneRequest, PruneView } from './schemas/archive.ts';
export type {
  BlockPage,
  BlockParams,
  BlockSummary,
  BlocksQuery,
  BlockTransaction,
  BlockView,
  CertificateView,
  HeaderView,
  RawBlockPage,
  RawBlocksQuery,
} from './schemas/blocks.ts';
export { rawBlocksBytes } from './schemas/blocks.ts';
export type {
  CheckpointList,
  CheckpointParams,
  CheckpointQuery,
  CosignatureBody,
  CosignatureReply,
  CosignedHeight,
} from './schemas/checkpoints.ts';
export type {
  ConfigurationPage,
  ConfigurationsQuery,
  ConfigurationView,
  HistoryQuery,
  HistoryView,
} from './schemas/configurations.ts';
export {
  type Consistency,
  type ConsistencyQuery,
  consistencyHeaders,
  type ReadConsistency,
  type ReadPoint,
} from './schemas/consistency.ts';
export type {
  CommittedDecision,
  CommittedDecisionList,
  DecisionBatch,
  DecisionBody,
  DecisionCommit,
  DecisionList,
  DecisionReply,
  DecisionRequest,
  DecisionView,
} from './schemas/decisions.ts';
export { type ErrorDetail, type ErrorReply, errorDetailOf, errorReply } from './schemas/errors.ts';
export type { EvidenceList, EvidenceSummary, EvidenceView } from './schemas/evidence.ts';
export type { FileList, FileProgress, FileView } from './schemas/files.ts';
export type { GenesisView } from './schemas/genesis.ts';
export type {
  GovernanceView,
  MemberList,
  MemberView,
  NodeList,
  NodeView,
  ParameterView,
  ProposalList,
  ProposalParams,
  ProposalView,
  WaitingChangeView,
} from './schemas/governance.ts';
export type { DelegationView, GuardianPlanView, IdentityView, RecoveryView } from './schemas/identities.ts';
export type { InForceView, OtherNode } from './schemas/in-force.ts';
export type { TransferRequest, TransferView } from './schemas/leadership.ts';
export { type JsonValue, type QueryInput, waitTimeoutMsMax } from './schemas/primitives.ts';
export type { ReachedNode, ReachParams, ReachQuery, ReachView } from './schemas/reach.ts';
export type {
  AccessReceiptQuery,
  ConsistencyReceiptQuery,
  ReceiptFileView,
  ReceiptQuery,
  StateReceiptQuery,
} from './schemas/receipts.ts';
export {
  type DecisionDifference,
  type ExplainQuery,
  type ExplanationView,
  explainedDecisionsMax,
  type OutcomeOfDecision,
  type ReplayMismatch,
  type RuleView,
  type TransactionExplanation,
  type WhatIfPage,
  type WhatIfRequest,
} from './schemas/replay.ts';
export type { HealthView, PeerView, StatusView } from './schemas/status.ts';
export type {
  AccessProof,
  AccessProofPage,
  AccessProofQuery,
  ContractObject,
  CredentialList,
  DomainList,
  DomainParams,
  DomainView,
  LinkParams,
  LinkView,
  RecordParams,
  RecordView,
  StreamEntry,
  StreamPage,
  StreamQuery,
  SubjectParams,
} from './schemas/subjects.ts';
export {
  type RowNames,
  type TransactionPage,
  type TransactionRow,
  type TransactionsQuery,
  transactionRowsMax,
} from './schemas/transaction-rows.ts';
export type {
  OutcomeView,
  ReceiptView,
  ResultView,
  SubmitQuery,
  SubmitReply,
  TransactionParams,
  TransactionReply,
  TransactionView,
  WaitQuery,
} from './schemas/transactions.ts';
export type {
  DisputePage,
  DisputeView,
  ReviewPage,
  ReviewsQuery,
  ReviewView,
  WaitingQuery,
} from './schemas/waiting.ts';
