import { assert, present, toHex } from '../../base/index.ts';
import type { Receipt } from '../results.ts';
import type { ChainPoint } from '../state/chain-point.ts';
import type { Child } from '../state/nodes.ts';
import type { StateKey } from '../types/execution.ts';
import type { VerifiedTransaction } from '../verified-transaction.ts';

/** What a block changed in the state, by key; undefined: nothing stands there any more. */
export type StateChanges = ReadonlyMap<StateKey, Uint8Array | undefined>;

/** Told what the newly certified blocks changed, the oldest first; undefined: the chain began again, elsewhere. */
export type CertifiedListener = (changes: readonly StateChanges[] | undefined) => void;

/** The executed blocks on which others can be built: the newest one that is durable, and those that are not, by hash. */
export class Chain {
  readonly #points = new Map<string, ChainPoint>();
  #applied: ChainPoint;
  /** Ahead of `#applied` while its batch is being written. */
  #committed: ChainPoint;
  /** Ahead of `#committed` while the block itself is being written. */
  #certified: ChainPoint;
  #listener: CertifiedListener | undefined;

  constructor(applied: ChainPoint) {
    this.#applied = applied;
    this.#committed = applied;
    this.#certified = applied;
    this.#points.set(toHex(applied.facts.hash), applied);
  }

  /** Forgets all blocks but this one. */
  beginAgain(applied: ChainPoint): void {
    this.#applied = applied;
    this.#committed = applied;
    this.#certified = applied;
    this.#points.clear();
    this.add(applied);
    this.#listener?.(undefined);
  }

  /** There is one listener. It is told when {@link certified} is what it is told of. */
  onCertified(listener: CertifiedListener): void {
    this.#listener = listener;
  }

  /** The newest point whose batch is durable. */
  get applied(): ChainPoint {
    return this.#applied;
  }

  /** The newest committed point. */
  get committed(): ChainPoint {
    return this.#committed;
  }

  /** The newest point that a certificate covers. */
  get certified(): ChainPoint {
    return this.#certified;
  }

  find(hash: Uint8Array): ChainPoint | undefined {
    return this.#points.get(toHex(hash));
  }

  at(hash: Uint8Array): ChainPoint {
    return present(this.find(hash), 'a block is executed before anything is asked of it');
  }

  add(point: ChainPoint): void {
    this.#points.set(toHex(point.facts.hash), point);
  }

  /** Forgets a block that left the chain. */
  discard(hash: Uint8Array): void {
    const point = this.find(hash);
    if (point === undefined) return;
    for (let kept: ChainPoint | undefined = this.#certified; kept !== undefined; kept = kept.parent)
      assert(point !== kept, 'a certified block never leaves the chain');
    this.#points.delete(toHex(hash));
  }

  certify(hash: Uint8Array): void {
    const point = this.at(hash);
    assert(point.facts.height >= this.#certified.facts.height, 'what is certified stays');
    this.#advance(point);
  }

  #advance(point: ChainPoint): void {
    const before = this.#certified;
    this.#certified = point;
    if (this.#listener === undefined || point === before) return;
    const newestFirst: StateChanges[] = [];
    for (let newer = point; newer !== before; newer = present(newer.parent, 'what is certified stays'))
      newestFirst.push(newer.changes.state);
    this.#listener(newestFirst.reverse());
  }

  /** Goes on by the child of the block committed before. */
  commit(hash: Uint8Array): ChainPoint {
    const point = this.at(hash);
    assert(point.facts.height === this.#committed.facts.height + 1, 'blocks are committed one after another');
    assert(point.parent === this.#committed, 'a committed block extends the committed chain');
    this.#committed = point;
    if (point.facts.height > this.#certified.facts.height) this.#advance(point);
    return point;
  }

  /** The block's batch is durable. */
  settle(hash: Uint8Array): ChainPoint {
    const point = this.at(hash);
    assert(point.facts.height === this.#applied.facts.height + 1, 'blocks settle one after another');
    this.#applied = point;
    // Nothing can be built on the block before, nor on the branches that this one won over.
    for (const [key, other] of this.#points)
      if (other !== point && other.facts.height <= point.facts.height) this.#points.delete(key);
    point.settle();
    return point;
  }

  /** The trees of the committed blocks down to the applied one, newest first. */
  get committedTrees(): Child[] {
    const newestFirst: Child[] = [];
    for (let point: ChainPoint | undefined = this.#committed; point !== undefined; point = point.parent) {
      newestFirst.push(point.facts.tree);
      if (point === this.#applied) break;
    }
    return newestFirst;
  }

  /** Of a transaction that is executed in a durable block. */
  receiptOf(transaction: VerifiedTransaction): Receipt | undefined {
    return this.#applied.committed.receipt(transaction);
  }

  /** Whether it is executed in a durable block, also where its receipt is not kept. */
  hasExecuted(transaction: VerifiedTransaction): boolean {
    return this.#applied.committed.hasExecuted(transaction);
  }
}
