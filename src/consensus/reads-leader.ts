import type { NodeId } from '../crypto/portable.ts';

/** A read that came to the leader. */
export interface LeaderRead {
  readonly from: NodeId;
  readonly context: number;
  /** The commit height when it came, once the leader has certified a block of its own term; until then undefined. */
  height: number | undefined;
  /** The heartbeat round that a majority has to answer; who asks counts as if it had. */
  round: number;
}

/**
 * ReadIndex (Raft thesis §6.4): a read is answered with the commit height of the moment it came, once a majority has
 * answered a heartbeat sent after it or asked for it itself, so that no later leader can have committed more by then.
 */
export class LeaderReads {
  readonly #self: NodeId;
  readonly #max: number;
  #waiting: LeaderRead[] = [];

  constructor(self: NodeId, readsMax: number) {
    this.#self = self;
    this.#max = readsMax;
  }

  /** False when there is no room. */
  add(read: LeaderRead): boolean {
    if (this.#waiting.length >= this.#max) return false;
    this.#waiting.push(read);
    return true;
  }

  /** The leader certified the first block of its term: what waited for it starts its round. */
  start(height: number, round: number): boolean {
    let any = false;
    for (const read of this.#waiting) {
      if (read.height !== undefined) continue;
      read.height = height;
      read.round = round;
      any = true;
    }
    return any;
  }

  /** Whether any read waits for a round after this one. */
  needsRoundAfter(round: number): boolean {
    return this.#waiting.some((read) => read.round > round);
  }

  /** Takes what is confirmed; `confirmedRound` is the highest round that counts as answered for a read of this node. */
  confirm(confirmedRound: (from: NodeId) => number): LeaderRead[] {
    if (this.#waiting.length === 0) return [];
    const isConfirmed = ({ from, height, round }: LeaderRead): boolean =>
      height !== undefined && round <= confirmedRound(from);
    const confirmed = this.#waiting.filter(isConfirmed);
    if (confirmed.length > 0) this.#waiting = this.#waiting.filter((read) => !isConfirmed(read));
    return confirmed;
  }

  /** Gives up, and answers the contexts of this node's own reads; peers notice by themselves. */
  abandonOwn(): number[] {
    const own = this.#waiting.filter((read) => read.from === this.#self).map((read) => read.context);
    this.#waiting = [];
    return own;
  }
}
