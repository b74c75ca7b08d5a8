import { join } from 'node:path';
import { AssentError, type Clock } from '../base/index.ts';
import type { NodeId } from '../crypto/index.ts';
import { systemRandom, verifySignature } from '../crypto/index.ts';
import { createTransport, type Transport } from '../p2p/index.ts';
import { DirectoryArchiveStore } from '../storage/index.ts';
import { recoveriesOf } from '../verify/index.ts';
import type { NodeApi } from './api.ts';
import { HistoryKeeper } from './archive/index.ts';
import { threadSlicing, threadWorkMs } from './clock.ts';
import type { Closers } from './closers.ts';
import type { NodeConfig } from './config/index.ts';
import { Handover } from './handover.ts';
import { Introductions } from './introductions.ts';
import type { NodeLog } from './log.ts';
import { PeerKeeper, removedError } from './membership.ts';
import type { Identity, NodeBasis, OpenedLedger } from './opening.ts';
import { QueryIndexer } from './query-index/index.ts';
import { type Membership, Replica } from './replica/index.ts';
import { decodeRepairMessage, isRepairFrame, mendValue, Repairs, Scrubber } from './scrub/index.ts';
import { CommitWaiters } from './service/commit-waiters.ts';
import { FileAnswers } from './service/file-answers.ts';
import { NodeMetrics } from './service/metrics.ts';
import { PastProving } from './service/past-proving.ts';
import { snapshotProblem } from './service/snapshot-problem.ts';
import { SubmissionDesk } from './service/submission-desk.ts';
import { SnapshotKeeper, Snapshots } from './snapshots/index.ts';
import { LeaseCell } from './threads/lease-cell.ts';
import { VerifyThread } from './threads/verify-thread.ts';

interface Surroundings {
  /** Of what runs as soon as it is there. */
  readonly closers: Closers;
  /** Stops the node. */
  readonly fail: (error: Error) => void;
}

/** The parts of a node and what connects them. They are started and stopped from outside. */
export class NodeParts {
  readonly #config: NodeConfig;
  readonly #identity: Identity;
  readonly #log: NodeLog;
  readonly #clock: Clock;
  readonly #opened: OpenedLedger;
  readonly #fail: (error: Error) => void;
  readonly verify: VerifyThread;
  readonly transport: Transport;
  readonly peers: PeerKeeper;
  readonly replica: Replica;
  readonly snapshots: Snapshots;
  readonly keeper: HistoryKeeper | undefined;
  readonly snapshotKeeper: SnapshotKeeper;
  readonly files: FileAnswers;
  readonly past: PastProving;
  readonly repairs: Repairs;
  readonly scrubber: Scrubber;
  readonly indexer: QueryIndexer;
  readonly handover: Handover;
  readonly desk: SubmissionDesk;
  readonly waiters: CommitWaiters;
  readonly metrics: NodeMetrics;
  readonly lease: LeaseCell = new LeaseCell();
  /** Comes last, when the others run. */
  api: NodeApi | undefined;

  constructor({ config, identity, opened, log, clock }: NodeBasis, { closers, fail }: Surroundings) {
    this.#config = config;
    this.#identity = identity;
    this.#opened = opened;
    this.#log = log;
    this.#clock = clock;
    this.#fail = fail;
    const { ledger } = opened;
    this.transport = this.#createTransport();
    this.waiters = new CommitWaiters(this.#clock, (id) => ledger.receipt(id));
    this.peers = new PeerKeeper({
      ledger,
      self: identity.key.nodeId,
      configured: identity.peers,
      transport: this.transport,
      logger: log.logger,
    });
    this.replica = this.#createReplica();
    // Nothing before it runs, so that a start which comes across damage can be tried again.
    this.verify = new VerifyThread(ledger.ledgerId, (error) => this.#fail(error));
    closers.add('verification thread', () => this.verify.stop());
    this.snapshots = this.#createSnapshots();
    this.repairs = new Repairs(this.#repairing());
    this.scrubber = this.#createScrubber();
    const membership = this.replica.membership();
    if (membership.removedAtHeight !== undefined) throw removedError(membership.removedAtHeight);
    this.peers.changed(membership);
    this.keeper = this.#createKeeper();
    this.indexer = this.#createIndexer();
    const place = new DirectoryArchiveStore(config.snapshots.directory);
    this.snapshotKeeper = new SnapshotKeeper({
      place,
      schedule: config.snapshots,
      ledger,
      withSource: (use) => this.snapshots.lend(use),
      clock: this.#clock,
      logger: log.logger,
      onFault: (error) => this.#fail(error),
    });
    this.files = new FileAnswers({
      snapshots: this.snapshotKeeper,
      place,
      ledger,
      store: opened.directory.store,
      nodeId: identity.key.nodeId,
      clock: this.#clock,
    });
    this.past = new PastProving(opened.directory.store, this.#clock);
    this.handover = new Handover({
      replica: this.replica,
      transport: this.transport,
      clock: this.#clock,
      logger: log.logger,
    });
    this.desk = new SubmissionDesk({ replica: this.replica, send: (message) => this.api?.http.settle(message) });
    this.metrics = new NodeMetrics({
      status: () => this.replica.status(),
      holdsLease: () => this.replica.holdsLease(),
      peers: this.transport.peers,
      connectionsDenied: this.transport.connectionsDenied,
      strangers: this.transport.strangers,
      journal: opened.directory.journal,
      signaturesQueued: () => this.verify.queued,
      submissionsOpen: () => this.desk.open,
      evidence: () => this.replica.evidence,
      snapshots: () => this.snapshots.counts,
      keeper: this.keeper,
      snapshotProblem: () => this.snapshotProblem(),
      prunedThrough: () => ledger.prunedThrough,
      scrub: () => this.scrubber.counts,
      indexed: () => this.indexer.indexed?.through ?? 0,
    });
  }

  #createTransport(): Transport {
    const { key, genesis, peers } = this.#identity;
    return createTransport({
      nodeKeySeed: key.seed,
      ledgerId: genesis.ledgerId,
      listenAddress: this.#config.p2p.listen,
      peers,
      clock: this.#clock,
      random: systemRandom,
      logger: this.#log.logger,
      onFrame: (from, channel, frame) => {
        if (channel === 'bulk' && isRepairFrame(frame)) this.#repair(from, frame);
        else if (channel === 'bulk') this.snapshots.receive(from, frame);
        else {
          this.replica.receive(from, channel, frame);
          this.snapshots.heard();
        }
      },
      introduction: new Introductions({
        ledgerId: genesis.ledgerId,
        replica: () => this.replica,
        openRecovery: recoveriesOf(genesis, verifySignature),
        verify: verifySignature,
        logger: this.#log.logger,
      }),
    });
  }

  #createReplica(): Replica {
    const { directory, ledger } = this.#opened;
    const { heartbeatTicks, electionTicks } = this.#config.timing;
    return new Replica({
      nodeKey: this.#identity.key.signer,
      ledger,
      store: directory.store,
      journal: directory.journal,
      verify: verifySignature,
      verifyTransactions: (...question) => this.verify.verify(...question),
      clock: this.#clock,
      workMs: threadWorkMs,
      random: systemRandom,
      logger: this.#log.logger,
      send: (to, channel, frame) => this.transport.send(to, channel, frame),
      flush: () => this.transport.flush(),
      slicing: threadSlicing,
      onFault: (error) => this.#fail(error),
      mend: (key) => mendValue(this.#mending(), key),
      onAnswered: () => this.desk.flush(),
      onCommitted: (block, transactionCount) => {
        this.snapshotKeeper.committed(block.byteLength);
        this.metrics.committed(transactionCount, this.#clock.nowMs() - ledger.applied.timestamp);
        this.waiters.committed();
        this.peers.committed();
      },
      onMembership: (membership) => this.#member(membership),
      onLease: (end) => this.lease.set(end, this.#clock),
      seeds: this.#identity.peers.map(({ nodeId }) => nodeId),
      onBadFrame: (from, error) => this.#blame(from, error),
      parameters: { heartbeatTicks, electionTicks },
    });
  }

  #createSnapshots(): Snapshots {
    const { directory, ledger } = this.#opened;
    return new Snapshots({
      ledger,
      store: directory.store,
      journal: directory.journal,
      replica: this.replica,
      historyFromGenesis: () => this.replica.history.after(0),
      verify: verifySignature,
      logger: this.#log.logger,
      nowMs: () => this.#clock.monotonicMs(),
      peers: () => this.transport.peers().flatMap(({ connected, nodeId }) => (connected ? [nodeId] : [])),
      send: (to, frame) => this.transport.send(to, 'bulk', frame),
      blame: (from, error) => this.#blame(from, error),
      onFault: (error) => this.#fail(error),
      electionTicks: this.#config.timing.electionTicks,
      snapshotLagBlocks: this.#config.snapshots.lagBlocks,
    });
  }

  #mending(): Parameters<typeof mendValue>[0] {
    const { ledger, directory } = this.#opened;
    const { store, journal } = directory;
    return { ledger, store, journal, repairs: this.repairs, clock: this.#clock };
  }

  #repairing(): ConstructorParameters<typeof Repairs>[0] {
    const { ledger } = this.#opened;
    return {
      ledger,
      verify: verifySignature,
      peers: () => this.transport.peers().flatMap(({ connected, nodeId }) => (connected ? [nodeId] : [])),
      send: (to, frame) => this.transport.send(to, 'bulk', frame),
    };
  }

  #createScrubber(): Scrubber {
    const { directory } = this.#opened;
    return new Scrubber({
      ...this.#repairing(),
      ...this.#config.scrub,
      store: directory.store,
      journal: directory.journal,
      index: () => this.indexer,
      cosignatures: () => this.api?.cosignatures,
      database: join(directory.path, 'database'),
      repairs: this.repairs,
      clock: this.#clock,
      logger: this.#log.logger,
      onFault: (error) => this.#fail(error),
    });
  }

  #createKeeper(): HistoryKeeper | undefined {
    const { archive, directory, ledger } = this.#opened;
    if (archive === undefined) return undefined;
    return new HistoryKeeper({
      archive,
      ledger,
      database: directory.store,
      journal: directory.journal,
      replica: this.replica,
      retention: this.#config.retention,
      clock: this.#clock,
      logger: this.#log.logger,
      onFault: (error) => this.#fail(error),
    });
  }

  #createIndexer(): QueryIndexer {
    const { archive, directory, ledger } = this.#opened;
    return new QueryIndexer({
      ledger,
      store: directory.store,
      journal: directory.journal,
      archive,
      clock: this.#clock,
      logger: this.#log.logger,
      onFault: (error) => this.#fail(error),
    });
  }

  #repair(from: NodeId, frame: Uint8Array): void {
    try {
      this.repairs.receive(from, decodeRepairMessage(frame));
    } catch (error) {
      if (!(error instanceof AssentError)) throw error;
      this.#blame(from, error);
    }
  }

  #blame(from: NodeId, error: AssentError): void {
    this.metrics.badFrame(error.code);
    this.transport.cutOff(from, error.message);
  }

  /** Why no snapshot can be given, if there is a reason. */
  snapshotProblem(): string | undefined {
    return snapshotProblem(this.replica, this.snapshotKeeper);
  }

  #member(membership: Membership): void {
    this.peers.changed(membership);
    const problem = this.snapshotProblem();
    if (problem !== undefined) this.#log.logger.warn({ problem }, 'snapshots cannot be given');
    const { removedAtHeight } = membership;
    if (removedAtHeight !== undefined) this.#fail(removedError(removedAtHeight));
  }
}
