import type { Clock } from '../../../base/index.ts';
import { electorateOf } from '../../../consensus/index.ts';
import type { NodeId } from '../../../crypto/index.ts';
import type { Settled } from './holder.ts';
import type { LeaseTimes } from './terms.ts';
import { isSame, type LeaseMessage } from './wire.ts';

/** A question about a block that this node lacks by more is not kept: who asks asks again. */
const blocksAheadMax = 1024;

export interface LeaseGrantorOptions {
  readonly nodeId: NodeId;
  readonly clock: Clock;
  readonly times: LeaseTimes;
  readonly settled: () => Settled | undefined;
  /** Every node of a configuration that counts. */
  readonly nodes: () => ReadonlySet<NodeId>;
  /** The newest certified block that this node executed. */
  readonly decides: () => number;
  readonly send: (to: NodeId, message: LeaseMessage) => void;
  /** This node's own answer to {@link LeaseGrantor.bar}. */
  readonly onBarred: (holder: NodeId, height: number) => void;
}

interface BarWanted {
  readonly by: NodeId;
  readonly holder: NodeId;
  readonly height: number;
  /** The block below which whoever asks was told, since it asked, that the holder is barred; 0: of none. */
  readonly told: number;
}

/**
 * Promises holders, for {@link LeaseTimes.boundMs}, not to bar them; and bars them, once its promises have run out: from then on it
 * makes none to a holder that does not decide on the block.
 */
export class LeaseGrantor {
  readonly #options: LeaseGrantorOptions;
  /** What the process before this one promised, nobody knows. */
  readonly #startBoundMs: number;
  readonly #boundMs = new Map<NodeId, number>();
  /** The newest block that each holder said it decides on. */
  readonly #said = new Map<NodeId, number>();
  /** The lowest block that a holder has to decide on. */
  readonly #floors = new Map<NodeId, number>();
  /** By who asks, and for which holder: at most one for each pair of nodes. */
  readonly #wanted = new Map<string, BarWanted>();
  /** For all holders; undefined while this node does not know what was in force before it began. */
  #floor: number | undefined;

  constructor(options: LeaseGrantorOptions) {
    this.#options = options;
    this.#startBoundMs = options.clock.monotonicMs() + options.times.boundMs;
  }

  /** This node decides on all that was in force before it began. */
  begin(): void {
    this.#floor ??= this.#options.decides();
  }

  /** A holder asks for a promise. */
  grant(from: NodeId, { sequence, term, decides }: LeaseMessage & { type: 'lease-wanted' }): void {
    this.#said.set(from, Math.max(decides, this.#said.get(from) ?? 0));
    const settled = this.#options.settled();
    if (this.#floor === undefined || settled === undefined) return;
    const { height, configuration } = settled;
    const { keys, voters } = electorateOf(configuration);
    if (!isSame(term, { height, generation: configuration.generation })) return;
    if (!keys.has(from) || !voters.has(this.#options.nodeId)) return;
    if (decides < Math.max(this.#floor, this.#floors.get(from) ?? 0)) return;
    const { clock, times } = this.#options;
    this.#boundMs.set(from, clock.monotonicMs() + times.boundMs);
    this.#options.send(from, { type: 'lease', sequence });
  }

  /** Whether a promise to this node may still hold. */
  isBoundTo(holder: NodeId): boolean {
    return this.#options.clock.monotonicMs() < (this.#boundMs.get(holder) ?? this.#startBoundMs);
  }

  /** Somebody, perhaps this node, is to be told when the holder is barred from deciding below a block. */
  bar(by: NodeId, holder: NodeId, height: number): void {
    const { nodes, decides } = this.#options;
    const isKnown = by === this.#options.nodeId || nodes().has(by);
    if (height > decides() + blocksAheadMax || !nodes().has(holder) || !isKnown) return;
    const key = `${by} ${holder}`;
    const before = this.#wanted.get(key);
    const wanted = { by, holder, height: Math.max(height, before?.height ?? 0), told: before?.told ?? 0 };
    this.#wanted.set(key, wanted);
    this.#try(key, wanted);
  }

  /** A promise may have run out, a holder may have said more, or there is a newer block. */
  advanced(): void {
    for (const [key, wanted] of this.#wanted) this.#try(key, wanted);
  }

  /**
   * Only what is certified: nobody is barred for the sake of a block that may never be in force. Whoever asks, again and
   * again for newer blocks, a voter that lags is told how far it has come.
   */
  #try(key: string, wanted: BarWanted): void {
    const { by, holder } = wanted;
    const height = Math.min(wanted.height, this.#options.decides());
    if (height <= wanted.told) return;
    this.#floors.set(holder, Math.max(height, this.#floors.get(holder) ?? 0));
    // What it said to this node the other may not have heard.
    if (this.isBoundTo(holder) && (this.#said.get(holder) ?? 0) < height) return;
    if (height === wanted.height) this.#wanted.delete(key);
    else this.#wanted.set(key, { ...wanted, told: height });
    if (by === this.#options.nodeId) this.#options.onBarred(holder, height);
    else this.#options.send(by, { type: 'barred', holder, height });
  }
}
