import { present } from '../../base/index.ts';
import type { MerkleFrontier } from '../../crypto/portable.ts';
import type { Receipt } from '../results.ts';
import type { StreamRecord } from '../stream-records.ts';
import type { StateKey, StateView } from '../types/execution.ts';
import type { Child } from './nodes.ts';
import type { StateCache } from './state-cache.ts';
import type { StateChange, TreeUpdate } from './tree.ts';

/** What executing one block changed. */
export interface BlockChanges {
  readonly state: ReadonlyMap<StateKey, Uint8Array | undefined>;
  readonly tree: TreeUpdate<StateChange>;
  readonly receipts: readonly Receipt[];
  /** Their results, as they stand under `resultsRoot`. */
  readonly resultBytes: readonly Uint8Array[];
  /** By transaction, in block order: what it adds to index streams. */
  readonly streams: readonly (readonly StreamRecord[])[];
  /** Ids executed in this block. */
  readonly ids: ReadonlySet<string>;
}

export interface ChainPointFacts {
  readonly height: number;
  readonly term: number;
  readonly hash: Uint8Array;
  /** Milliseconds since the Unix epoch. */
  readonly timestamp: number;
  readonly configurationHash: Uint8Array;
  /** The state tree after this block, and its root. */
  readonly tree: Child;
  readonly stateRoot: Uint8Array;
  /** RFC 9162 frontier over block hashes up to and including this one. */
  readonly history: MerkleFrontier;
  /** The same without this block: what its header states. Undefined where an earlier version wrote the record. */
  readonly historyBefore: MerkleFrontier | undefined;
  /** Executed ids by minute of their `validUntil`. */
  readonly idBuckets: ReadonlyMap<number, MerkleFrontier>;
}

/**
 * The state after one block: an overlay on its parent's, down to the one whose changes are all in the store. Points are
 * never changed, but for {@link settle}: once its block's changes are durable, a point reads from the store.
 */
export class ChainPoint implements StateView {
  readonly facts: ChainPointFacts;
  /** The state in the store, shared by all points of a ledger. */
  readonly committed: StateCache;
  #parent: ChainPoint | undefined;
  #changes: BlockChanges | undefined;

  constructor(committed: StateCache, facts: ChainPointFacts, overlay?: { parent: ChainPoint; changes: BlockChanges }) {
    this.facts = facts;
    this.committed = committed;
    this.#parent = overlay?.parent;
    this.#changes = overlay?.changes;
  }

  /** Of a point that is not settled. */
  get changes(): BlockChanges {
    return present(this.#changes, 'a settled point has no changes left');
  }

  get parent(): ChainPoint | undefined {
    return this.#parent;
  }

  /** This block's changes, and with them all its ancestors', are in the store. */
  settle(): void {
    this.committed.settle(this.changes, this.facts.timestamp);
    this.#parent = undefined;
    this.#changes = undefined;
  }

  get(key: StateKey): Uint8Array | undefined {
    for (let point: ChainPoint | undefined = this; point !== undefined; point = point.#parent) {
      const changed = point.#changes?.state;
      if (changed?.has(key)) return changed.get(key);
    }
    return this.committed.get(key);
  }

  /** Whether the chain up to this block has executed the transaction. */
  hasExecuted(transaction: { readonly id: Uint8Array; readonly idHex: string; readonly validUntil: number }): boolean {
    for (let point: ChainPoint | undefined = this; point !== undefined; point = point.#parent) {
      if (point.#changes?.ids.has(transaction.idHex)) return true;
    }
    return this.committed.hasExecuted(transaction);
  }
}
