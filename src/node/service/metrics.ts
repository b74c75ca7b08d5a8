import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import type { Transport } from '../../p2p/index.ts';
import type { Journal } from '../../storage/index.ts';
import { evidenceKinds } from '../../verify/index.ts';
import type { HistoryKeeper } from '../archive/index.ts';
import type { EvidenceEntry, ReplicaStatus } from '../replica/index.ts';
import { type ScrubCounts, scrubbedParts } from '../scrub/index.ts';
import type { SnapshotCounts } from '../snapshots/index.ts';

export interface MetricSources {
  readonly status: () => ReplicaStatus;
  readonly holdsLease: () => boolean;
  readonly peers: Transport['peers'];
  readonly connectionsDenied: () => number;
  readonly strangers: Transport['strangers'];
  readonly journal: Pick<Journal, 'waiting' | 'waitingBytes'>;
  readonly signaturesQueued: () => number;
  readonly submissionsOpen: () => number;
  readonly snapshots: () => SnapshotCounts;
  readonly snapshotProblem: () => string | undefined;
  /** Of a node that keeps an archive. */
  readonly keeper: Pick<HistoryKeeper, 'status' | 'written' | 'sweptThrough'> | undefined;
  readonly prunedThrough: () => number;
  readonly scrub: () => ScrubCounts;
  /** Height up to which the index of transactions goes. */
  readonly indexed: () => number;
  readonly evidence: () => { readonly entries: readonly EvidenceEntry[]; readonly notStored: number };
}

const roles: readonly ReplicaStatus['role'][] = [
  'leader',
  'follower',
  'candidate',
  'pre-candidate',
  'learner',
  'recovering',
];

/** Each sample wakes an idle node, a hundred times a second by default; how late ticks are says more. */
const eventLoopSampleMs = 100;

/** Metrics of the main thread, in the protocol's own terms. Labels are node ids and stable names, never data of a person. */
export class NodeMetrics {
  readonly #registry = new Registry();
  readonly #blocks: Counter;
  readonly #transactions: Counter;
  readonly #badFrames: Counter<'code'>;
  readonly #commit: Histogram;
  readonly #tickLate: Histogram;

  constructor(sources: MetricSources) {
    const eventLoopMonitoringPrecision = eventLoopSampleMs;
    collectDefaultMetrics({ register: this.#registry, prefix: 'assent_', eventLoopMonitoringPrecision });
    this.#blocks = this.#counter('assent_blocks_committed_total', 'Blocks whose effects became durable here.');
    this.#transactions = this.#counter('assent_transactions_committed_total', 'Transactions in these blocks.');
    this.#badFrames = new Counter({
      name: 'assent_frames_unreadable_total',
      help: 'Frames of peers that were not readable, by code.',
      labelNames: ['code'],
      registers: [this.#registry],
    });
    this.#commit = new Histogram({
      name: 'assent_commit_seconds',
      help: "From a block's time to its effects being durable here: execution, replication, certificate and syncs.",
      buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10],
      registers: [this.#registry],
    });
    this.#tickLate = new Histogram({
      name: 'assent_tick_late_seconds',
      help: 'How late ticks were: how long something held the main thread.',
      buckets: [0.001, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 5],
      registers: [this.#registry],
    });
    this.#gaugesOf(sources);
    this.#evidenceGaugesOf(sources);
    this.#strangerGaugesOf(sources);
    this.#snapshotGaugesOf(sources);
    this.#archiveGaugesOf(sources);
    this.#gauge('assent_indexed_height', 'The index of transactions has blocks up to this height.', sources.indexed);
    this.#scrubGaugesOf(sources);
    this.#peerGaugesOf(sources);
  }

  /** `afterMs`: since the block's time, by this node's clock. */
  committed(transactionCount: number, afterMs: number): void {
    this.#commit.observe(Math.max(0, afterMs) / 1000);
    this.#blocks.inc();
    this.#transactions.inc(transactionCount);
  }

  badFrame(code: string): void {
    this.#badFrames.inc({ code });
  }

  tickLateMs(lateMs: number): void {
    this.#tickLate.observe(lateMs / 1000);
  }

  text(): Promise<string> {
    return this.#registry.metrics();
  }

  #counter(name: string, help: string): Counter {
    return new Counter({ name, help, registers: [this.#registry] });
  }

  #gauge(name: string, help: string, read: () => number): void {
    new Gauge({
      name,
      help,
      registers: [this.#registry],
      collect() {
        this.set(read());
      },
    });
  }

  #gaugesOf({
    status,
    holdsLease,
    journal,
    connectionsDenied,
    signaturesQueued,
    submissionsOpen,
  }: MetricSources): void {
    this.#gauge('assent_height', 'Applied height.', () => status().appliedHeight);
    this.#gauge('assent_certified_height', 'Highest certified height.', () => status().certifiedHeight);
    this.#gauge('assent_tip_height', 'Height of the chain, uncommitted blocks included.', () => status().tip.height);
    this.#gauge('assent_term', 'Current term.', () => status().term);
    this.#gauge('assent_leader_known', '1 while a leader is known.', () => (status().leader === undefined ? 0 : 1));
    this.#gauge('assent_lease_held', '1 while decisions hold all that is in force without a question to others.', () =>
      holdsLease() ? 1 : 0,
    );
    this.#gauge('assent_transactions_pending', 'Transactions without a certain outcome.', () => status().pending);
    this.#gauge('assent_readers_waiting', 'Linearizable reads that wait for their height.', () => status().readers);
    this.#gauge('assent_submissions_open', 'Submissions from the HTTP thread without an outcome.', submissionsOpen);
    this.#gauge('assent_verify_queue', 'Signatures that wait for the verification thread.', signaturesQueued);
    this.#gauge('assent_journal_waiting', 'Appends that wait for the disk.', () => journal.waiting);
    this.#gauge('assent_journal_waiting_bytes', 'Bytes of these appends.', () => journal.waitingBytes);
    this.#gauge('assent_connections_denied', 'Connections of keys that are not admitted.', connectionsDenied);
    new Gauge({
      name: 'assent_role',
      help: '1 for the role that the node has.',
      labelNames: ['role'],
      registers: [this.#registry],
      collect() {
        for (const role of roles) this.set({ role }, status().role === role ? 1 : 0);
      },
    });
  }

  #strangerGaugesOf({ strangers }: MetricSources): void {
    const gauge = (name: string, help: string, read: (counts: ReturnType<typeof strangers>) => number): void =>
      this.#gauge(`assent_strangers_${name}`, help, () => read(strangers()));
    gauge('pending', 'Connections of unknown keys that wait for their introduction.', ({ pending }) => pending);
    gauge('introduced', 'Unknown keys that became peers by their introduction.', ({ introduced }) => introduced);
    gauge('refused', 'Unknown keys whose introduction failed.', ({ refused }) => refused);
  }

  #snapshotGaugesOf({ snapshots, snapshotProblem }: MetricSources): void {
    const help = '1 while the node can give no snapshots, or write none; the status says why.';
    this.#gauge('assent_snapshot_problem', help, () => (snapshotProblem() === undefined ? 0 : 1));
    const gauge = (name: string, help: string, read: (counts: SnapshotCounts) => number): void =>
      this.#gauge(`assent_snapshot_${name}`, help, () => read(snapshots()));
    gauge('sources_opened', 'Snapshots that were opened for peers.', ({ opened }) => opened);
    gauge('sent_bytes', 'Bytes of snapshots sent to peers.', ({ bytesSent }) => bytesSent);
    gauge('chunks_accepted', 'Chunks of snapshots that were taken in.', ({ chunks }) => chunks);
    gauge('installed', 'Snapshots that this node went on from.', ({ installed }) => installed);
  }

  #archiveGaugesOf({ keeper, prunedThrough }: MetricSources): void {
    this.#gauge('assent_pruned_through', 'Blocks up to this height are read from the archive.', prunedThrough);
    if (keeper === undefined) return;
    const swept = 'Blocks up to this height are gone from the database, and their room with them.';
    this.#gauge('assent_swept_through', swept, () => keeper.sweptThrough);
    this.#gauge('assent_archived_through', 'The archive has blocks up to this height.', () => keeper.status().through);
    this.#gauge('assent_archive_chunks', 'Chunks in the archive.', () => keeper.status().chunks);
    this.#gauge('assent_archive_chunks_written', 'Chunks written since the node started.', () => keeper.written);
    const help =
      '1 while something keeps the archive from growing, or a file of it is of no use; the status says what.';
    this.#gauge('assent_archive_problem', help, () => (keeper.status().problem === null ? 0 : 1));
  }

  #scrubGaugesOf({ scrub }: MetricSources): void {
    this.#gauge('assent_scrub_passes', 'Times that all that the node holds was looked at.', () => scrub().passes);
    this.#gauge('assent_scrub_bytes', 'Bytes that were looked at.', () => scrub().bytes);
    this.#gauge('assent_scrub_damage_open', 'Damage on the disk that is not repaired.', () => scrub().open);
    const byPart = (name: 'found' | 'repaired', help: string): void => {
      new Gauge({
        name: `assent_scrub_damage_${name}`,
        help,
        labelNames: ['part'],
        registers: [this.#registry],
        collect() {
          for (const part of scrubbedParts) this.set({ part }, scrub()[name][part]);
        },
      });
    };
    byPart('found', 'Damage that was found on the disk, by part.');
    byPart('repaired', 'Damage that was repaired, by part.');
  }

  #evidenceGaugesOf({ evidence }: MetricSources): void {
    new Gauge({
      name: 'assent_evidence_records',
      help: 'Proofs that a node broke the rules, by kind.',
      labelNames: ['kind'],
      registers: [this.#registry],
      collect() {
        const { entries } = evidence();
        for (const kind of evidenceKinds) this.set({ kind }, entries.filter((entry) => entry.kind === kind).length);
      },
    });
    const help = 'Proofs that this node found since it started and had no room for.';
    this.#gauge('assent_evidence_not_stored', help, () => evidence().notStored);
  }

  #peerGaugesOf({ peers }: MetricSources): void {
    const readings = {
      assent_peer_connected: ['1 while connected.', (peer: Peer) => (peer.connected ? 1 : 0)],
      assent_peer_queued_bytes: ['Bytes that wait to be sent.', (peer: Peer) => peer.queuedBytes],
      assent_peer_received_bytes: ['Bytes received.', (peer: Peer) => peer.bytesIn],
      assent_peer_sent_bytes: ['Bytes sent.', (peer: Peer) => peer.bytesOut],
      assent_peer_dropped_frames: ['Frames dropped before they were sent.', (peer: Peer) => peer.dropped],
      assent_peer_refusals: ['How often the peer was cut off for broken framing.', (peer: Peer) => peer.refused],
    } as const;
    for (const [name, [help, read]] of Object.entries(readings)) {
      new Gauge({
        name,
        help,
        labelNames: ['peer'],
        registers: [this.#registry],
        collect() {
          for (const peer of peers()) this.set({ peer: peer.nodeId }, read(peer));
        },
      });
    }
  }
}

type Peer = ReturnType<Transport['peers']>[number];
