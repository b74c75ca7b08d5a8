import type { AssentError, Clock, Logger, Random } from '../../base/index.ts';
import type { BlockReference, RaftLimits, RaftParameters, RaftStatus } from '../../consensus/index.ts';
import type { NodeId, Signer, VerifySignature } from '../../crypto/index.ts';
import type { Ledger, MayGoOn } from '../../ledger/index.ts';
import type { Journal, Store } from '../../storage/index.ts';
import type { VerifyTransactions } from './execution-queue.ts';
import type { LeaseEnd } from './in-force/holder.ts';
import type { PoolLimits } from './transaction-pool.ts';

export type ReplicaChannel = 'heartbeat' | 'replication' | 'forwarding';

export interface ReplicaOptions {
  readonly nodeKey: Signer;
  /** Opened on the genesis batch, over `store`. */
  readonly ledger: Ledger;
  readonly store: Store;
  readonly journal: Journal;
  readonly verify: VerifySignature;
  readonly verifyTransactions: VerifyTransactions;
  readonly clock: Clock;
  /** Time that this thread has worked, in milliseconds; without it the clock's stands for it. */
  readonly workMs?: () => number;
  readonly random: Random;
  readonly logger: Logger;
  /** False when the frame was dropped; consensus and forwarding send again by themselves. */
  readonly send: (to: NodeId, channel: ReplicaChannel, frame: Uint8Array) => boolean;
  /** What was sent in this turn leaves now: the turn goes on with something long. */
  readonly flush?: () => void;
  /** How long blocks may hold the thread; without it each is executed in one go. */
  readonly slicing?: Slicing;
  /** The node cannot go on: a poisoned disk, a divergence, a bug. Called once; nothing is done afterwards. */
  readonly onFault: (error: Error) => void;
  /**
   * Puts in order the value under a key of the state that execution came across as damaged, while the replica does nothing:
   * true where it can be read again. Without it, damage is a fault.
   */
  readonly mend?: (key: string) => Promise<boolean>;
  /** Submitters were told what a certified block did; its commit is yet to be written. */
  readonly onAnswered?: () => void;
  /** A block's effects are durable. */
  readonly onCommitted?: (block: BlockReference, transactionCount: number) => void;
  /** A peer sent something that no correct node sends. */
  readonly onBadFrame?: (from: NodeId, error: AssentError) => void;
  /** The configuration changed, or a change of it is certified. */
  readonly onMembership?: (membership: Membership) => void;
  /** Until when this node's decisions hold all that is in force without a question to others; each end is told once. */
  readonly onLease?: (end: LeaseEnd) => void;
  /** Nodes that the operator named for the first contact: heard before the chain names them. */
  readonly seeds?: readonly NodeId[];
  readonly parameters?: Partial<RaftParameters>;
  readonly limits?: Partial<RaftLimits>;
  readonly poolLimits?: PoolLimits;
  /** How long a promise of a lease binds, the same on all nodes; see {@link leaseTimesOf}. */
  readonly leaseMs?: number;
}

/** A block is executed in slices: between two of them the thread does what else is to be done. */
export interface Slicing {
  /** A slice begins: whether it may go on is asked after each transaction. */
  readonly begin: () => MayGoOn;
  /** Calls back, once, when all that waits now had its turn. */
  readonly pause: (goOn: () => void) => void;
}

export interface Membership {
  /** The nodes that may connect. */
  readonly connected: ReadonlySet<NodeId>;
  /** Where a certified block removed this node: it has no more part in the ledger. */
  readonly removedAtHeight?: number;
}

export interface ReplicaStatus extends RaftStatus {
  /** Height whose effects are durable and readable. */
  readonly appliedHeight: number;
  readonly pending: number;
  /** Linearizable reads that wait. */
  readonly readers: number;
}
