import { toHex } from '../../base/index.ts';
import type { Raft } from '../../consensus/index.ts';
import { encodeNodeId } from '../../crypto/index.ts';
import type { BlockBodies } from './block-bodies.ts';
import type { ReplicaOptions } from './replica-options.ts';
import { Sealer } from './sealer.ts';
import type { TransactionPool } from './transaction-pool.ts';

/** A leader's part: offers the core a block whenever it has a place for one and there is a reason to seal it. */
export class Proposer {
  readonly #options: Pick<ReplicaOptions, 'ledger' | 'nodeKey' | 'clock'>;
  readonly #raft: Raft;
  readonly #bodies: BlockBodies;
  readonly #pool: TransactionPool;
  readonly #sealer: Sealer;

  constructor(
    options: Pick<ReplicaOptions, 'ledger' | 'nodeKey' | 'clock' | 'workMs'>,
    parts: { readonly raft: Raft; readonly bodies: BlockBodies; readonly pool: TransactionPool },
  ) {
    const { ledger, nodeKey, clock, workMs = () => clock.monotonicMs() } = options;
    this.#options = options;
    this.#raft = parts.raft;
    this.#bodies = parts.bodies;
    this.#pool = parts.pool;
    this.#sealer = new Sealer({ ledger, nodeKey, clock, workMs, pool: parts.pool });
  }

  /** Seals one block if the core has a place for it and there is a reason to. */
  seal(idle = false): boolean {
    const { clock, ledger, nodeKey } = this.#options;
    const slot = this.#raft.proposalSlot(clock.nowMs());
    if (slot === undefined) return false;
    const { hash: parentHash, height: parentHeight } = slot.parent;
    const uncommittedBlocks = parentHeight - ledger.committedHeight;
    const enactsChange = slot.mayChange && this.#isChangeDue(parentHash);
    const hasWork = slot.mandatory || idle || enactsChange || this.#sealer.hasWork(uncommittedBlocks, parentHash);
    if (!hasWork) return false;
    ledger.demandRulesAfter(parentHash);
    const { draft, reference, accept } = this.#sealer.seal(slot, enactsChange);
    const isEmptyWanted = slot.mandatory || idle || enactsChange || this.#sealer.timeBlockDue(parentHash);
    if (draft.transactions.length === 0 && !isEmptyWanted) return false;
    if (!this.#raft.propose(reference)) return false;
    accept();
    this.#bodies.attach(reference, draft.sign(nodeKey));
    this.#pool.place(toHex(draft.hash), draft.transactions);
    return true;
  }

  /** Seals an empty block where an open deadline calls for one. */
  sealIdle(): boolean {
    return this.#sealer.deadlineBlockDue(this.#raft.status().tip.hash) && this.seal(true);
  }

  /** Whether a change of the configuration waits in the state, and now is the time for it. */
  #isChangeDue(parentHash: Uint8Array): boolean {
    const change = this.#options.ledger.pendingChange(parentHash);
    return change !== undefined && this.#raft.mayEnact({ step: change.step, nodeId: encodeNodeId(change.publicKey) });
  }
}
