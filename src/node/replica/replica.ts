import { AssentError, type ErrorCode, InvariantError, messageOf, toHex } from '../../base/index.ts';
import {
  type BlockReference,
  type CommittedBlock,
  type Configuration,
  type Evidence,
  type HardState,
  type Message,
  type PersistRequest,
  Raft,
  type Ready,
  type Verdict,
} from '../../consensus/index.ts';
import { encodeNodeId, type NodeId, sha256 } from '../../crypto/index.ts';
import {
  type Inadmissible,
  type Ledger,
  openBlock,
  type VerifiedBlock,
  type VerifiedTransaction,
} from '../../ledger/index.ts';
import type { Operation } from '../../storage/index.ts';
import { BlockBodies } from './block-bodies.ts';
import { ExecutionQueue } from './execution-queue.ts';
import { Forwarder } from './forwarder.ts';
import { certificateOperations, evidenceOperation, persistOperations } from './persistence.ts';
import { encodeHardState, hardStateKey } from './records.ts';
import type { ReplicaChannel, ReplicaOptions, ReplicaStatus } from './replica-options.ts';
import { restore } from './restore.ts';
import { Sealer } from './sealer.ts';
import { type OutcomeListener, TransactionPool } from './transaction-pool.ts';
import { type BlockAccess, decodeMessage, encodeMessage } from './wire.ts';

/** Ticks without a known leader after which work is refused at once. */
const leaderlessTicksMax = 200;
const expirySweepTicks = 100;

/**
 * One node's part in the ledger: drives the consensus core and the ledger, and is the one place where a `Ready` is
 * handled. Knows no threads and no sockets; time, disk, network and randomness come in through its options, so that the
 * simulator runs this very code.
 */
export class Replica {
  readonly nodeId: NodeId;
  readonly #options: ReplicaOptions;
  readonly #ledger: Ledger;
  readonly #raft: Raft;
  readonly #bodies: BlockBodies;
  readonly #execution: ExecutionQueue;
  readonly #pool: TransactionPool;
  readonly #sealer: Sealer;
  readonly #forwarder: Forwarder;
  readonly #blocks: BlockAccess;
  #storedHeight: number;
  #committedHeight: number;
  #certificateHeight = 0;
  #leader: NodeId | undefined;
  #term: number;
  #ticks = 0;
  #leaderlessTicks = 0;
  #pumping = false;
  #started = false;
  #stopped = false;

  constructor(options: ReplicaOptions) {
    const { ledger, store, journal, verify, clock } = options;
    this.#options = options;
    this.#ledger = ledger;
    this.nodeId = encodeNodeId(options.nodeKey.publicKey);
    const configuration = consensusConfiguration(ledger);
    this.#bodies = new BlockBodies({ store, ledgerId: ledger.ledgerId, verify, configurations: [configuration] });
    this.#blocks = {
      bytes: (reference) => this.#bodies.body(reference).bytes,
      receive: (bytes) => this.#bodies.receive(openBlock(bytes)),
    };
    const peers = configuration.nodes.map(({ id }) => id).filter((id) => id !== this.nodeId);
    const restored = restore({ store, journal, ledger, bodies: this.#bodies, verify, peers, fresh: options.fresh });
    this.#storedHeight = restored.tip.height;
    this.#committedHeight = restored.committedHeight;
    this.#term = restored.hardState.term;
    this.#raft = new Raft({
      nodeId: this.nodeId,
      ledgerId: ledger.ledgerId,
      signer: options.nodeKey,
      verify,
      random: options.random,
      chain: this.#bodies,
      configuration,
      restored,
      ...(options.parameters === undefined ? {} : { parameters: options.parameters }),
      ...(options.limits === undefined ? {} : { limits: options.limits }),
    });
    this.#pool = new TransactionPool(options.poolLimits);
    this.#execution = new ExecutionQueue({
      ledger,
      verify: options.verifyTransactions,
      known: (idHex) => this.#pool.find(idHex),
      clockMs: () => clock.nowMs(),
      onVerdict: (block, verdict, executed, certified) => this.#onVerdict(block, verdict, executed, certified),
    });
    this.#sealer = new Sealer({ ledger, nodeKey: options.nodeKey, clock, pool: this.#pool });
    this.#forwarder = new Forwarder({
      ledger,
      pool: this.#pool,
      verify: options.verifyTransactions,
      send: (to, frame) => options.send(to, 'forwarding', frame),
      onVerified: () => this.#guarded(() => this.#pump()),
    });
    this.#renewMark(restored.hardState);
  }

  /**
   * A crash between a batch and its mark leaves the mark file behind by one, and a loss leaves the database behind: both
   * say the same again before anything is signed or heard.
   */
  #renewMark(hardState: HardState): void {
    const mark = encodeHardState(hardState);
    this.#append([{ type: 'put', key: hardStateKey, value: mark }], mark, () => {
      this.#started = true;
    });
  }

  /** One tick of the driver's clock. */
  tick(): void {
    if (!this.#started) return;
    this.#guarded(() => {
      this.#ticks += 1;
      this.#raft.tick(this.#options.clock.nowMs());
      this.#pump();
      const { leader } = this;
      this.#leaderlessTicks = leader === undefined ? this.#leaderlessTicks + 1 : 0;
      if (leader === this.nodeId) this.#sealIdle();
      else if (leader !== undefined) this.#forwarder.forward(leader, this.#ticks);
      if (this.#ticks % expirySweepTicks === 0) this.#pool.expire(this.#ledger.applied.timestamp);
    });
  }

  /** A frame from an admitted peer. */
  receive(from: NodeId, channel: ReplicaChannel, frame: Uint8Array): void {
    if (!this.#started) return;
    this.#guarded(() => {
      try {
        if (channel === 'forwarding') {
          this.#forwarder.receive(frame, this.leader === this.nodeId);
          return;
        }
        const wrong = this.#raft.step(from, decodeMessage(frame, this.#blocks), this.#options.clock.nowMs());
        if (wrong !== undefined) throw new AssentError('frame-invalid', `a consensus message is wrong: ${wrong}`);
      } catch (error) {
        if (!(error instanceof AssentError) || error.code === 'storage-damaged') throw error;
        this.#options.logger.warn({ peer: from, code: error.code, reason: error.message }, 'a peer sent a wrong frame');
        this.#options.onBadFrame?.(from, error);
      }
      this.#pump();
    });
  }

  /**
   * Takes verified transactions. Each listener is called once, at once or later: committed, with the receipt, or refused,
   * with the code. A transaction that was ever executed answers with its receipt, for ever.
   */
  submit(transactions: readonly VerifiedTransaction[], listen: (index: number) => OutcomeListener): void {
    this.#guarded(() => {
      for (const [index, transaction] of transactions.entries()) {
        const listener = listen(index);
        const error = this.#take(transaction, listener);
        if (error !== undefined) listener({ status: 'refused', error });
      }
      this.#pump();
      const { leader } = this;
      if (leader !== undefined && leader !== this.nodeId) this.#forwarder.forward(leader, this.#ticks);
    });
  }

  /** A submitter stops waiting; see {@link TransactionPool.giveUp}. */
  giveUp(idHex: string, listener: OutcomeListener): 'nothing-happened' | 'unknown' {
    return this.#pool.giveUp(idHex, listener);
  }

  get leader(): NodeId | undefined {
    return this.#leader;
  }

  status(): ReplicaStatus {
    return { ...this.#raft.status(), appliedHeight: this.#ledger.applied.height, pending: this.#pool.size };
  }

  /** Nothing is done after this. */
  stop(): void {
    this.#stopped = true;
  }

  #take(transaction: VerifiedTransaction, listener: OutcomeListener): AssentError | undefined {
    const receipt = this.#ledger.receipt(transaction.id);
    if (receipt !== undefined) {
      listener({ status: 'committed', receipt });
      return undefined;
    }
    const nowMs = this.#options.clock.nowMs();
    const refusal = this.#sealer.admission(transaction, nowMs);
    if (refusal !== undefined) return refusal;
    if (this.#leaderlessTicks > leaderlessTicksMax) {
      return new AssentError('no-quorum', 'no leader with a majority is known to this node; nothing happened');
    }
    if (this.#pool.add(transaction, listener)) return undefined;
    return new AssentError('overloaded', 'this node has as many pending transactions as it can hold', {
      pending: this.#pool.size,
    });
  }

  // ------------------------------------------------------------------ effects

  /** Takes what the core wants done until it wants nothing more, then lets the leader seal. */
  #pump(): void {
    if (this.#pumping) return;
    this.#pumping = true;
    try {
      for (;;) {
        for (let ready = this.#raft.ready(); ready !== undefined; ready = this.#raft.ready()) this.#handle(ready);
        this.#noteLeader();
        if (!this.#seal()) return;
      }
    } finally {
      this.#pumping = false;
    }
  }

  /** The duties of a `Ready`, in the order its type states. */
  #handle(ready: Ready): void {
    for (const hash of ready.abandoned) this.#abandon(hash);
    for (const request of ready.execute) this.#execution.push(request, this.#bodies.body(request.block), this.#term);
    if (ready.persist !== undefined) this.#persist(ready.persist);
    for (const { to, message } of ready.messages)
      this.#options.send(to, channelOf(message), encodeMessage(message, this.#blocks));
    for (const committed of ready.committed) this.#commit(committed);
    for (const evidence of ready.evidence) this.#keepEvidence(evidence);
  }

  #persist(request: PersistRequest): void {
    const { operations, mark, storedHeight } = persistOperations(request, this.#bodies, this.#storedHeight);
    this.#storedHeight = storedHeight;
    this.#append(operations, mark, () => this.#raft.persisted(request.token));
  }

  #commit({ block, certificate }: CommittedBlock): void {
    const { operations, receipts } = this.#ledger.commit(block.hash);
    this.#committedHeight = block.height;
    // The first batch that relies on a certificate brings it along.
    if (certificate.ack.height > this.#certificateHeight) operations.push(...certificateOperations(certificate));
    this.#certificateHeight = certificate.ack.height;
    this.#append(operations, undefined, () => {
      this.#ledger.settle(block.hash);
      for (const receipt of receipts) this.#pool.commit(toHex(receipt.id), receipt);
      this.#pool.forgetBlock(toHex(block.hash));
      if (receipts.length === 0) this.#pool.expire(this.#ledger.applied.timestamp);
      this.#options.onCommitted?.(block, receipts.length);
    });
  }

  #keepEvidence(evidence: Evidence): void {
    this.#options.logger.error(
      { kind: evidence.kind, culprit: evidence.culprit },
      'a node contradicted itself; the proof is kept',
    );
    const digest = sha256(evidence.first, evidence.second);
    this.#append([evidenceOperation(evidence, digest, this.#bodies)], undefined, () => undefined);
  }

  #append(operations: readonly Operation[], mark: Uint8Array | undefined, done: () => void): void {
    this.#options.journal.append(operations, mark, (error) => {
      this.#guarded(() => {
        if (error !== undefined) throw error;
        done();
        this.#pump();
      });
    });
  }

  #abandon(hash: Uint8Array): void {
    this.#execution.abandon(hash);
    this.#ledger.discard(hash);
    this.#pool.release(toHex(hash));
  }

  #onVerdict(block: BlockReference, verdict: Verdict, executed: VerifiedBlock | undefined, certified: boolean): void {
    this.#guarded(() => {
      if (!verdict.ok && certified) {
        throw new AssentError(
          'divergence-fault',
          `this node cannot reproduce the certified block ${block.height}: ${verdict.reason}`,
          {
            height: block.height,
            reason: verdict.reason,
          },
        );
      }
      if (executed !== undefined) this.#pool.place(executed.received.hashHex, executed.transactions);
      if (!verdict.ok) this.#options.logger.warn({ height: block.height, reason: verdict.reason }, 'refused a block');
      this.#raft.verdict(block.hash, verdict);
      this.#pump();
    });
  }

  // ------------------------------------------------------------------ leading

  /** Seals one block if the core has a place for it and there is a reason to. */
  #seal(idle = false): boolean {
    const slot = this.#raft.proposalSlot();
    if (slot === undefined) return false;
    const wanted = slot.mandatory || idle || this.#sealer.hasWork(slot.parent.height - this.#committedHeight);
    if (!wanted) return false;
    const { draft, accept, leftOut } = this.#sealer.seal(slot);
    this.#dismiss(leftOut);
    const isEmptyWanted = slot.mandatory || idle || this.#sealer.timeBlockDue(slot.parent.hash, leftOut);
    if (draft.transactions.length === 0 && !isEmptyWanted) return false;
    const { height, term, parentHash, configurationHash } = draft.header;
    const reference: BlockReference = {
      height,
      term,
      hash: draft.hash,
      parentHash,
      proposer: this.nodeId,
      configurationHash,
      justification: slot.justification,
      byteLength: draft.byteLength,
    };
    if (!this.#raft.propose(reference)) return false;
    accept();
    this.#bodies.attach(reference, draft.sign(this.#options.nodeKey));
    this.#pool.place(toHex(draft.hash), draft.transactions);
    return true;
  }

  #sealIdle(): void {
    const tip = this.#raft.status().tip;
    if (this.#sealer.deadlineBlockDue(tip.hash) && this.#seal(true)) this.#pump();
  }

  /** Transactions that can have no place: submitters here are told, another node's see it expire. */
  #dismiss(leftOut: readonly { readonly transaction: VerifiedTransaction; readonly reason: Inadmissible }[]): void {
    for (const { transaction, reason } of leftOut) {
      const { idHex } = transaction;
      if (reason === 'already-executed') this.#pool.dropForeign(idHex);
      const code = dismissals[reason];
      if (code === undefined) continue;
      this.#pool.refuse(idHex, code, `the leader refused the transaction: ${reason}`);
    }
  }

  #noteLeader(): void {
    const { leader, term } = this.#raft.status();
    this.#term = term;
    if (leader === this.#leader) return;
    this.#leader = leader;
    this.#options.logger.info({ term, leader }, leader === undefined ? 'no leader is known' : 'follows a leader');
    if (leader !== this.nodeId) this.#pool.leaderChanged();
  }

  /** A bug or a poisoned disk stops the replica: what is in memory can no longer be trusted to match what is promised. */
  #guarded(action: () => void): void {
    if (this.#stopped) return;
    try {
      action();
    } catch (error) {
      this.#stopped = true;
      const fault = error instanceof Error ? error : new InvariantError(messageOf(error));
      this.#options.onFault(fault);
    }
  }
}

/** Reasons that are final for the transaction; the others end by themselves. */
const dismissals: Partial<Record<Inadmissible, ErrorCode>> = {
  'key-not-current': 'signature-invalid',
  'kind-unknown': 'transaction-kind-unknown',
  'payload-invalid': 'transaction-payload-invalid',
};

function channelOf(message: Message): ReplicaChannel {
  return message.type === 'append' || message.type === 'branch-reply' ? 'replication' : 'heartbeat';
}

function consensusConfiguration(ledger: Ledger): Configuration {
  const { generation, nodes, hash } = ledger.genesis.configuration;
  return {
    generation,
    hash,
    nodes: nodes.map(({ publicKey, role }) => ({ id: encodeNodeId(publicKey), publicKey, role })),
  };
}
