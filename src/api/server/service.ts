import type {
  ArchiveView,
  Consistency,
  EvidenceList,
  EvidenceView,
  FileList,
  FileProgress,
  GenesisView,
  InForceView,
  OutcomeView,
  PruneRequest,
  PruneView,
  ReachQuery,
  ReachView,
  StatusView,
  SubmitQuery,
  TransferRequest,
  TransferView,
} from '../index.ts';
import type { LedgerReading } from './ledger-reading.ts';

/** A request's transactions: one, or a canonical msgpack array of them. */
export interface Submission extends SubmitQuery {
  readonly body: Uint8Array;
  readonly batched: boolean;
}

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
  /** Whoever reads waits for nothing yet: the first question to the ledger does. */
  read(consistency: Consistency): LedgerReading;
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
  /** Waits for nodes that may decide by themselves without the block. Rejects with `overloaded`. */
  inForce(height: number, query: ReachQuery): Promise<InForceView>;
  /** Waits for nodes that have not applied the block. Rejects with `overloaded`. */
  reach(height: number, query: ReachQuery): Promise<ReachView>;
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
