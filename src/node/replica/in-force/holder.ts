import type { Clock, Random } from '../../../base/index.ts';
import { present } from '../../../base/index.ts';
import type { Configuration } from '../../../consensus/index.ts';
import { electorateOf } from '../../../consensus/index.ts';
import type { NodeId } from '../../../crypto/index.ts';
import type { LeaseTimes } from './terms.ts';
import { isSame, type LeaseMessage, type LeaseTerm } from './wire.ts';

/** The end of a lease by two clocks: the machine may have slept, which only the wall clock shows, or its wall clock may jump. */
export interface LeaseEnd {
  /** By {@link Clock.monotonicMs}; 0 where there is no lease. */
  readonly monotonicMs: number;
  /** By {@link Clock.nowMs}. */
  readonly wallMs: number;
}

export const noLease: LeaseEnd = { monotonicMs: 0, wallMs: 0 };

/** A configuration that is certified, with no change of it under way. */
export interface Settled {
  readonly height: number;
  readonly configuration: Configuration;
}

export interface LeaseHolderOptions {
  readonly nodeId: NodeId;
  readonly clock: Clock;
  readonly times: LeaseTimes;
  /** The first question's number; the next ones follow. */
  readonly firstSequence: Random['below'];
  readonly settled: () => Settled | undefined;
  /** The newest block that this node's decisions hold. */
  readonly decides: () => number;
  readonly send: (to: NodeId, message: LeaseMessage) => void;
  /** Told of each new end. */
  readonly onLease: (end: LeaseEnd) => void;
}

/** A question to all grantors. */
interface Round {
  readonly sequence: number;
  readonly term: LeaseTerm;
  readonly end: LeaseEnd;
}

/** Questions that an answer may still come to. */
const roundsKept = 4;

/**
 * Collects the promises of a majority of the voters. While it holds them, nothing is said to be in force that this node's
 * decisions do not hold: see {@link InForce}.
 */
export class LeaseHolder {
  readonly #options: LeaseHolderOptions;
  readonly #promises = new Map<NodeId, LeaseEnd>();
  #rounds: Round[] = [];
  #sequence: number | undefined;
  #term: LeaseTerm = { height: 0, generation: 0 };
  #voters: ReadonlySet<NodeId> = new Set();
  /** Promises of others that make a majority. */
  #needed = Number.POSITIVE_INFINITY;
  #end = noLease;
  #nextAskMs = Number.NEGATIVE_INFINITY;

  constructor(options: LeaseHolderOptions) {
    this.#options = options;
  }

  get isHeld(): boolean {
    const { clock } = this.#options;
    return clock.monotonicMs() < this.#end.monotonicMs && clock.nowMs() < this.#end.wallMs;
  }

  /** Asks all voters, where it is time to. */
  tick(): void {
    const { clock, times } = this.#options;
    const nowMs = clock.monotonicMs();
    if (nowMs < this.#nextAskMs) return;
    this.#nextAskMs = nowMs + times.askMs;
    const settled = this.#options.settled();
    if (settled === undefined) return;
    this.#follow(settled);
    const end = {
      monotonicMs: nowMs + times.reliedOnMs,
      wallMs: clock.nowMs() + times.reliedOnMs,
    };
    // Never a number twice, restarts included: an answer that comes late must not pass for one to a newer question.
    const sequence = this.#sequence === undefined ? this.#options.firstSequence(2 ** 31) : this.#sequence + 1;
    this.#sequence = sequence;
    this.#rounds = [...this.#rounds, { sequence, term: this.#term, end }].slice(-roundsKept);
    if (this.#needed === 0) this.#renew();
    const decides = this.#options.decides();
    for (const voter of this.#voters)
      if (voter !== this.#options.nodeId)
        this.#options.send(voter, { type: 'lease-wanted', sequence, term: this.#term, decides });
  }

  /** A promise, which counts from when it was asked for. */
  receive(from: NodeId, sequence: number): void {
    const round = this.#rounds.find((known) => known.sequence === sequence);
    if (round === undefined || !isSame(round.term, this.#term) || !this.#voters.has(from)) return;
    if ((this.#promises.get(from)?.monotonicMs ?? 0) >= round.end.monotonicMs) return;
    this.#promises.set(from, round.end);
    this.#renew();
  }

  /** Relies on nothing any longer. */
  giveUp(): void {
    this.#promises.clear();
    this.#rounds = [];
    this.#needed = Number.POSITIVE_INFINITY;
    this.#set(noLease);
  }

  #follow({ height, configuration }: Settled): void {
    const term = { height, generation: configuration.generation };
    if (isSame(term, this.#term) && this.#voters.size > 0) return;
    this.giveUp();
    const { voters, majority } = electorateOf(configuration);
    this.#term = term;
    this.#voters = voters;
    this.#needed = majority - (voters.has(this.#options.nodeId) ? 1 : 0);
  }

  /** It ends with the first promise without which they are no majority. */
  #renew(): void {
    const ends =
      this.#needed === 0
        ? [present(this.#rounds.at(-1), 'a question was asked').end]
        : [...this.#promises.values()]
            .sort((left, right) => right.monotonicMs - left.monotonicMs)
            .slice(0, this.#needed);
    if (ends.length < this.#needed) return;
    this.#set({
      monotonicMs: Math.min(...ends.map(({ monotonicMs }) => monotonicMs)),
      wallMs: Math.min(...ends.map(({ wallMs }) => wallMs)),
    });
  }

  #set(end: LeaseEnd): void {
    if (end.monotonicMs === this.#end.monotonicMs && end.wallMs === this.#end.wallMs) return;
    this.#end = end;
    this.#options.onLease(end);
  }
}
