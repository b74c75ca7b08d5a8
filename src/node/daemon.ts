import { join } from 'node:path';
import { AssentError, type Clock, messageOf, present, toHex } from '../base/index.ts';
import type { NodeId } from '../crypto/index.ts';
import { decodeDid, systemRandom, verifySignature } from '../crypto/index.ts';
import { createTransport, type Transport } from '../p2p/index.ts';
import { DirectoryArchiveStore } from '../storage/index.ts';
import { recoveriesOf } from '../verify/index.ts';
import { HistoryKeeper } from './archive/index.ts';
import { systemClock, threadSlicing, threadWorkMs } from './clock.ts';
import { Closers } from './closers.ts';
import type { NodeConfig } from './config/index.ts';
import { CosignatureStore } from './cosignatures/store.ts';
import { Handover } from './handover.ts';
import { Introductions } from './introductions.ts';
import { type NodeLog, openLog } from './log.ts';
import { PeerKeeper, removedError } from './membership.ts';
import { startedMended } from './mending-start.ts';
import { type Identity, type OpenedLedger, openLedger, readIdentity } from './opening.ts';
import { QueryIndexer } from './query-index/index.ts';
import { type Membership, Replica } from './replica/index.ts';
import { sentenceOf } from './rules.ts';
import { decodeRepairMessage, isRepairFrame, mendValue, Repairs, Scrubber } from './scrub/index.ts';
import { answersOf, readPointOf } from './service/asked.ts';
import { CommitWaiters } from './service/commit-waiters.ts';
import { CosignatureAnswers } from './service/cosignature-answers.ts';
import { FileAnswers } from './service/file-answers.ts';
import { NodeMetrics } from './service/metrics.ts';
import { PastProving } from './service/past-proving.ts';
import { snapshotProblem } from './service/snapshot-problem.ts';
import { SubmissionDesk } from './service/submission-desk.ts';
import { SnapshotKeeper, Snapshots } from './snapshots/index.ts';
import { HttpThread } from './threads/http-thread.ts';
import { VerifyThread } from './threads/verify-thread.ts';
import { Ticker } from './ticker.ts';
import { programVersion } from './version.ts';

/** A node at work. */
export interface RunningNode {
  readonly nodeId: NodeId;
  readonly ledgerId: string;
  /** Where the API answers: `http://127.0.0.1:7300`. */
  readonly apiUrl: string;
  /** Multiaddrs that peers can dial. */
  readonly p2pAddresses: readonly string[];
  /** Resolves when the node has stopped: with the fault that stopped it, or undefined after {@link stop}. */
  readonly stopped: Promise<Error | undefined>;
  /** Stops because of a bug that came to light outside of it. */
  fail(error: Error): void;
  /** Stops cleanly: no more requests, answers to those under way, then consensus, network and disk. */
  stop(): Promise<void>;
}

/**
 * Starts a node: configuration and keys, data directory, ledger, replica, network, API, in this order. Every failure is
 * one AssentError with one sentence, and nothing is left running. The HTTP thread has the machine's own clock.
 */
export async function startNode(config: NodeConfig, clock: Clock = systemClock): Promise<RunningNode> {
  const identity = readIdentity(config);
  const log = openLog(config.log, identity.key.nodeId);
  const closers = new Closers();
  closers.add('log', () => log.flush());
  try {
    const opened = await openLedger(config, identity);
    closers.add('data directory', () => opened.directory.close());
    const parts = { config, identity, opened, log, clock };
    const daemon = await startedMended(parts, () => new Daemon(config, identity, opened, { log, closers, clock }));
    return await daemon.start();
  } catch (error) {
    log.logger.error({ error: messageOf(error) }, 'the node did not start');
    await closers.closeAll(config.timing.shutdownMs, log.logger);
    throw error;
  }
}

const faultShutdownMs = 1000;
/** The part of the time for a clean stop in which another node may take the leadership over. */
const handoverShare = 4;

interface Surroundings {
  readonly log: NodeLog;
  readonly closers: Closers;
  readonly clock: Clock;
}

/** The parts of a running node and what connects them. */
class Daemon {
  readonly #config: NodeConfig;
  readonly #identity: Identity;
  readonly #log: NodeLog;
  readonly #clock: Clock;
  readonly #closers: Closers;
  readonly #opened: OpenedLedger;
  readonly #verify: VerifyThread;
  readonly #transport: Transport;
  readonly #peers: PeerKeeper;
  readonly #replica: Replica;
  readonly #snapshots: Snapshots;
  readonly #keeper: HistoryKeeper | undefined;
  readonly #snapshotKeeper: SnapshotKeeper;
  readonly #files: FileAnswers;
  readonly #past: PastProving;
  readonly #repairs: Repairs;
  readonly #scrubber: Scrubber;
  readonly #indexer: QueryIndexer;
  readonly #handover: Handover;
  readonly #desk: SubmissionDesk;
  readonly #waiters: CommitWaiters;
  readonly #metrics: NodeMetrics;
  readonly #stopped = Promise.withResolvers<Error | undefined>();
  #cosignatures: CosignatureStore | undefined;
  #http: HttpThread | undefined;
  #stopping: Promise<void> | undefined;

  constructor(config: NodeConfig, identity: Identity, opened: OpenedLedger, { log, closers, clock }: Surroundings) {
    this.#config = config;
    this.#identity = identity;
    this.#opened = opened;
    this.#log = log;
    this.#clock = clock;
    this.#closers = closers;
    const { ledger } = opened;
    this.#transport = this.#createTransport();
    this.#waiters = new CommitWaiters(this.#clock, (id) => ledger.receipt(id));
    this.#peers = new PeerKeeper({
      ledger,
      self: identity.key.nodeId,
      configured: identity.peers,
      transport: this.#transport,
      logger: log.logger,
    });
    this.#replica = this.#createReplica();
    // Nothing before it runs, so that a start which comes across damage can be tried again.
    this.#verify = new VerifyThread(ledger.ledgerId, (error) => this.#fail(error));
    closers.add('verification thread', () => this.#verify.stop());
    this.#snapshots = this.#createSnapshots();
    this.#repairs = new Repairs(this.#repairing());
    this.#scrubber = this.#createScrubber();
    const membership = this.#replica.membership();
    if (membership.removedAtHeight !== undefined) throw removedError(membership.removedAtHeight);
    this.#peers.changed(membership);
    this.#keeper = this.#createKeeper();
    this.#indexer = this.#createIndexer();
    const place = new DirectoryArchiveStore(config.snapshots.directory);
    this.#snapshotKeeper = new SnapshotKeeper({
      place,
      schedule: config.snapshots,
      ledger,
      withSource: (use) => this.#snapshots.lend(use),
      clock: this.#clock,
      logger: log.logger,
      onFault: (error) => this.#fail(error),
    });
    this.#files = new FileAnswers({
      snapshots: this.#snapshotKeeper,
      place,
      ledger,
      store: opened.directory.store,
      nodeId: identity.key.nodeId,
      clock: this.#clock,
    });
    this.#past = new PastProving(opened.directory.store, this.#clock);
    this.#handover = new Handover({
      replica: this.#replica,
      transport: this.#transport,
      clock: this.#clock,
      logger: log.logger,
    });
    this.#desk = new SubmissionDesk({ replica: this.#replica, send: (message) => this.#http?.settle(message) });
    this.#metrics = new NodeMetrics({
      status: () => this.#replica.status(),
      peers: this.#transport.peers,
      connectionsDenied: this.#transport.connectionsDenied,
      strangers: this.#transport.strangers,
      journal: opened.directory.journal,
      signaturesQueued: () => this.#verify.queued,
      submissionsOpen: () => this.#desk.open,
      evidence: () => this.#replica.evidence,
      snapshots: () => this.#snapshots.counts,
      keeper: this.#keeper,
      snapshotProblem: () => this.#snapshotProblem(),
      prunedThrough: () => ledger.prunedThrough,
      scrub: () => this.#scrubber.counts,
      indexed: () => this.#indexer.indexed?.through ?? 0,
    });
  }

  async start(): Promise<RunningNode> {
    const { timing, api } = this.#config;
    await this.#snapshots.open();
    this.#closers.add('snapshots', () => this.#snapshots.stop());
    this.#closers.add('files', () =>
      Promise.all([this.#snapshotKeeper.stop(), this.#files.stop(), this.#past.stop()]).then(() => undefined),
    );
    this.#snapshotKeeper.start();
    this.#closers.add('network', () => this.#transport.stop());
    await this.#transport.start();
    this.#closers.add('replica', () => this.#replica.stop());
    const keeper = this.#keeper;
    if (keeper !== undefined) {
      this.#closers.add('archive', () => keeper.stop());
      keeper.start();
    }
    const ticker = new Ticker({
      clock: this.#clock,
      tickMs: timing.tickMs,
      tick: () => {
        this.#replica.tick();
        this.#snapshots.tick();
        this.#repairs.tick();
        this.#handover.look();
      },
      observeLateMs: (lateMs) => this.#metrics.tickLateMs(lateMs),
    });
    this.#closers.add('ticker', () => ticker.stop());
    ticker.start();
    this.#closers.add('scrubber', () => {
      this.#repairs.stop();
      return this.#scrubber.stop();
    });
    this.#scrubber.start();
    this.#closers.add('index', () => this.#indexer.stop());
    this.#indexer.start();
    // A node may learn at once that it was removed: then its API is closed before it ever listens.
    const failed = this.#stopped.promise.then((fault) => {
      throw fault ?? new AssentError('shutting-down', 'The node is stopping.');
    });
    const port = await Promise.race([this.#startHttp(), failed]);
    const { nodeId } = this.#identity.key;
    const host = api.listen.host.includes(':') ? `[${api.listen.host}]` : api.listen.host;
    const apiUrl = `http://${host}:${port}`;
    this.#log.logger.info({ api: apiUrl, version: programVersion, member: this.#identity.member }, 'the node runs');
    return {
      nodeId,
      ledgerId: toHex(this.#opened.ledger.ledgerId),
      apiUrl,
      p2pAddresses: this.#transport.listenAddresses(),
      stopped: this.#stopped.promise,
      fail: (error) => this.#fail(error),
      stop: () => this.#stop(undefined),
    };
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
        else if (channel === 'bulk') this.#snapshots.receive(from, frame);
        else {
          this.#replica.receive(from, channel, frame);
          this.#snapshots.heard();
        }
      },
      introduction: new Introductions({
        ledgerId: genesis.ledgerId,
        replica: () => this.#replica,
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
      verifyTransactions: (...question) => this.#verify.verify(...question),
      clock: this.#clock,
      workMs: threadWorkMs,
      random: systemRandom,
      logger: this.#log.logger,
      send: (to, channel, frame) => this.#transport.send(to, channel, frame),
      flush: () => this.#transport.flush(),
      slicing: threadSlicing,
      onFault: (error) => this.#fail(error),
      mend: (key) => mendValue(this.#mending(), key),
      onAnswered: () => this.#desk.flush(),
      onCommitted: (block, transactionCount) => {
        this.#snapshotKeeper.committed(block.byteLength);
        this.#metrics.committed(transactionCount, this.#clock.nowMs() - ledger.applied.timestamp);
        this.#waiters.committed();
        this.#peers.committed();
      },
      onMembership: (membership) => this.#member(membership),
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
      replica: this.#replica,
      historyFromGenesis: () => this.#replica.history.after(0),
      verify: verifySignature,
      logger: this.#log.logger,
      nowMs: () => this.#clock.monotonicMs(),
      peers: () => this.#transport.peers().flatMap(({ connected, nodeId }) => (connected ? [nodeId] : [])),
      send: (to, frame) => this.#transport.send(to, 'bulk', frame),
      blame: (from, error) => this.#blame(from, error),
      onFault: (error) => this.#fail(error),
      electionTicks: this.#config.timing.electionTicks,
      snapshotLagBlocks: this.#config.snapshots.lagBlocks,
    });
  }

  #mending(): Parameters<typeof mendValue>[0] {
    const { ledger, directory } = this.#opened;
    const { store, journal } = directory;
    return { ledger, store, journal, repairs: this.#repairs, clock: this.#clock };
  }

  #repairing(): ConstructorParameters<typeof Repairs>[0] {
    const { ledger } = this.#opened;
    return {
      ledger,
      verify: verifySignature,
      peers: () => this.#transport.peers().flatMap(({ connected, nodeId }) => (connected ? [nodeId] : [])),
      send: (to, frame) => this.#transport.send(to, 'bulk', frame),
    };
  }

  #createScrubber(): Scrubber {
    const { directory } = this.#opened;
    return new Scrubber({
      ...this.#repairing(),
      ...this.#config.scrub,
      store: directory.store,
      journal: directory.journal,
      index: () => this.#indexer,
      cosignatures: () => this.#cosignatures,
      database: join(directory.path, 'database'),
      repairs: this.#repairs,
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
      replica: this.#replica,
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
      this.#repairs.receive(from, decodeRepairMessage(frame));
    } catch (error) {
      if (!(error instanceof AssentError)) throw error;
      this.#blame(from, error);
    }
  }

  #blame(from: NodeId, error: AssentError): void {
    this.#metrics.badFrame(error.code);
    this.#transport.cutOff(from, error.message);
  }

  async #startHttp(): Promise<number> {
    const { api, limits } = this.#config;
    const { ledger, directory } = this.#opened;
    const startedMs = this.#clock.monotonicMs();
    const cosignatures = await CosignatureStore.open({
      store: directory.store,
      journal: directory.journal,
      ledgerId: ledger.ledgerId,
      verify: verifySignature,
      logger: this.#log.logger,
    });
    this.#cosignatures = cosignatures;
    const named = this.#config.witnesses.map((did) => present(decodeDid(did), 'the configuration was checked'));
    const http = new HttpThread({
      data: { listen: api.listen, limits, ledgerId: ledger.ledgerId, version: programVersion },
      logger: this.#log.logger,
      readPoint: (consistency, kind) => readPointOf({ replica: this.#replica, ledger }, consistency, kind),
      onSubmission: (message) => this.#desk.receive(message),
      asked: answersOf({
        ledger,
        store: directory.store,
        replica: this.#replica,
        transport: this.#transport,
        nodeId: this.#identity.key.nodeId,
        member: this.#identity.member,
        waiters: this.#waiters,
        metrics: this.#metrics,
        keeper: this.#keeper,
        indexer: this.#indexer,
        sentenceOf,
        files: this.#files,
        past: this.#past,
        cosignatures: new CosignatureAnswers(cosignatures, ledger, named),
        snapshot: () => this.#snapshots.progress,
        scrub: () => this.#scrubber.counts,
        snapshotProblem: () => this.#snapshotProblem(),
        nowMs: () => this.#clock.nowMs(),
        uptimeMs: () => this.#clock.monotonicMs() - startedMs,
      }),
      onFault: (error) => this.#fail(error),
    });
    this.#http = http;
    // The API closes first: it may use half of the time for answers that are under way.
    this.#closers.add('api', async (deadlineMs) => {
      const stopped = http.stop(deadlineMs / 2);
      this.#waiters.close();
      await stopped;
    });
    return http.listening();
  }

  #snapshotProblem(): string | undefined {
    return snapshotProblem(this.#replica, this.#snapshotKeeper);
  }

  #member(membership: Membership): void {
    this.#peers.changed(membership);
    const problem = this.#snapshotProblem();
    if (problem !== undefined) this.#log.logger.warn({ problem }, 'snapshots cannot be given');
    const { removedAtHeight } = membership;
    if (removedAtHeight !== undefined) this.#fail(removedError(removedAtHeight));
  }

  /** What the node cannot go on after. */
  #fail(error: Error): void {
    const code = error instanceof AssentError ? error.code : 'internal';
    this.#log.logger.error({ code, error: messageOf(error), stack: error.stack }, 'the node stops');
    void this.#stop(error);
  }

  #stop(fault: Error | undefined): Promise<void> {
    this.#stopping ??= this.#stopOnce(fault);
    return this.#stopping;
  }

  async #stopOnce(fault: Error | undefined): Promise<void> {
    this.#log.logger.info({}, 'the node is stopping');
    const { shutdownMs } = this.#config.timing;
    if (fault === undefined) {
      const startMs = this.#clock.monotonicMs();
      // While the API still answers: what it was given is committed by the next leader, and this node hears of it.
      await this.#handover.run(shutdownMs / handoverShare);
      const leftMs = shutdownMs - (this.#clock.monotonicMs() - startMs);
      await this.#closers.closeAll(Math.max(0, leftMs), this.#log.logger);
    } else {
      // After a fault nothing that is under way can still be answered for.
      await this.#closers.closeAll(Math.min(shutdownMs, faultShutdownMs), this.#log.logger);
    }
    this.#stopped.resolve(fault);
  }
}
