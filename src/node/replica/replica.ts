import { AssentError } from '../../base/index.ts';
import type { ProvedChange, Raft } from '../../consensus/index.ts';
import type { NodeId } from '../../crypto/index.ts';
import type { VerifiedTransaction } from '../../ledger/index.ts';
import type { Operation } from '../../storage/index.ts';
import type { ConfigurationHistories } from './configuration-history.ts';
import type { EvidenceGossip } from './evidence-gossip.ts';
import type { InForceListener } from './in-force/in-force.ts';
import { Incarnation } from './incarnation.ts';
import { installationOperations, type ProvedSnapshot } from './installation.ts';
import type { ReachListener } from './reach/reach.ts';
import type { ReadListener, ReadState } from './read-barrier.ts';
import type { Membership, ReplicaChannel, ReplicaOptions, ReplicaStatus } from './replica-options.ts';
import { damagedKey, mendingError, stoppingError } from './stopping.ts';
import type { OutcomeListener } from './transaction-pool.ts';

/** A disk on which more than this is damaged between two starts is to be replaced. */
const mendedMax = 64;

/**
 * One node's part in the ledger. Knows no threads and no sockets; time, disk, network and randomness come in through its
 * options, so that the simulator runs this very code. To go on from a snapshot is to start again on another disk: the
 * part in which everything happens is replaced by another, and this is what stays.
 */
export class Replica {
  readonly nodeId: NodeId;
  readonly #options: ReplicaOptions;
  readonly #onFault: (fault: Error) => void;
  #incarnation: Incarnation;
  /** While a snapshot is installed: what this tells of may not be on the disk any more. */
  #statusBefore: ReplicaStatus | undefined;
  #isMending = false;
  #isStopped = false;
  #mended = 0;
  /** Goes on with the next event; see {@link Raft.transferLeadership}. */
  readonly transferLeadership: Raft['transferLeadership'] = (to) => this.#incarnation.transferLeadership(to);

  /** Throws `storage-damaged`. */
  constructor(options: ReplicaOptions) {
    this.#options = { ...options, onFault: (fault) => this.#faulted(fault) };
    this.#onFault = options.onFault;
    this.#incarnation = new Incarnation(this.#options, { isFirst: true, contradiction: undefined });
    this.nodeId = this.#incarnation.nodeId;
  }

  /** One tick of the driver's clock. */
  tick(): void {
    this.#incarnation.tick();
  }

  /** A frame from an admitted peer. */
  receive(from: NodeId, channel: ReplicaChannel, frame: Uint8Array): void {
    this.#incarnation.receive(from, channel, frame);
  }

  /**
   * Takes verified transactions. Each listener is called once, at once or later: committed, with the receipt, or refused,
   * with the code. A transaction that was ever executed answers with its receipt, for ever.
   */
  submit(transactions: readonly VerifiedTransaction[], listen: (index: number) => OutcomeListener): void {
    this.#incarnation.submit(transactions, listen);
  }

  /** A submitter stops waiting; see {@link TransactionPool.giveUp}. */
  giveUp(idHex: string, listener: OutcomeListener): 'nothing-happened' | 'unknown' {
    return this.#incarnation.giveUp(idHex, listener);
  }

  /**
   * Calls back once, at once or later: when this state of the node's ledger holds all that was committed anywhere before
   * the call, or with `no-quorum`, `node-behind`, `overloaded` or `shutting-down`.
   */
  read(state: ReadState, done: ReadListener): void {
    this.#incarnation.read(state, done);
  }

  /**
   * Calls back once, at once or later: when every node of the configuration says that it has applied the block, when this
   * replica ends or begins anew, or when the returned function is called. Throws `overloaded`.
   */
  waitEverywhere(height: number, done: ReachListener): () => void {
    return this.#incarnation.reach.wait(height, done);
  }

  /**
   * Calls back once, at once or later: when no node decides without the block any more, when this replica ends or begins
   * anew, or when the returned function is called. Throws `overloaded`.
   */
  waitInForce(height: number, done: InForceListener): () => void {
    return this.#incarnation.inForce.wait(height, done);
  }

  /** Whether what this node decides by itself now holds all that is in force. */
  holdsLease(): boolean {
    return this.#incarnation.inForce.holdsLease;
  }

  /** Nobody waits so any longer: who does, and who comes, is told what is known. */
  closeWaits(): void {
    this.#incarnation.reach.close();
    this.#incarnation.inForce.close();
  }

  get leader(): NodeId | undefined {
    return this.#isMending ? undefined : this.#incarnation.leader;
  }

  /** What is proved against nodes of this ledger. */
  get evidence(): EvidenceGossip {
    return this.#incarnation.evidence;
  }

  /** The configurations of this ledger, with their proofs. */
  get history(): ConfigurationHistories {
    return this.#incarnation.history;
  }

  /** See {@link Raft.newestCertified}. */
  get newestCertified(): Raft['newestCertified'] {
    return this.#incarnation.newestCertified;
  }

  /** See {@link Raft.learnConfigurations}. Whoever is admitted by it may connect when this returns. */
  learnConfigurations(changes: readonly ProvedChange[]): void {
    this.#incarnation.learnConfigurations(changes);
  }

  status(): ReplicaStatus {
    const { leader, ...status } = this.#statusBefore ?? this.#incarnation.status();
    if (this.#isMending) return { ...status, role: 'follower' };
    return leader === undefined ? status : { ...status, leader };
  }

  /** Who belongs to the ledger now, and whether this node still does. */
  membership(): Membership {
    return this.#incarnation.membership();
  }

  /** See {@link Raft.setInstalling}. */
  setInstalling(isInstalling: boolean): void {
    this.#incarnation.setInstalling(isInstalling);
  }

  /** See {@link Raft.raiseBase}. */
  raiseBase(height: number): void {
    this.#incarnation.raiseBase(height);
  }

  /**
   * Goes on from a staged snapshot. What is on its way to the disk arrives there first; then one batch holds the ledger's
   * switch and all that consensus has to know with it; then everything is read from the disk as at a start. Submitters
   * and readers that wait are told that they do not hear more here.
   *
   * Calls back once, unless the replica stops: without an error when the node stands on the snapshot, or with
   * `snapshot-invalid` when that is of no use to it any more, and it goes on as it was.
   *
   * @param switchOperations asked for once nothing is on its way; may throw `snapshot-invalid`
   */
  install(
    snapshot: ProvedSnapshot,
    switchOperations: () => readonly Operation[],
    done: (error?: AssentError) => void,
  ): void {
    if (this.#isStopped || this.#statusBefore !== undefined) return;
    if (this.#isMending) {
      done(new AssentError('snapshot-invalid', 'The node is putting its disk in order.'));
      return;
    }
    const before = this.#incarnation;
    this.#statusBefore = before.status();
    const { contradiction } = this.#statusBefore;
    before.retire(new AssentError('node-behind', 'This node is taking in a snapshot.'));
    this.#options.onAnswered?.();
    this.#append([], undefined, () => {
      let refusal: AssentError | undefined;
      try {
        const { operations, mark } = installationOperations(this.#options.store, snapshot, before.stored);
        this.#append([...switchOperations(), ...operations], mark, () => this.#goOn(done, contradiction));
      } catch (error) {
        if (!(error instanceof AssentError) || error.code !== 'snapshot-invalid') throw error;
        refusal = error;
      }
      if (refusal !== undefined) this.#goOn(done, contradiction, refusal);
    });
  }

  /**
   * What the disk has damaged and others have is put in order while nothing is executed, signed or heard; then everything
   * is read from the disk as at a start. Whatever else a fault is ends the replica.
   */
  #faulted(fault: Error): void {
    const { mend, logger } = this.#options;
    const key = damagedKey(fault);
    if (this.#isStopped || mend === undefined || key === undefined || this.#mended >= mendedMax) {
      this.#end(fault);
      return;
    }
    this.#mended += 1;
    this.#isMending = true;
    logger.error({ reason: fault.message }, 'damage on the disk is in the way: others are asked');
    const before = this.#incarnation;
    before.retire(mendingError());
    this.#options.onAnswered?.();
    const { contradiction } = before.status();
    this.#append([], undefined, () => {
      this.#options.ledger.reload();
      mend(key).then(
        (isMended) => {
          if (isMended) this.#goOnMended(contradiction);
          else this.#end(fault);
        },
        (error: unknown) => this.#end(error as Error),
      );
    });
  }

  /** What was executed above the applied block is executed again, and may come across more. */
  #goOnMended(contradiction: string | undefined): void {
    if (this.#isStopped) return;
    try {
      this.#goOn(() => undefined, contradiction);
      this.#isMending = false;
      this.#options.logger.warn({}, 'damage on the disk was repaired: the node goes on');
    } catch (fault) {
      this.#faulted(fault as Error);
    }
  }

  #end(fault: Error): void {
    if (this.#isStopped) return;
    this.stop();
    this.#onFault(fault);
  }

  /** Begins anew with what the disk holds. What contradicted it before does so for as long as the process lives. */
  #goOn(done: (error?: AssentError) => void, contradiction: string | undefined, refusal?: AssentError): void {
    this.#options.ledger.reload();
    this.#incarnation = new Incarnation(this.#options, { isFirst: false, contradiction });
    this.#statusBefore = undefined;
    this.#options.onMembership?.(this.membership());
    done(refusal);
  }

  /** A bug or a poisoned disk stops the replica, here as anywhere. */
  #append(operations: readonly Operation[], mark: Uint8Array | undefined, next: () => void): void {
    this.#options.journal.append(operations, mark, (error) => {
      if (this.#isStopped) return;
      try {
        if (error !== undefined) throw error;
        next();
      } catch (fault) {
        this.#end(fault as Error);
      }
    });
  }

  /** Nothing is done after this. */
  stop(): void {
    this.#isStopped = true;
    this.#incarnation.stop(stoppingError());
  }
}
