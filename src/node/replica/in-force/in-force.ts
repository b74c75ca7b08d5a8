import type { AssentError, Clock, Random } from '../../../base/index.ts';
import { type Configuration, countVoters, type Electorate, electorateOf } from '../../../consensus/index.ts';
import type { NodeId } from '../../../crypto/index.ts';
import { readOrBlame } from '../peer-bytes.ts';
import { periods } from '../periods.ts';
import { Reach } from '../reach/reach.ts';
import { reachWordOf } from '../reach/wire.ts';
import { LeaseGrantor } from './grantor.ts';
import { type LeaseEnd, LeaseHolder, type Settled } from './holder.ts';
import type { LeaseTimes } from './terms.ts';
import {
  decodeLeaseMessage,
  encodeLeaseMessage,
  isLeaseFrame,
  isSame,
  type LeaseMessage,
  type LeaseTerm,
} from './wire.ts';

/**
 * What a node that has not said that it decides on a block may do. `barred`: nothing by itself, until it has caught up;
 * `unknown`: it may hold a lease, and decide on an older state.
 */
export type Standing = 'barred' | 'unknown';

/** What waiting for a block to be in force came to. */
export interface InForceWord {
  readonly isInForce: boolean;
  /** The nodes that have not said that they decide on it. */
  readonly others: ReadonlyMap<NodeId, Standing>;
}

/** Told once. */
export type InForceListener = (word: InForceWord) => void;

export interface InForceOptions {
  readonly nodeId: NodeId;
  /** The nodes of every configuration that counts: one that a change removes counts until the change is certified. */
  readonly nodes: () => ReadonlySet<NodeId>;
  /** The newest certified configuration that this node knows of, and the one at the end of its chain. */
  readonly newestCertified: () => Settled;
  readonly atTip: () => Configuration;
  /** Height of the newest change that a certificate covers in this node's chain. */
  readonly certifiedChangeHeight: () => number;
  /** The newest certified block that this node executed: from when a block counts here, no decision is made without it. */
  readonly decides: () => number;
  readonly clock: Clock;
  readonly times: LeaseTimes;
  readonly random: Random;
  /** Calls back when this node decides on all that was committed anywhere before the call, or with why it cannot tell. */
  readonly read: (done: (error?: AssentError) => void) => void;
  readonly send: (to: NodeId, frame: Uint8Array) => void;
  /** A peer sent what no correct node sends. */
  readonly blame: (from: NodeId, error: AssentError) => void;
  readonly onLease: (end: LeaseEnd) => void;
}

/**
 * Read leases of a majority (after "quorum leases": Moraru, Andersen, Kaminsky, SoCC 2014), for decisions without a question
 * to others. A block is in force when every node has said that it decides on it, or a majority of the voters has barred it:
 * their promises to it have run out, and they make none below the block. A node that holds promises of a majority so decides
 * on all that was in force when it looked: one of the voters is in both majorities.
 *
 * Clocks are believed in one thing, that they run at most 10 % too fast or too slow, and by nobody but who asks for a lease.
 */
export class InForce {
  readonly #options: InForceOptions;
  readonly #holder: LeaseHolder;
  readonly #grantor: LeaseGrantor;
  readonly #reach: Reach;
  /** Of each node the voters that have barred it, each with the newest block. For ever: who forgets it learns of the block anew. */
  readonly #bars = new Map<NodeId, Map<NodeId, number>>();
  /** The newest block that others were asked to bar each node below. */
  readonly #barsWanted = new Map<NodeId, number>();
  #term: LeaseTerm;
  /** Until then there may be leases of configurations before the newest. */
  #oldTermsUntilMs: number;
  #hasBegun = false;
  #isReading = false;

  constructor(options: InForceOptions) {
    const { nodeId, nodes, decides, clock, times, random, onLease } = options;
    this.#options = options;
    const settled = (): Settled | undefined => this.#settled();
    const send = (to: NodeId, message: LeaseMessage): void => options.send(to, encodeLeaseMessage(message));
    this.#holder = new LeaseHolder({
      nodeId,
      clock,
      times,
      firstSequence: (bound) => random.below(bound),
      settled,
      decides,
      send,
      onLease,
    });
    const onBarred = (holder: NodeId, height: number): void => this.#barred(nodeId, holder, height);
    this.#grantor = new LeaseGrantor({ nodeId, clock, times, settled, nodes, decides, send, onBarred });
    this.#reach = new Reach({
      nodeId,
      word: 'decides',
      nodes,
      height: decides,
      isExcused: (other, height) => this.#isBarred(other, height),
      isSettled: () => this.#areOldTermsOver(),
      send: options.send,
      blame: options.blame,
    });
    this.#term = this.#newestTerm;
    const isFirst = this.#term.height === 0 && this.#term.generation === 0;
    this.#oldTermsUntilMs = isFirst ? Number.NEGATIVE_INFINITY : clock.monotonicMs() + times.boundMs;
  }

  /** Whether this node may decide by itself now. */
  get holdsLease(): boolean {
    return this.#holder.isHeld;
  }

  /**
   * Calls back once, at once or later: when the block is in force, or when this replica ends, or when the returned function
   * is called. Throws `overloaded`.
   */
  wait(height: number, done: InForceListener): () => void {
    let isOver = false;
    const stop = this.#reach.wait(height, (said, isThere) => {
      isOver = true;
      const others = new Map<NodeId, Standing>();
      for (const [nodeId, newest] of said)
        if (newest < height) others.set(nodeId, this.#isBarred(nodeId, height) ? 'barred' : 'unknown');
      done({ isInForce: isThere, others });
    });
    // Nobody is asked for what is not certified here: it may never be. And who is no voter promises nothing to anybody.
    if (isOver || height > this.#options.decides() || !this.#voters.has(this.#options.nodeId)) return stop;
    // To whom nothing is promised any more nobody else may be bound, either: it will not answer soon.
    for (const nodeId of this.#options.nodes()) {
      const isSilent = nodeId !== this.#options.nodeId && !this.#grantor.isBoundTo(nodeId);
      if (isSilent && (this.#barsWanted.get(nodeId) ?? 0) < height) this.#wantBar(nodeId, height);
    }
    return stop;
  }

  /** Takes a frame for which {@link isInForceFrame} holds. */
  receive(from: NodeId, frame: Uint8Array): void {
    if (isLeaseFrame(frame)) this.#receiveLease(from, frame);
    else this.#reach.receive(from, frame);
  }

  #receiveLease(from: NodeId, frame: Uint8Array): void {
    const message = readOrBlame(
      () => decodeLeaseMessage(frame),
      (error) => this.#options.blame(from, error),
    );
    if (message?.type === 'lease-wanted') this.#grantor.grant(from, message);
    else if (message?.type === 'lease') this.#holder.receive(from, message.sequence);
    else if (message?.type === 'bar-wanted') this.#grantor.bar(from, message.holder, message.height);
    else if (message?.type === 'barred') this.#barred(from, message.holder, message.height);
  }

  /** A block was certified that this node executed. */
  advanced(): void {
    this.#grantor.advanced();
    this.#reach.advanced();
  }

  /** One tick of the driver's clock. */
  tick(ticks: number): void {
    this.#noteTerm();
    this.#begin();
    if (this.#hasBegun) this.#holder.tick();
    this.#grantor.advanced();
    this.#reach.tick(ticks);
    if (ticks % periods.reachAsk !== 0) return;
    const missing = this.#reach.missing(periods.reachAsk, this.#options.decides());
    for (const [nodeId, newest] of missing) this.#wantBar(nodeId, newest);
  }

  /** Nobody waits any longer; others are still told. */
  close(): void {
    this.#reach.close();
  }

  /** Ends as {@link close} does, and decides nothing by itself. */
  stop(): void {
    this.#holder.giveUp();
    this.#reach.close();
  }

  /** What was in force before this node began, and on what it decided then, its disk may not know. */
  #begin(): void {
    if (this.#hasBegun || this.#isReading) return;
    this.#isReading = true;
    this.#options.read((error) => {
      this.#isReading = false;
      if (error !== undefined) return;
      this.#hasBegun = true;
      this.#grantor.begin();
    });
  }

  #wantBar(holder: NodeId, height: number): void {
    const { nodeId, send } = this.#options;
    this.#barsWanted.set(holder, height);
    for (const voter of this.#voters) {
      if (voter === nodeId) this.#grantor.bar(nodeId, holder, height);
      else if (voter !== holder) send(voter, encodeLeaseMessage({ type: 'bar-wanted', holder, height }));
    }
  }

  #barred(by: NodeId, holder: NodeId, height: number): void {
    if (!this.#options.nodes().has(holder) || by === holder) return;
    let bars = this.#bars.get(holder);
    if (bars === undefined) {
      bars = new Map();
      this.#bars.set(holder, bars);
    }
    if (height <= (bars.get(by) ?? 0)) return;
    bars.set(by, height);
    this.#reach.settle();
  }

  /** By a majority of each configuration that may count. */
  #isBarred(holder: NodeId, height: number): boolean {
    const bars = this.#bars.get(holder);
    if (bars === undefined) return false;
    const barring = [...bars].filter(([, newest]) => newest >= height).map(([nodeId]) => nodeId);
    return this.#electorates.every((electorate) => countVoters(electorate, barring) >= electorate.majority);
  }

  get #electorates(): readonly Electorate[] {
    const { newestCertified, atTip } = this.#options;
    return [electorateOf(newestCertified().configuration), electorateOf(atTip())];
  }

  get #voters(): ReadonlySet<NodeId> {
    return new Set(this.#electorates.flatMap(({ voters }) => [...voters]));
  }

  get #newestTerm(): LeaseTerm {
    const { height, configuration } = this.#options.newestCertified();
    return { height, generation: configuration.generation };
  }

  /** Of no use as a term of a lease is what this node has not executed, and what a change that is under way may end. */
  #settled(): Settled | undefined {
    const { newestCertified, certifiedChangeHeight, atTip } = this.#options;
    const newest = newestCertified();
    return newest.height === certifiedChangeHeight() && newest.configuration === atTip() ? newest : undefined;
  }

  #areOldTermsOver(): boolean {
    this.#noteTerm();
    return this.#options.clock.monotonicMs() >= this.#oldTermsUntilMs;
  }

  /**
   * Who holds a lease under an older configuration may have it from voters that are no longer asked. Some voter of every
   * majority of that configuration has stopped renewing it by when the change is certified.
   */
  #noteTerm(): void {
    const term = this.#newestTerm;
    if (isSame(term, this.#term)) return;
    this.#term = term;
    this.#oldTermsUntilMs = this.#options.clock.monotonicMs() + this.#options.times.boundMs;
  }
}

/** Whether a frame is about leases, or about on which blocks nodes decide. */
export function isInForceFrame(frame: Uint8Array): boolean {
  return isLeaseFrame(frame) || reachWordOf(frame) === 'decides';
}
