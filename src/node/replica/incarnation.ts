import { AssentError, InvariantError, messageOf, present, toHex } from '../../base/index.ts';
import type {
  BlockReference,
  Configuration,
  HardState,
  PersistRequest,
  ProvedChange,
  Raft,
  Ready,
} from '../../consensus/index.ts';
import { encodeNodeId, type NodeId } from '../../crypto/index.ts';
import type { Ledger, MayGoOn, Receipt, VerifiedTransaction } from '../../ledger/index.ts';
import { admit } from './admission.ts';
import type { BlockBodies } from './block-bodies.ts';
import { type Life, type OpenedChain, openChain } from './chain-opening.ts';
import { CommitQueue } from './commit-queue.ts';
import { ConfigurationHistories } from './configuration-history.ts';
import type { ConfigurationRecords } from './configuration-records.ts';
import { DiskWrites } from './disk-writes.ts';
import { createEvidenceGossip } from './evidence-creation.ts';
import type { EvidenceGossip } from './evidence-gossip.ts';
import { isEvidenceFrame } from './evidence-wire.ts';
import { divergenceFault, type Executed, ExecutionQueue } from './execution-queue.ts';
import { Forwarder } from './forwarder.ts';
import { decodeForwarded } from './forwarding.ts';
import { createInForce } from './in-force/creation.ts';
import { type InForce, isInForceFrame } from './in-force/in-force.ts';
import { readOrBlame } from './peer-bytes.ts';
import { periods } from './periods.ts';
import { persistOperations } from './persistence.ts';
import { Proposer } from './proposer.ts';
import { Reach } from './reach/reach.ts';
import { reachWordOf } from './reach/wire.ts';
import { ReadBarrier, type ReadListener, type ReadState } from './read-barrier.ts';
import { encodeHardState, hardStateKey } from './records.ts';
import type { Membership, ReplicaChannel, ReplicaOptions, ReplicaStatus } from './replica-options.ts';
import { damagedKey, mendingError, stoppingError } from './stopping.ts';
import { type OutcomeListener, TransactionPool } from './transaction-pool.ts';
import { channelOf, decodeMessage, encodeMessage } from './wire.ts';
import { WrittenCertificates } from './written-certificates.ts';

const always: MayGoOn = () => true;

/**
 * A replica from one start on its disk to the next: drives the consensus core and the ledger, and is the one place where
 * a `Ready` is handled. Everything in it can be read from the disk again.
 */
export class Incarnation {
  readonly nodeId: NodeId;
  readonly #options: ReplicaOptions;
  readonly #ledger: Ledger;
  readonly #raft: Raft;
  readonly #chain: OpenedChain;
  readonly #bodies: BlockBodies;
  readonly #execution: ExecutionQueue;
  readonly #pool: TransactionPool;
  readonly #proposer: Proposer;
  readonly #forwarder: Forwarder;
  readonly #certificates = new WrittenCertificates();
  readonly #writes: DiskWrites;
  readonly #commits: CommitQueue;
  readonly #reads: ReadBarrier;
  /** Which nodes have applied a block. */
  readonly reach: Reach;
  /** Leases, and which blocks are in force. */
  readonly inForce: InForce;
  /** What is proved against nodes of this ledger. */
  readonly evidence: EvidenceGossip;
  /** The configurations of this ledger, with their proofs. */
  readonly history: ConfigurationHistories;
  #storedHeight: number;
  #leader: NodeId | undefined;
  #configuration: Configuration;
  #certifiedChangeHeight: number;
  /** Kept here, so that after a fault nothing is asked of the core. */
  #admitted: ReadonlySet<NodeId>;
  #ticks = 0;
  #leaderlessTicks = 0;
  #pumping = false;
  /** Between two slices of a block. */
  #isPaused = false;
  #started = false;
  /** Why it has ended. */
  #stopped: AssentError | undefined;
  /** Goes on with the next event; see {@link Raft.transferLeadership}. */
  readonly transferLeadership: Raft['transferLeadership'] = (to) => this.#raft.transferLeadership(to);

  constructor(options: ReplicaOptions, life: Life) {
    const { ledger, clock } = options;
    this.#options = options;
    this.#ledger = ledger;
    this.#writes = new DiskWrites(options.journal, (done) =>
      this.#guarded(() => {
        done();
        this.#pump();
      }),
    );
    this.nodeId = encodeNodeId(options.nodeKey.publicKey);
    this.#chain = openChain(options, life);
    const { configurations, bodies, restored, raft } = this.#chain;
    this.#bodies = bodies;
    this.#raft = raft;
    this.#storedHeight = restored.tip.height;
    this.#configuration = this.#raft.configuration;
    this.#certifiedChangeHeight = this.#raft.certifiedChangeHeight;
    this.#admitted = this.#raft.admitted();
    this.#pool = new TransactionPool(options.poolLimits);
    this.#execution = new ExecutionQueue({
      ledger,
      verify: options.verifyTransactions,
      verifyNow: options.verify,
      known: (idHex) => this.#pool.find(idHex),
      clockMs: () => clock.nowMs(),
      onChecked: () => this.#guarded(() => this.#pump()),
    });
    this.#commits = new CommitQueue({
      ledger,
      certificates: this.#certificates,
      write: (operations, urgent, done) => {
        if (urgent) this.#writes.append(operations, undefined, done);
        else this.#writes.defer(operations, done);
      },
      isAwaited: (block) => this.#reads.awaits(block) || this.reach.awaits(block),
      onSettled: (block, receipts) => this.#onSettled(block, receipts),
    });
    const heights = { certified: () => ledger.certifiedHeight, applied: () => ledger.applied.height };
    this.reach = new Reach({
      nodeId: this.nodeId,
      word: 'applied',
      nodes: () => this.#admitted,
      // On the disk: a crash does not take the node back behind it.
      height: heights.applied,
      hasten: (height) => {
        if (height <= ledger.certifiedHeight) this.#writes.flush();
      },
      send: (to, frame) => options.send(to, 'heartbeat', frame),
      blame: (from, error) => this.#blame(from, error),
    });
    this.#reads = new ReadBarrier({
      request: (context) => this.#raft.readIndex(context),
      firstContext: () => options.random.below(2 ** 31),
      heights,
      hasten: () => this.#writes.flush(),
      isLeaderless: () => this.#leaderlessTicks > periods.leaderlessMax,
      electionTicks: options.parameters?.electionTicks,
    });
    this.inForce = createInForce(options, {
      nodeId: this.nodeId,
      raft,
      nodes: () => this.#admitted,
      decides: heights.certified,
      read: (done) => this.#reads.read('certified', done),
      blame: (from, error) => this.#blame(from, error),
    });
    this.evidence = createEvidenceGossip(options, configurations, bodies, {
      append: (operations, done) => this.#writes.append(operations, undefined, done),
      blame: (from, error) => this.#blame(from, error),
    });
    this.history = new ConfigurationHistories(options, configurations, (operations) =>
      this.#writes.defer(operations, () => undefined),
    );
    this.#proposer = new Proposer(options, { raft, bodies, pool: this.#pool });
    this.#forwarder = new Forwarder({
      ledger,
      pool: this.#pool,
      clock,
      verify: options.verifyTransactions,
      send: (to, frame) => options.send(to, 'forwarding', frame),
      onVerified: () => this.#guarded(() => this.#pump()),
    });
    this.#renewMark(restored.hardState);
    this.history.applied(ledger.applied.height);
  }

  /**
   * A crash between a batch and its mark leaves the mark file behind by one, and a loss leaves the database behind: both
   * say the same again before anything is signed or heard.
   */
  #renewMark(hardState: HardState): void {
    const mark = encodeHardState(hardState);
    this.#writes.append([{ type: 'put', key: hardStateKey, value: mark }], mark, () => {
      this.#started = true;
    });
  }

  /** One tick of the driver's clock. */
  tick(): void {
    if (!this.#started) return;
    this.#guarded(() => {
      this.#ticks += 1;
      this.#raft.tick(this.#options.clock.nowMs());
      this.#reads.tick();
      this.reach.tick(this.#ticks);
      this.evidence.tick(this.#ticks);
      this.#pump();
      this.inForce.tick(this.#ticks);
      this.#pump();
      const { leader } = this;
      this.#leaderlessTicks = leader === undefined ? this.#leaderlessTicks + 1 : 0;
      const isIdleDue = leader === this.nodeId && this.#ticks % periods.idleSeal === 0 && !this.#isPaused;
      if (isIdleDue && this.#isSealed(this.#proposer.sealIdle(this.#beginSlice()))) this.#pump();
      if (leader !== undefined && leader !== this.nodeId) this.#forwarder.forward(leader, this.#ticks);
      if (this.#ticks % periods.flush === 0) this.#writes.flushIdle();
      if (this.#ticks % periods.expirySweep === 0) this.#pool.expire(this.#ledger.applied.timestamp);
    });
  }

  /** A frame from an admitted peer. */
  receive(from: NodeId, channel: ReplicaChannel, frame: Uint8Array): void {
    if (!this.#started || this.#writes.isFull) return;
    this.#guarded(() => {
      if (channel === 'forwarding') this.#takeForwarded(from, frame);
      else if (isEvidenceFrame(frame)) this.evidence.receive(from, frame);
      else if (reachWordOf(frame) === 'applied') this.reach.receive(from, frame);
      else if (isInForceFrame(frame)) this.inForce.receive(from, frame);
      else this.#step(from, frame);
      this.#pump();
    });
  }

  #takeForwarded(from: NodeId, frame: Uint8Array): void {
    const transactions = this.#read(from, () => decodeForwarded(frame));
    if (transactions !== undefined && this.leader === this.nodeId) this.#forwarder.receive(transactions);
  }

  #step(from: NodeId, frame: Uint8Array): void {
    const message = this.#read(from, () => decodeMessage(frame, this.#chain.blocks));
    if (message === undefined) return;
    const wrong = this.#raft.step(from, message, this.#options.clock.nowMs());
    if (wrong !== undefined)
      this.#blame(from, new AssentError('frame-invalid', `a consensus message is wrong: ${wrong}`));
  }

  #read<T>(from: NodeId, decode: () => T): T | undefined {
    return readOrBlame(decode, (error) => this.#blame(from, error));
  }

  #blame(from: NodeId, error: AssentError): void {
    this.#options.logger.warn({ peer: from, code: error.code, reason: error.message }, 'a peer sent a wrong frame');
    this.#options.onBadFrame?.(from, error);
  }

  /**
   * Takes verified transactions. Each listener is called once, at once or later: committed, with the receipt, or refused,
   * with the code. A transaction that was ever executed answers with its receipt, for ever.
   */
  submit(transactions: readonly VerifiedTransaction[], listen: (index: number) => OutcomeListener): void {
    const error = this.#stopped;
    if (error !== undefined) {
      for (const index of transactions.keys()) listen(index)({ status: 'refused', error });
      return;
    }
    this.#guarded(() => {
      const isLeaderless = this.#leaderlessTicks > periods.leaderlessMax;
      const admission = { ledger: this.#ledger, pool: this.#pool, nowMs: this.#options.clock.nowMs(), isLeaderless };
      for (const [index, transaction] of transactions.entries()) {
        const listener = listen(index);
        const error = admit(transaction, listener, admission);
        if (error !== undefined) listener({ status: 'refused', error });
      }
      this.#pump();
      const { leader } = this;
      if (leader === undefined || leader === this.nodeId) return;
      this.#forwarder.forward(leader, this.#ticks);
      this.#options.flush?.();
    });
  }

  /** A submitter stops waiting; see {@link TransactionPool.giveUp}. */
  giveUp(idHex: string, listener: OutcomeListener): 'nothing-happened' | 'unknown' {
    return this.#pool.giveUp(idHex, listener);
  }

  /** See {@link ReadBarrier.read}. */
  read(state: ReadState, done: ReadListener): void {
    if (this.#stopped !== undefined) {
      done(this.#stopped);
      return;
    }
    this.#guarded(() => {
      this.#reads.read(state, done);
      this.#pump();
    });
  }

  get leader(): NodeId | undefined {
    return this.#leader;
  }

  status(): ReplicaStatus {
    const { waiting: readers } = this.#reads;
    return { ...this.#raft.status(), appliedHeight: this.#ledger.applied.height, pending: this.#pool.size, readers };
  }

  /** Nothing is done after this; who asks is told why. What was given to the journal is still written. */
  stop(reason: AssentError): void {
    this.#stopped ??= reason;
    this.#reads.close(reason);
    this.reach.close();
    this.inForce.stop();
  }

  /** Ends as {@link stop} does, and tells the submitters that wait that they will not hear the outcome here. */
  retire(reason: AssentError): void {
    this.stop(reason);
    this.#pool.abandon('the node began anew, and cannot tell what became of the transaction');
  }

  get newestCertified(): Raft['newestCertified'] {
    return this.#raft.newestCertified;
  }

  /** See {@link Raft.learnConfigurations}. Whoever is admitted by it may connect when this returns. */
  learnConfigurations(changes: readonly ProvedChange[]): void {
    this.#guarded(() => {
      this.#raft.learnConfigurations(changes);
      this.#admitted = this.#raft.admitted();
      this.#options.onMembership?.(this.membership());
    });
  }

  /** See {@link Raft.setInstalling}. */
  setInstalling(isInstalling: boolean): void {
    this.#guarded(() => this.#raft.setInstalling(isInstalling));
  }

  /** See {@link Raft.raiseBase}. */
  raiseBase(height: number): void {
    this.#guarded(() => this.#raft.raiseBase(height));
  }

  /** What the disk holds once nothing is on its way to it: the changes of the configuration, and the highest block. */
  get stored(): { readonly configurations: ConfigurationRecords; readonly height: number } {
    return { configurations: this.#chain.configurations, height: this.#storedHeight };
  }

  // ------------------------------------------------------------------ effects

  /** Takes what the core wants done until it wants nothing more; then answers it for a block, or seals one; and again. */
  #pump(): void {
    if (this.#pumping) return;
    this.#pumping = true;
    try {
      do {
        for (let ready = this.#raft.ready(); ready !== undefined; ready = this.#raft.ready()) this.#handle(ready);
        this.#noteCertified();
        this.#noteLeader();
        this.#noteMembership();
      } while (this.#work());
    } finally {
      this.#pumping = false;
    }
  }

  /** The duties of a `Ready`; what is abandoned first, since a block can be left and asked for again in one. */
  #handle(ready: Ready): void {
    this.#noteCertified();
    for (const hash of ready.abandoned) {
      this.#execution.abandon(hash);
      this.#ledger.discard(hash);
      this.#pool.release(toHex(hash));
    }
    // A certificate is all that they wait for.
    for (const { block } of ready.committed) this.#answerSubmitters(this.#ledger.receiptsOf(block.hash));
    for (const request of ready.execute) {
      this.#execution.push(request, this.#bodies.body(request.block), this.#raft.term);
    }
    for (const { to, message } of ready.messages)
      this.#options.send(to, channelOf(message), encodeMessage(message, this.#chain.blocks));
    // Peers work on it while this node writes. What must be durable first, the core itself keeps back.
    if (ready.messages.length > 0) this.#options.flush?.();
    if (ready.persist !== undefined) this.#persist(ready.persist);
    for (const committed of ready.committed) this.#commits.push(committed);
    for (const read of ready.reads) this.#reads.answer(read);
    for (const evidence of ready.evidence) this.evidence.witnessed(evidence);
  }

  #persist(request: PersistRequest): void {
    const { operations, mark, storedHeight } = persistOperations(
      request,
      this.#bodies,
      this.#chain.configurations,
      this.#certificates,
      this.#storedHeight,
    );
    this.#storedHeight = storedHeight;
    this.#writes.append(operations, mark, () => this.#raft.persisted(request.token));
  }

  #answerSubmitters(receipts: readonly Receipt[]): void {
    for (const receipt of receipts) this.#pool.commit(toHex(receipt.id), receipt);
    this.#options.onAnswered?.();
  }

  #onSettled(block: BlockReference, receipts: readonly Receipt[]): void {
    // Those who came again after the certificate, when there was no receipt to be read yet.
    this.#answerSubmitters(receipts);
    this.#pool.forgetBlock(toHex(block.hash));
    if (receipts.length === 0) this.#pool.expire(this.#ledger.applied.timestamp);
    this.history.applied(block.height);
    this.#bodies.settled(block);
    this.#options.onCommitted?.(block, receipts.length);
    this.#reads.advanced();
    this.reach.advanced();
    this.#ledger.demandRulesAfter();
  }

  /** Executes or seals a block, or a slice of it. False when nothing is to be done now. */
  #work(): boolean {
    if (this.#isPaused) return false;
    const mayGoOn = this.#beginSlice();
    const executed = this.#commits.isBehind ? undefined : this.#execution.next(mayGoOn);
    if (executed === undefined) return this.#isSealed(this.#proposer.seal(mayGoOn));
    if (executed === 'unfinished') this.#pause();
    else this.#answer(executed);
    return executed !== 'unfinished';
  }

  #isSealed(outcome: ReturnType<Proposer['seal']>): boolean {
    if (outcome === 'unfinished') this.#pause();
    return outcome === 'sealed';
  }

  #beginSlice(): MayGoOn {
    return this.#options.slicing?.begin() ?? always;
  }

  /** Until the thread has done what else waits, no block is executed or sealed. */
  #pause(): void {
    this.#isPaused = true;
    present(this.#options.slicing, 'only a slice ends before its block').pause(() => {
      this.#isPaused = false;
      this.#guarded(() => this.#pump());
    });
  }

  #answer({ block, verdict, certified, executed }: Executed): void {
    const { height } = block;
    if (executed !== undefined) this.#pool.place(executed.received.hashHex, executed.transactions);
    if (!verdict.ok) {
      const { reason } = verdict;
      if (certified && reason === 'rule-set-missing') this.#ledger.demandRulesAfter(block.parentHash);
      if (certified) throw divergenceFault(height, reason);
      this.#options.logger.warn({ height, reason }, 'refused a block');
    }
    this.#raft.verdict(block.hash, verdict);
  }

  /** What a certificate covers may be read, though its sync is under way here. */
  #noteCertified(): void {
    const newer = this.#raft.certifiedAbove(this.#ledger.certifiedHeight);
    if (newer === undefined) return;
    this.#ledger.certify(newer.hash);
    this.#reads.advanced();
    this.inForce.advanced();
  }

  #noteLeader(): void {
    const { leader, term } = this.#raft;
    if (leader === this.#leader) return;
    this.#leader = leader;
    this.#options.logger.info({ term, leader }, leader === undefined ? 'no leader is known' : 'follows a leader');
    if (leader !== this.nodeId) this.#pool.leaderChanged();
  }

  #noteMembership(): void {
    const { configuration, certifiedChangeHeight } = this.#raft;
    if (this.#configuration === configuration && this.#certifiedChangeHeight === certifiedChangeHeight) return;
    this.#configuration = configuration;
    this.#certifiedChangeHeight = certifiedChangeHeight;
    this.#admitted = this.#raft.admitted();
    this.#options.onMembership?.(this.membership());
  }

  /** Who belongs to the ledger now, and whether this node still does. */
  membership(): Membership {
    const { removedAtHeight } = this.#raft.status();
    return { connected: this.#raft.connected(), ...(removedAtHeight !== undefined && { removedAtHeight }) };
  }

  /** A bug or a poisoned disk stops the replica: what is in memory can no longer be trusted to match what is promised. */
  #guarded(action: () => void): void {
    if (this.#stopped !== undefined) return;
    try {
      action();
    } catch (error) {
      const fault = error instanceof Error ? error : new InvariantError(messageOf(error));
      this.stop(damagedKey(fault) === undefined ? stoppingError() : mendingError());
      this.#options.onFault(fault);
    }
  }
}
