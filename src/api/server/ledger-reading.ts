import type {
  AccessProofPage,
  AccessProofQuery,
  AccessReceiptQuery,
  BlockPage,
  BlocksQuery,
  BlockView,
  CheckpointList,
  CheckpointParams,
  CheckpointQuery,
  ConfigurationPage,
  ConfigurationsQuery,
  ConsistencyReceiptQuery,
  CosignatureBody,
  CosignatureReply,
  CredentialList,
  DecisionBody,
  DisputePage,
  DomainList,
  DomainView,
  ExplainQuery,
  GovernanceView,
  HistoryQuery,
  HistoryView,
  IdentityView,
  LinkView,
  MemberList,
  MemberView,
  NodeList,
  ProposalList,
  ProposalView,
  RawBlockPage,
  RawBlocksQuery,
  ReadPoint,
  ReceiptFileView,
  ReceiptQuery,
  RecordView,
  ReviewPage,
  ReviewsQuery,
  StateReceiptQuery,
  StreamPage,
  StreamQuery,
  TransactionExplanation,
  TransactionPage,
  TransactionReply,
  TransactionsQuery,
  WaitingQuery,
  WaitQuery,
  WhatIfPage,
  WhatIfRequest,
} from '../index.ts';

export type SubjectStream = 'consents' | 'access' | 'timeline' | 'enrolment' | 'identity';

/**
 * What one request reads of the ledger, all of it with the consistency that was asked for. Whatever is asked rejects with
 * `no-quorum` or `node-behind` when that cannot be had in bounded time.
 */
export interface LedgerReading {
  /** What the node had applied when it might read. Undefined before that, and where nothing was asked of the ledger. */
  readonly readPoint: ReadPoint | undefined;
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
   * JSON text of a `DecisionReply`. Rejects with `not-found`, or `request-invalid` and the path that is
   * wrong; of a past block also with `block-unknown` and `history-not-kept`.
   */
  decide(asked: DecisionBody): Promise<string>;
  /** Rejects with `not-found`, `request-invalid` or `history-not-kept`. */
  whatIf(domain: string, request: WhatIfRequest): Promise<WhatIfPage>;
}
