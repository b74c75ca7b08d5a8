import { AssentError } from '../../../base/index.ts';
import type { BlockReference } from '../../../consensus/index.ts';
import type { NodeId } from '../../../crypto/index.ts';
import { readOrBlame } from '../peer-bytes.ts';
import { periods } from '../periods.ts';
import { decodeReachMessage, encodeReachMessage, type ReachMessage } from './wire.ts';

/** The most that wait at a time. */
export const reachWaitersMax = 1024;
/** A node that lacks more blocks than this does not promise to tell: whoever wants to know asks again. */
const blocksAheadMax = 1024;

export interface ReachOptions {
  readonly nodeId: NodeId;
  /** The nodes of every configuration that counts: one that a change removes counts until the change is certified. */
  readonly nodes: () => ReadonlySet<NodeId>;
  /** What a node has applied is on its disk: it never goes back behind it. The applied height is never ahead. */
  readonly heights: { readonly certified: () => number; readonly applied: () => number };
  /** Writes commits that wait for the next append. */
  readonly hasten: () => void;
  readonly send: (to: NodeId, frame: Uint8Array) => void;
  /** A peer sent what no correct node sends. */
  readonly blame: (from: NodeId, error: AssentError) => void;
}

/** Told once: the newest block that each of the nodes, and this one, said it has applied, 0 where it said nothing. */
export type ReachListener = (applied: ReadonlyMap<NodeId, number>) => void;

interface Waiter {
  readonly height: number;
  readonly done: ReachListener;
  /** The most that each other node has said meanwhile. What it said before, it may have lost with its disk. */
  readonly said: Map<NodeId, number>;
}

/**
 * Which nodes have applied a block, as they say themselves. A node that has will not decide on an older state again, so when
 * all of them have, what the block revokes is revoked everywhere. Messages may be lost or repeated: heights only rise, and
 * who waits asks again.
 */
export class Reach {
  readonly #options: ReachOptions;
  /** The block that each other node asked for last: the lowest that it waits for. */
  readonly #wanted = new Map<NodeId, number>();
  readonly #waiters = new Set<Waiter>();
  #isClosed = false;

  constructor(options: ReachOptions) {
    this.#options = options;
  }

  /**
   * Calls back once, at once or later: when every node of the configuration has applied the block, or when this replica
   * ends, or when the returned function is called. Throws `overloaded`.
   */
  wait(height: number, done: ReachListener): () => void {
    if (this.#waiters.size >= reachWaitersMax)
      throw new AssentError('overloaded', `${reachWaitersMax} requests wait for a block to be applied everywhere.`);
    const waiter: Waiter = { height, done, said: new Map() };
    this.#waiters.add(waiter);
    if (this.#isClosed) this.#end([waiter]);
    else this.#settle();
    if (!this.#waiters.has(waiter)) return () => undefined;
    for (const nodeId of this.#nodes) this.#ask(nodeId);
    this.#hastenFor(height);
    return () => {
      if (this.#waiters.has(waiter)) this.#end([waiter]);
    };
  }

  /** Takes a frame of a peer. */
  receive(from: NodeId, frame: Uint8Array): void {
    const message = readOrBlame(
      () => decodeReachMessage(frame),
      (error) => this.#options.blame(from, error),
    );
    if (message?.type === 'applied') this.#heard(from, message.height);
    else if (message?.type === 'applied-wanted') this.#asked(from, message.height);
  }

  /** Whether somebody waits for this very block to be applied here. */
  awaits({ height }: BlockReference): boolean {
    for (const wanted of this.#wanted.values()) if (wanted === height) return true;
    for (const waiter of this.#waiters) if (waiter.height === height) return true;
    return false;
  }

  /** A block has been applied here. */
  advanced(): void {
    const applied = this.#options.heights.applied();
    for (const [nodeId, height] of this.#wanted) if (height <= applied) this.#tell(nodeId);
    this.#settle();
  }

  /** One tick of the driver's clock. */
  tick(ticks: number): void {
    if (this.#waiters.size === 0) return;
    // The configuration may be another one by now.
    this.#settle();
    if (ticks % periods.reachAsk === 0) for (const nodeId of this.#nodes) this.#ask(nodeId);
  }

  /** Nobody waits any longer; others are still told. */
  close(): void {
    this.#isClosed = true;
    this.#end([...this.#waiters]);
  }

  /** This one, too, where no configuration names it: what it has not applied may name others. */
  get #nodes(): readonly NodeId[] {
    return [...new Set([...this.#options.nodes(), this.#options.nodeId])];
  }

  #asked(from: NodeId, height: number): void {
    const applied = this.#options.heights.applied();
    if (height <= applied) this.#tell(from);
    else if (height <= applied + blocksAheadMax) {
      this.#wanted.set(from, height);
      this.#hastenFor(height);
    }
  }

  #heard(from: NodeId, height: number): void {
    let isNews = false;
    for (const waiter of this.#waiters) {
      if (height <= (waiter.said.get(from) ?? 0)) continue;
      waiter.said.set(from, height);
      isNews = true;
    }
    if (!isNews) return;
    this.#settle();
    this.#ask(from);
  }

  #tell(to: NodeId): void {
    this.#wanted.delete(to);
    this.#send(to, { type: 'applied', height: this.#options.heights.applied() });
  }

  /** For the lowest block that somebody waits for and the node has not said it has. */
  #ask(nodeId: NodeId): void {
    if (nodeId === this.#options.nodeId) return;
    let lowest = Number.POSITIVE_INFINITY;
    for (const { height, said } of this.#waiters)
      if (height > (said.get(nodeId) ?? 0) && height < lowest) lowest = height;
    if (Number.isFinite(lowest)) this.#send(nodeId, { type: 'applied-wanted', height: lowest });
  }

  #send(to: NodeId, message: ReachMessage): void {
    this.#options.send(to, encodeReachMessage(message));
  }

  #appliedBy(nodeId: NodeId, { said }: Waiter): number {
    const { nodeId: self, heights } = this.#options;
    return nodeId === self ? heights.applied() : (said.get(nodeId) ?? 0);
  }

  #hastenFor(height: number): void {
    const { heights, hasten } = this.#options;
    if (height > heights.applied() && height <= heights.certified()) hasten();
  }

  #settle(): void {
    if (this.#waiters.size === 0) return;
    const nodes = this.#nodes;
    const isThere = (waiter: Waiter): boolean =>
      nodes.every((nodeId) => this.#appliedBy(nodeId, waiter) >= waiter.height);
    this.#end([...this.#waiters].filter(isThere));
  }

  #end(waiters: readonly Waiter[]): void {
    const nodes = this.#nodes;
    for (const waiter of waiters) this.#waiters.delete(waiter);
    for (const waiter of waiters)
      waiter.done(new Map(nodes.map((nodeId) => [nodeId, this.#appliedBy(nodeId, waiter)])));
  }
}
