import { AssentError } from '../../../base/index.ts';
import type { BlockReference } from '../../../consensus/index.ts';
import type { NodeId } from '../../../crypto/index.ts';
import { readOrBlame } from '../peer-bytes.ts';
import { periods } from '../periods.ts';
import { decodeReachMessage, encodeReachMessage, type ReachWord } from './wire.ts';

/** The most that wait at a time. */
export const reachWaitersMax = 1024;
/** A node that lacks more blocks than this does not promise to tell: whoever wants to know asks again. */
const blocksAheadMax = 1024;

export interface ReachOptions {
  readonly nodeId: NodeId;
  readonly word: ReachWord;
  /** The nodes of every configuration that counts: one that a change removes counts until the change is certified. */
  readonly nodes: () => ReadonlySet<NodeId>;
  /** The newest block of which this node can say the word. */
  readonly height: () => number;
  /** Somebody waits for a block of which this node cannot say it yet. */
  readonly hasten?: (height: number) => void;
  /** Whether nobody has to wait for this node's word on the block. */
  readonly isExcused?: (nodeId: NodeId, height: number) => boolean;
  /** Whether what all nodes say counts by now. */
  readonly isSettled?: () => boolean;
  readonly send: (to: NodeId, frame: Uint8Array) => void;
  /** A peer sent what no correct node sends. */
  readonly blame: (from: NodeId, error: AssentError) => void;
}

/**
 * Told once: the newest block of which each of the nodes, and this one, said the word, 0 where it said nothing; and whether
 * that is all that was waited for.
 */
export type ReachListener = (said: ReadonlyMap<NodeId, number>, isThere: boolean) => void;

interface Waiter {
  readonly height: number;
  /** Tick at which it came. */
  readonly since: number;
  readonly done: ReachListener;
  /** The most that each other node has said meanwhile. What it said before, it may have lost with its disk. */
  readonly said: Map<NodeId, number>;
}

/**
 * Which nodes have come as far as a block, as they say themselves: see {@link ReachWord}. Messages may be lost or repeated:
 * heights only rise, and who waits asks again.
 */
export class Reach {
  readonly #options: ReachOptions;
  /** The block that each other node asked for last: the lowest that it waits for. */
  readonly #wanted = new Map<NodeId, number>();
  readonly #waiters = new Set<Waiter>();
  /** The block that each other node was asked about last, until it answers. */
  readonly #questions = new Map<NodeId, number>();
  #ticks = 0;
  #isClosed = false;

  constructor(options: ReachOptions) {
    this.#options = options;
  }

  /**
   * Calls back once, at once or later: when every node of the configuration has said the word of the block or is excused, or
   * when this replica ends, or when the returned function is called. Throws `overloaded`.
   */
  wait(height: number, done: ReachListener): () => void {
    if (this.#waiters.size >= reachWaitersMax)
      throw new AssentError('overloaded', `${reachWaitersMax} requests wait for other nodes to have a block.`);
    const waiter: Waiter = { height, since: this.#ticks, done, said: new Map() };
    this.#waiters.add(waiter);
    if (this.#isClosed) this.#end([waiter], false);
    // Of the others nothing is known that was not before.
    else this.#settle([waiter]);
    if (!this.#waiters.has(waiter)) return () => undefined;
    // Requests that wait for one block ask once, also while a lower one is asked about.
    for (const nodeId of this.#nodes) if (this.#questions.get(nodeId) !== height) this.#ask(nodeId, 'once');
    this.#hasten(height);
    return () => {
      if (this.#waiters.has(waiter)) this.#end([waiter], false);
    };
  }

  /** Takes a frame of a peer. */
  receive(from: NodeId, frame: Uint8Array): void {
    const message = readOrBlame(
      () => decodeReachMessage(frame),
      (error) => this.#options.blame(from, error),
    );
    if (message?.isQuestion === false) this.#heard(from, message.height);
    else if (message !== undefined) this.#asked(from, message.height);
  }

  /** Whether somebody waits for this node's word on this very block. */
  awaits({ height }: BlockReference): boolean {
    for (const wanted of this.#wanted.values()) if (wanted === height) return true;
    for (const waiter of this.#waiters) if (waiter.height === height) return true;
    return false;
  }

  /** There is a newer block of which this node can say the word. */
  advanced(): void {
    const newest = this.#options.height();
    for (const [nodeId, height] of this.#wanted) if (height <= newest) this.#tell(nodeId);
    this.settle();
  }

  /** One tick of the driver's clock. */
  tick(ticks: number): void {
    this.#ticks = ticks;
    if (this.#waiters.size === 0) return;
    // The configuration may be another one by now.
    this.settle();
    if (ticks % periods.reachAsk === 0) for (const nodeId of this.#nodes) this.#ask(nodeId);
  }

  /** Other nodes whose word is waited for, for so many ticks or longer; and the newest block up to a height on which it is. */
  missing(ticksMin: number, heightMax: number): ReadonlyMap<NodeId, number> {
    const missing = new Map<NodeId, number>();
    if (this.#waiters.size === 0) return missing;
    const nodes = this.#nodes;
    for (const { height, since, said } of this.#waiters) {
      if (this.#ticks - since < ticksMin || height > heightMax) continue;
      for (const nodeId of nodes) {
        if (nodeId === this.#options.nodeId || height <= Math.max(said.get(nodeId) ?? 0, missing.get(nodeId) ?? 0))
          continue;
        missing.set(nodeId, height);
      }
    }
    return missing;
  }

  /** Nobody waits any longer; others are still told. */
  close(): void {
    this.#isClosed = true;
    this.#end([...this.#waiters], false);
  }

  /** This one, too, where no configuration names it: what it has not applied may name others. */
  get #nodes(): readonly NodeId[] {
    return [...new Set([...this.#options.nodes(), this.#options.nodeId])];
  }

  #asked(from: NodeId, height: number): void {
    const newest = this.#options.height();
    if (height <= newest) this.#tell(from);
    else if (height <= newest + blocksAheadMax) {
      this.#wanted.set(from, height);
      this.#hasten(height);
    }
  }

  #heard(from: NodeId, height: number): void {
    if (height >= (this.#questions.get(from) ?? 0)) this.#questions.delete(from);
    let isNews = false;
    for (const waiter of this.#waiters) {
      if (height <= (waiter.said.get(from) ?? 0)) continue;
      waiter.said.set(from, height);
      isNews = true;
    }
    if (!isNews) return;
    this.settle();
    this.#ask(from);
  }

  #tell(to: NodeId): void {
    this.#wanted.delete(to);
    this.#send(to, false, this.#options.height());
  }

  /** For the lowest block that somebody waits for and the node has not said it has. */
  #ask(nodeId: NodeId, how: 'once' | 'again' = 'again'): void {
    if (nodeId === this.#options.nodeId) return;
    let lowest = Number.POSITIVE_INFINITY;
    for (const { height, said } of this.#waiters)
      if (height > (said.get(nodeId) ?? 0) && height < lowest) lowest = height;
    if (!Number.isFinite(lowest) || (how === 'once' && this.#questions.get(nodeId) === lowest)) return;
    this.#questions.set(nodeId, lowest);
    this.#send(nodeId, true, lowest);
  }

  #send(to: NodeId, isQuestion: boolean, height: number): void {
    this.#options.send(to, encodeReachMessage({ word: this.#options.word, isQuestion, height }));
  }

  #saidBy(nodeId: NodeId, { said }: Waiter): number {
    const { nodeId: self, height } = this.#options;
    return nodeId === self ? height() : (said.get(nodeId) ?? 0);
  }

  #hasten(height: number): void {
    if (height > this.#options.height()) this.#options.hasten?.(height);
  }

  /** Ends what is over: also when another node is excused by now. */
  settle(): void {
    if (this.#waiters.size > 0) this.#settle([...this.#waiters]);
  }

  #settle(waiters: readonly Waiter[]): void {
    const { isExcused, isSettled } = this.#options;
    if (isSettled?.() === false) return;
    const nodes = this.#nodes;
    const isThere = (waiter: Waiter): boolean =>
      nodes.every(
        (nodeId) => this.#saidBy(nodeId, waiter) >= waiter.height || isExcused?.(nodeId, waiter.height) === true,
      );
    this.#end(waiters.filter(isThere), true);
  }

  #end(waiters: readonly Waiter[], isThere: boolean): void {
    const nodes = this.#nodes;
    for (const waiter of waiters) this.#waiters.delete(waiter);
    for (const waiter of waiters)
      waiter.done(new Map(nodes.map((nodeId) => [nodeId, this.#saidBy(nodeId, waiter)])), isThere);
  }
}
