import type { Consistency, ReadPoint } from '../../api/index.ts';
import { toHex } from '../../base/index.ts';
import type { Store } from '../../storage/index.ts';
import type { HistoryKeeper, PruneOutcome } from '../archive/index.ts';
import { systemClock } from '../clock.ts';
import type { StateFeed } from '../known-state/index.ts';
import type { Asked, QueryKind } from '../queries/query.ts';
import type { QueryIndexer } from '../query-index/index.ts';
import type { ReadState, Replica } from '../replica/index.ts';
import { lookAtArchive, prune } from './archive-answers.ts';
import { ChainAnswers } from './chain-answers.ts';
import type { CommitWaiters } from './commit-waiters.ts';
import { configurationPage, historyAnswer } from './configuration-answers.ts';
import type { CosignatureAnswers } from './cosignature-answers.ts';
import { evidenceList, evidenceView } from './evidence-answers.ts';
import type { FileAnswers } from './file-answers.ts';
import { inForceOf } from './in-force-answers.ts';
import { Jobs } from './jobs.ts';
import { transferLeadership } from './leadership-answers.ts';
import type { NodeMetrics } from './metrics.ts';
import type { PastProving } from './past-proving.ts';
import { reachOf } from './reach-answers.ts';
import { ReceiptAnswers } from './receipt-answers.ts';
import { RowAnswers } from './row-answers.ts';
import { StateAnswers } from './state-answers.ts';
import { type StatusSources, statusView, unreadiness } from './status.ts';

export interface AskedOptions extends StatusSources {
  readonly replica: Pick<
    Replica,
    'status' | 'read' | 'holdsLease' | 'waitInForce' | 'waitEverywhere' | 'transferLeadership' | 'evidence' | 'history'
  >;
  readonly store: Store;
  readonly waiters: CommitWaiters;
  readonly metrics: NodeMetrics;
  /** Of a node that keeps an archive. */
  readonly keeper: HistoryKeeper | undefined;
  readonly files: FileAnswers;
  readonly past: PastProving;
  readonly indexer: QueryIndexer;
  readonly feed: StateFeed;
  readonly cosignatures: CosignatureAnswers;
  readonly sentenceOf: (code: string) => string;
}

/** Everything that the HTTP thread can ask, answered. */
export function answersOf(options: AskedOptions): Asked {
  const { ledger, store, replica, waiters, keeper, sentenceOf, files, cosignatures } = options;
  const chain = new ChainAnswers({ ledger, store, waiters, sentenceOf, archive: keeper?.archive });
  const pruning = new Jobs<PruneOutcome>(systemClock);
  const state = new StateAnswers(ledger, options.nowMs);
  const receipts = new ReceiptAnswers(ledger, store, options.past, keeper?.archive);
  const rows = new RowAnswers(ledger, store, options.indexer);
  return {
    place: (input) => chain.place(input),
    block: (input) => chain.block(input),
    headers: (input) => chain.headers(input),
    results: (input) => chain.results(input),
    signers: (input) => chain.signers(input),
    certificate: (input) => chain.certificate(input),
    stream: (input) => chain.stream(input),
    rows: (input) => rows.rows(input),
    accessLog: (input) => state.accessLog(input),
    domainNames: () => state.domainNames(),
    domain: (input) => state.domain(input),
    link: (input) => state.link(input),
    reviews: (input) => state.reviews(input),
    disputes: (input) => state.disputes(input),
    identity: (input) => state.identity(input),
    credentials: (input) => state.credentials(input),
    record: (input) => state.record(input),
    nodes: () => state.nodes(),
    configurations: (input) => configurationPage(replica.history, input),
    history: (input) => historyAnswer(replica.history, input),
    members: () => state.members(),
    member: (input) => state.member(input),
    governance: () => state.governance(),
    proposals: () => state.proposals(),
    proposal: (input) => state.proposal(input),
    decide: (input) => options.feed.decide(input),
    certifiedHeight: () => ledger.certifiedHeight,
    valueAt: (input) => chain.valueAt(input),
    bounds: () => ({ pastFrom: ledger.pastFrom, height: ledger.applied.height }),
    lookAtArchive: () => lookAtArchive(keeper),
    prune: (input) => prune(keeper, ledger, pruning, input),
    createSnapshot: () => files.createSnapshot(),
    snapshots: () => files.snapshots(),
    backup: () => files.backup(),
    certified: (input) => receipts.certified(input),
    stateProof: (input) => receipts.stateProof(input),
    historyPath: (input) => receipts.historyPath(input),
    historyConsistency: (input) => receipts.historyConsistency(input),
    resultBytes: (input) => receipts.resultBytes(input),
    cosignatures: () => cosignatures.cosignatures(),
    cosign: (input) => cosignatures.cosign(input),
    transferLeadership: (input) => transferLeadership(replica, input),
    inForce: (input) => inForceOf({ replica, nodes: () => state.nodes(), clock: systemClock }, input),
    reach: (input) => reachOf({ replica, nodes: () => state.nodes(), clock: systemClock }, input),
    genesis: () => ({ ledgerId: toHex(ledger.ledgerId), genesis: toHex(ledger.genesis.bytes) }),
    evidence: () => evidenceList(replica.evidence),
    evidenceRecord: ({ id }) => evidenceView(replica.evidence, id),
    status: () => statusView(options),
    readiness() {
      const reason = unreadiness(replica.status());
      if (reason !== undefined) throw reason;
      return true;
    },
    metrics: () => options.metrics.text(),
  };
}

export interface ReadPointSources extends Pick<AskedOptions, 'ledger'> {
  readonly replica: Pick<Replica, 'read' | 'holdsLease'>;
}

/**
 * Waits until the ledger may be read as the consistency says. A linearizable read passes the replica's barrier once, and so
 * does one of what is in force, but for a decision while the node holds a lease.
 */
export async function readPointOf(
  { replica, ledger }: ReadPointSources,
  consistency: Consistency,
  kind: QueryKind,
): Promise<ReadPoint> {
  // A decision is made on the state alone; all others look also at what a commit writes beside it.
  const state: ReadState = kind === 'decide' || kind === 'certifiedHeight' ? 'certified' : 'applied';
  const isLeased = consistency === 'in-force' && state === 'certified' && replica.holdsLease();
  if (consistency !== 'local' && !isLeased) {
    await new Promise<void>((resolve, reject) => {
      replica.read(state, (error) => (error === undefined ? resolve() : reject(error)));
    });
  }
  const { height, timestamp } = state === 'certified' ? ledger.certified.facts : ledger.applied;
  return { height, timestamp };
}
