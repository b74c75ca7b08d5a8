import type { Refusal, SignedAck } from './types.ts';

/** One append on its way to a follower. */
interface Inflight {
  readonly sequence: number;
  readonly lastHeight: number;
  readonly bytes: number;
}

export interface ProgressLimits {
  readonly inflightAppendsMax: number;
  readonly inflightBytesMax: number;
  readonly aheadBlocksMax: number;
}

/**
 * A leader's view of one follower. In `probe` it sends one empty append and waits for the answer, to find where the
 * chains part; in `replicate` it sends ahead, within a window of appends and bytes.
 */
export class Progress {
  readonly #limits: ProgressLimits;
  state: 'probe' | 'replicate' = 'probe';
  /** Highest block of the leader's chain that the follower says it holds. Unsigned: it moves windows, it commits nothing. */
  matchHeight = 0;
  /** Next block to send. Always above `matchHeight`. */
  nextHeight: number;
  /** A probe is out; no other before an answer or a heartbeat's. */
  probing = false;
  /** An empty append is to leave, to learn whether what was sent ahead arrived. */
  probeDue = false;
  /** Height of the newest certificate sent. */
  certificateHeight = 0;
  committedHeight = 0;
  /** The follower answered in this term, so it has the term certificate. */
  hasTermCertificate = false;
  lastContactTick: number;
  clockOffsetMs: number | undefined;
  clockTick = 0;
  refusal: Refusal | undefined;
  /** Highest heartbeat round answered. */
  round = 0;
  /** At the last heartbeat's answer: no advance of the match since then, with blocks outstanding, means a loss. */
  matchAtHeartbeat = -1;
  /** What that answer said is durable: less of it now means that the follower lost blocks. */
  durableAtHeartbeat = 0;
  /** The highest ack that came too late to be counted, not verified yet. */
  lateAck: SignedAck | undefined;
  #sequence = 0;
  #restartSequence = 0;
  #inflight: Inflight[] = [];
  #inflightBytes = 0;

  constructor(limits: ProgressLimits, nextHeight: number, tick: number) {
    this.#limits = limits;
    this.nextHeight = nextHeight;
    this.lastContactTick = tick;
  }

  get inflightAppends(): number {
    return this.#inflight.length;
  }

  /** No more may be sent ahead: of what was not answered, and of what the follower has to stage. */
  get isWindowFull(): boolean {
    const { inflightAppendsMax, inflightBytesMax, aheadBlocksMax } = this.#limits;
    return (
      this.#inflight.length >= inflightAppendsMax ||
      this.#inflightBytes >= inflightBytesMax ||
      this.nextHeight - 1 - this.matchHeight >= aheadBlocksMax
    );
  }

  /** Numbers an append that leaves now; a probe has no blocks. */
  sent(lastHeight: number, bytes: number): number {
    this.#sequence += 1;
    if (this.state === 'probe') this.probing = true;
    else if (bytes > 0) {
      this.#inflight.push({ sequence: this.#sequence, lastHeight, bytes });
      this.#inflightBytes += bytes;
      this.nextHeight = lastHeight + 1;
    }
    return this.#sequence;
  }

  /** Whether the answer is to an append that left since the last change of state; 0 answers none. */
  isCurrent(sequence: number): boolean {
    return sequence > this.#restartSequence && sequence <= this.#sequence;
  }

  /** The follower has dealt with this append, and holds the block before its first. */
  answered(sequence: number): void {
    if (this.state === 'probe') {
      if (!this.isCurrent(sequence)) return;
      this.matched(this.nextHeight - 1);
      this.#restart('replicate', this.nextHeight);
      return;
    }
    this.#release((inflight) => inflight.sequence <= sequence);
  }

  /** The follower says that it holds the leader's chain up to here. */
  matched(height: number): void {
    this.matchHeight = Math.max(this.matchHeight, height);
    this.nextHeight = Math.max(this.nextHeight, this.matchHeight + 1);
    // Whichever message said so: the answer to the append itself may be lost.
    this.#release((inflight) => inflight.lastHeight <= this.matchHeight);
  }

  /** Looks for the place where the chains part, from this block on. A follower may have lost blocks and be below its match. */
  becomeProbe(nextHeight: number): void {
    this.matchHeight = Math.min(this.matchHeight, nextHeight - 1);
    // The same question again waits for the next heartbeat: a peer that always answers so causes no storm.
    const isRepeated = this.state === 'probe' && this.nextHeight === nextHeight;
    this.#restart('probe', nextHeight);
    this.probing = isRepeated;
  }

  #release(isOver: (inflight: Inflight) => boolean): void {
    this.#inflight = this.#inflight.filter((inflight) => {
      if (isOver(inflight)) this.#inflightBytes -= inflight.bytes;
      return !isOver(inflight);
    });
  }

  #restart(state: 'probe' | 'replicate', nextHeight: number): void {
    this.state = state;
    this.nextHeight = nextHeight;
    this.probing = false;
    this.#inflight = [];
    this.#inflightBytes = 0;
    this.#restartSequence = this.#sequence;
  }
}
