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
  TransferRequest,
  TransferView,
} from '../../api/index.ts';
import type { LedgerReading, NodeService, Submission } from '../../api/server/index.ts';
import type { Submissions } from '../ingress/submissions.ts';
import type { Ask } from '../queries/query.ts';

export interface FrontOptions {
  readonly submissions: Submissions;
  readonly ask: Ask;
  readonly read: (consistency: Consistency) => LedgerReading;
  /** Metrics of this thread, in Prometheus text. */
  readonly ownMetrics: () => Promise<string>;
}

/** The node as the HTTP server sees it. */
export class Front implements NodeService {
  readonly #submissions: Submissions;
  readonly #ask: Ask;
  readonly #read: FrontOptions['read'];
  readonly #ownMetrics: () => Promise<string>;

  constructor({ submissions, ask, read, ownMetrics }: FrontOptions) {
    this.#submissions = submissions;
    this.#ask = ask;
    this.#read = read;
    this.#ownMetrics = ownMetrics;
  }

  submit(submission: Submission, done: (outcomes: readonly OutcomeView[]) => void): void {
    this.#submissions.submit(submission, done);
  }

  read(consistency: Consistency): LedgerReading {
    return this.#read(consistency);
  }

  lookAtArchive(): Promise<ArchiveView> {
    return this.#ask('lookAtArchive', {});
  }

  prune(request: PruneRequest): Promise<PruneView> {
    return this.#ask('prune', request);
  }

  createSnapshot(): Promise<FileProgress> {
    return this.#ask('createSnapshot', {});
  }

  snapshots(): Promise<FileList> {
    return this.#ask('snapshots', {});
  }

  backup(): Promise<FileProgress> {
    return this.#ask('backup', {});
  }

  transferLeadership(request: TransferRequest): Promise<TransferView> {
    return this.#ask('transferLeadership', request);
  }

  inForce(height: number, { timeoutMs }: ReachQuery): Promise<InForceView> {
    return this.#ask('inForce', { height, timeoutMs });
  }

  reach(height: number, { timeoutMs }: ReachQuery): Promise<ReachView> {
    return this.#ask('reach', { height, timeoutMs });
  }

  genesis(): Promise<GenesisView> {
    return this.#ask('genesis', {});
  }

  evidence(): Promise<EvidenceList> {
    return this.#ask('evidence', {});
  }

  evidenceRecord(id: string): Promise<EvidenceView> {
    return this.#ask('evidenceRecord', { id });
  }

  status(): Promise<StatusView> {
    return this.#ask('status', {});
  }

  async readiness(): Promise<void> {
    await this.#ask('readiness', {});
  }

  async metrics(): Promise<string> {
    return (await this.#ask('metrics', {})) + (await this.#ownMetrics());
  }
}
