import type { AssentError } from '../../base/index.ts';
import type {
  AccessProofPage,
  AccessProofQuery,
  AccessReceiptQuery,
  ArchiveView,
  BlockPage,
  BlocksQuery,
  BlockView,
  CheckpointList,
  CheckpointParams,
  CheckpointQuery,
  ConfigurationPage,
  ConfigurationsQuery,
  Consistency,
  ConsistencyReceiptQuery,
  CosignatureBody,
  CosignatureReply,
  CredentialList,
  DecisionBody,
  DisputePage,
  DomainList,
  DomainView,
  EvidenceList,
  EvidenceView,
  ExplainQuery,
  FileList,
  FileProgress,
  GenesisView,
  GovernanceView,
  HistoryQuery,
  HistoryView,
  IdentityView,
  LinkView,
  MemberList,
  MemberView,
  NodeList,
  OutcomeView,
  ProposalList,
  ProposalView,
  PruneRequest,
  PruneView,
  RawBlockPage,
  RawBlocksQuery,
  ReadPoint,
  ReceiptFileView,
  ReceiptQuery,
  RecordView,
  ReviewPage,
  ReviewsQuery,
  StateReceiptQuery,
  StatusView,
  StreamPage,
  StreamQuery,
  SubmitQuery,
  TransactionExplanation,
  TransactionPage,
  TransactionReply,
  TransactionsQuery,
  TransferRequest,
  TransferView,
  WaitingQuery,
  WaitQuery,
  WhatIfPage,
  WhatIfRequest,
} from '../index.ts';

/** A request's transactions: one, or a canonical msgpack array of them. */
export interface Submission extends SubmitQuery {
  readonly body: Uint8Array;
  readonly batched: boolean;
}

/** A `DecisionReply` as JSON text, or why there is none; and what the answering node had applied when it began to read. */
export interface Decided {
  readonly readPoint: ReadPoint;
  readonly outcome: { readonly json: string } | { readonly refusal: AssentError };
}

export type SubjectStream = 'consents' | 'access' | 'timeline' | 'enrolment' | 'identity';

/**
 * What the HTTP server asks of the node. Every expected failure is an AssentError: thrown, or the reason of a rejected
 * promise. What a single transaction came to, refusals included, is an outcome.
 */
export interface NodeService {
  /**
   * Checks the transactions and hands on those that pass. Calls `done` once, with one outcome each in their order: when
   * all are settled, or when the submission's time is up.
   * @throws `encoding-invalid` or `encoding-too-large` when the body is no array of transactions; `overloaded` and
   * `shutting-down` when none was looked at.
   */
  submit(submission: Submission, done: (outcomes: readonly OutcomeView[]) => void): void;
  /**
   * Resolves when what is asked from now on is answered as the consistency says. Rejects with `no-quorum` or
   * `node-behind` when it cannot be in bounded time.
   */
  readPoint(consistency: Consistency): Promise<ReadPoint>;
  /** Rejects with `transaction-unknown` when it is not committed here, or not in time. */
  transaction(id: string, query: WaitQuery): Promise<TransactionReply>;
  /** Rejects with `history-not-kept` or `storage-damaged`; with `request-invalid` for a cursor of another query. */
  transactions(query: TransactionsQuery): Promise<TransactionPage>;
  /** Rejects with `transaction-unknown` or `history-not-kept`. */
  explain(id: string, query: ExplainQuery): Promise<TransactionExplanation>;
  /** By height, hash or `head`. Rejects with `block-unknown`. */
  block(reference: string): Promise<BlockView>;
  blocks(query: BlocksQuery): Promise<BlockPage>;
  rawBlocks(query: RawBlocksQuery): Promise<RawBlockPage>;
  /** Rejects with `not-found` where the log has no entry at the first place. */
  accessProofs(did: string, query: AccessProofQuery): Promise<AccessProofPage>;
  subjectStream(stream: SubjectStream, did: string, query: StreamQuery): Promise<StreamPage>;
  domains(): Promise<DomainList>;
  /** Rejects with `not-found`. */
  domain(name: string): Promise<DomainView>;
  /** Rejects with `not-found`. */
  link(name: string, did: string): Promise<LinkView>;
  domainRecords(name: string, query: StreamQuery): Promise<StreamPage>;
  /** Rejects with `not-found`. */
  reviews(name: string, query: ReviewsQuery): Promise<ReviewPage>;
  /** Rejects with `not-found`. */
  disputes(name: string, query: WaitingQuery): Promise<DisputePage>;
  identity(did: string): Promise<IdentityView>;
  credentials(did: string): Promise<CredentialList>;
  /** Rejects with `not-found`. */
  record(sender: string, eventId: string): Promise<RecordView>;
  members(): Promise<MemberList>;
  /** Rejects with `not-found`. */
  member(name: string): Promise<MemberView>;
  governance(): Promise<GovernanceView>;
  governanceHistory(query: StreamQuery): Promise<StreamPage>;
  nodes(): Promise<NodeList>;
  configurations(query: ConfigurationsQuery): Promise<ConfigurationPage>;
  /** Rejects with `not-found`. */
  history(query: HistoryQuery): Promise<HistoryView>;
  /** Receipts reject with `history-not-kept`, `receipt-too-large` or `storage-damaged`; this one with `transaction-unknown`. */
  transactionReceipt(id: string, query: ReceiptQuery): Promise<ReceiptFileView>;
  stateReceipt(query: StateReceiptQuery): Promise<ReceiptFileView>;
  consistencyReceipt(query: ConsistencyReceiptQuery): Promise<ReceiptFileView>;
  accessReceipt(did: string, query: AccessReceiptQuery): Promise<ReceiptFileView>;
  checkpoints(): Promise<CheckpointList>;
  /** Rejects as receipts do, and with `not-found` where nothing has as many cosignatures. */
  checkpoint(params: CheckpointParams, query: CheckpointQuery): Promise<ReceiptFileView>;
  /** Rejects with `block-unknown`, `checkpoint-contradicted`, `signature-invalid` or `witness-unknown`. */
  cosign(height: number, body: CosignatureBody): Promise<CosignatureReply>;
  proposals(): Promise<ProposalList>;
  /** Rejects with `not-found`. */
  proposal(id: string): Promise<ProposalView>;
  /**
   * Rejects as {@link NodeService.readPoint} does. Refuses with `not-found`, or `request-invalid` and the path that is
   * wrong; of a past block also with `block-unknown` and `history-not-kept`.
   */
  decide(asked: DecisionBody, consistency: Consistency): Promise<Decided>;
  /** Rejects with `not-found`, `request-invalid` or `history-not-kept`. */
  whatIf(domain: string, request: WhatIfRequest): Promise<WhatIfPage>;
  /** Rejects with `archive-unset`. */
  lookAtArchive(): Promise<ArchiveView>;
  /** Rejects with `archive-unset`, or with what is wrong with the archive. */
  prune(request: PruneRequest): Promise<PruneView>;
  /** Rejects with `snapshot-unavailable`, or with what is wrong with the folder. */
  createSnapshot(): Promise<FileProgress>;
  /** Rejects with what is wrong with the folder. */
  snapshots(): Promise<FileList>;
  /** Rejects with `block-unknown`, or with what is wrong with the folder. */
  backup(): Promise<FileProgress>;
  /** Rejects with `not-leader`, `leadership-kept` or `not-found`. */
  transferLeadership(request: TransferRequest): Promise<TransferView>;
  genesis(): Promise<GenesisView>;
  evidence(): Promise<EvidenceList>;
  /** Rejects with `not-found`. */
  evidenceRecord(id: string): Promise<EvidenceView>;
  status(): Promise<StatusView>;
  /** Resolves when submissions can be committed, else rejects with the reason. */
  readiness(): Promise<void>;
  /** Prometheus text. */
  metrics(): Promise<string>;
}
