import { AssentError, latin1Text } from '../../base/index.ts';
import { sha256Latin1 } from '../../crypto/portable.ts';
import type { Store } from '../../storage/index.ts';
import { readAppliedRecord } from '../chain-store.ts';
import { readPruned } from '../pruning/pruned.ts';
import { type Child, hashOf } from '../state/nodes.ts';
import { joinParts, partCount } from '../state/parts.ts';
import { proveState } from '../state/prove.ts';
import type { StateProof } from '../state-proof.ts';
import type { StateKey } from '../types/execution.ts';
import { PastTree, type Pause } from './past-tree.ts';
import { notKept } from './past-value.ts';

/** Proofs that wait while one is made. */
const waitingMax = 8;
/** Heights of which the tops of the trees are remembered: 256 hashes each. */
const heightsMax = 64;

/** To look one up costs as much as to go through some ten records. */
const recentChangesMax = 20_000;

/** What stood under a key after a block, or that nothing did, and the proof in that block's `stateRoot`. */
export interface PastProof {
  readonly value: Uint8Array | undefined;
  readonly proof: StateProof;
}

/**
 * Proves what stood in the state after blocks of the past. No older tree is kept: it is made again from the newest one and
 * the values that later blocks replaced, which takes time in proportion to how many keys changed since; the tree's parts
 * are remembered by their hashes, so that the next proof of the same height makes one of them. One proof is made at a
 * time, in slices.
 */
export class PastProofs {
  readonly #store: Store;
  readonly #pause: Pause;
  readonly #recentChangesMax: number;
  /** By height; what was asked for last is last. */
  readonly #known = new Map<number, readonly Child[]>();
  #turn: Promise<unknown> = Promise.resolve();
  #waiting = 0;

  constructor(store: Store, pause: Pause, recentChanges: number = recentChangesMax) {
    this.#store = store;
    this.#pause = pause;
    this.#recentChangesMax = recentChanges;
  }

  /**
   * `stateRoot` is what the header of that block says. Throws `history-not-kept`, `overloaded`; `storage-damaged` where
   * what is kept does not come to this root: no wrong proof is given.
   */
  prove(height: number, stateRoot: Uint8Array, key: StateKey): Promise<PastProof> {
    if (this.#waiting >= waitingMax)
      return Promise.reject(
        new AssentError('overloaded', 'Other proofs of older states are being made; each takes its time.'),
      );
    this.#waiting += 1;
    const made = this.#turn.then(() => this.#prove(height, stateRoot, key));
    // The next one does not depend on how this one ended.
    this.#turn = made
      .catch(() => undefined)
      .then(() => {
        this.#waiting -= 1;
      });
    return made;
  }

  /** When what is being made has ended. */
  async ended(): Promise<void> {
    await this.#turn;
  }

  async #prove(height: number, stateRoot: Uint8Array, key: StateKey): Promise<PastProof> {
    await this.#pause();
    const snapshot = this.#store.snapshot();
    try {
      const applied = readAppliedRecord(snapshot);
      const pastFrom = Math.max(applied.pastFrom, readPruned(snapshot).through);
      if (height < pastFrom) throw notKept(height, pastFrom);
      const options = { height, pause: this.#pause, recentChangesMax: this.#recentChangesMax };
      const past = await PastTree.open(snapshot, applied, options);
      const own = sha256Latin1(key).charCodeAt(0);
      const known = this.#known.get(height);
      const parts: Child[] = [];
      for (let part = 0; part < partCount; part++)
        parts.push(known !== undefined && part !== own ? known[part] : inShort(await past.part(part), part !== own));
      const root = joinParts(parts);
      if (hashOf(root) !== latin1Text(stateRoot))
        throw new AssentError('storage-damaged', `what is kept of the state after block ${height} is not that state`);
      this.#remember(height, parts);
      return { value: await past.value(key), proof: proveState(root, key, past.read) };
    } finally {
      await snapshot.close();
    }
  }

  #remember(height: number, parts: readonly Child[]): void {
    this.#known.delete(height);
    this.#known.set(
      height,
      parts.map((part) => inShort(part, true)),
    );
    for (const oldest of this.#known.keys()) {
      if (this.#known.size <= heightsMax) break;
      this.#known.delete(oldest);
    }
  }
}

function inShort(part: Child, isShort: boolean): Child {
  return isShort && part?.type === 'inner' ? { type: 'stub', hash: part.hash } : part;
}
