import { equalBytes, toHex } from '../../base/index.ts';
import type { ProposalSlot, Raft } from '../../consensus/index.ts';
import { encodeNodeId } from '../../crypto/index.ts';
import type { MayGoOn } from '../../ledger/index.ts';
import type { BlockBodies } from './block-bodies.ts';
import type { ReplicaOptions } from './replica-options.ts';
import { type Begun, Sealer } from './sealer.ts';
import type { TransactionPool } from './transaction-pool.ts';

interface BegunBlock extends Begun {
  readonly enactsChange: boolean;
  readonly idle: boolean;
}

/** A leader's part: offers the core a block whenever it has a place for one and there is a reason to seal it. */
export class Proposer {
  readonly #options: Pick<ReplicaOptions, 'ledger' | 'nodeKey' | 'clock'>;
  readonly #raft: Raft;
  readonly #bodies: BlockBodies;
  readonly #pool: TransactionPool;
  readonly #sealer: Sealer;
  #begun: BegunBlock | undefined;

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

  /** Seals one block, or one more slice of it, if the core has a place for it and there is a reason to. */
  seal(mayGoOn: MayGoOn, idle = false): 'sealed' | 'unfinished' | 'nothing' {
    const { clock, nodeKey } = this.#options;
    const slot = this.#raft.proposalSlot(clock.nowMs());
    // What was begun for a place that is gone is let go: its transactions wait still.
    const held = this.#begun;
    this.#begun = undefined;
    if (slot === undefined) return 'nothing';
    const begun = held !== undefined && isFor(held, slot) ? held : this.#begin(slot, idle);
    if (begun === undefined) return 'nothing';
    if (!this.#sealer.step(begun, mayGoOn)) {
      this.#begun = begun;
      return 'unfinished';
    }
    const { enactsChange } = begun;
    const { draft, reference, accept } = this.#sealer.finish(begun, slot, enactsChange);
    const isEmptyWanted = slot.mandatory || begun.idle || enactsChange || this.#sealer.timeBlockDue(slot.parent.hash);
    if (draft.transactions.length === 0 && !isEmptyWanted) return 'nothing';
    if (!this.#raft.propose(reference)) return 'nothing';
    accept();
    this.#bodies.attach(reference, draft.sign(nodeKey));
    this.#pool.place(toHex(draft.hash), draft.transactions);
    return 'sealed';
  }

  /** Undefined when there is no reason to seal. */
  #begin(slot: ProposalSlot, idle: boolean): BegunBlock | undefined {
    const { ledger } = this.#options;
    const { hash: parentHash, height: parentHeight } = slot.parent;
    const uncommittedBlocks = parentHeight - ledger.committedHeight;
    const enactsChange = slot.mayChange && this.#isChangeDue(parentHash);
    const hasWork = slot.mandatory || idle || enactsChange || this.#sealer.hasWork(uncommittedBlocks, parentHash);
    if (!hasWork) return undefined;
    ledger.demandRulesAfter(parentHash);
    return { ...this.#sealer.begin(slot), enactsChange, idle };
  }

  /** Seals an empty block where an open deadline calls for one. */
  sealIdle(mayGoOn: MayGoOn): ReturnType<Proposer['seal']> {
    const isDue = this.#sealer.deadlineBlockDue(this.#raft.status().tip.hash);
    return isDue ? this.seal(mayGoOn, true) : 'nothing';
  }

  /** Whether a change of the configuration waits in the state, and now is the time for it. */
  #isChangeDue(parentHash: Uint8Array): boolean {
    const change = this.#options.ledger.pendingChange(parentHash);
    return change !== undefined && this.#raft.mayEnact({ step: change.step, nodeId: encodeNodeId(change.publicKey) });
  }
}

function isFor({ parent, term }: BegunBlock, slot: ProposalSlot): boolean {
  return term === slot.term && equalBytes(parent.hash, slot.parent.hash);
}
