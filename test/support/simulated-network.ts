import type { SeededRandom } from './simulated-random.ts';
import type { EventQueue } from './simulated-time.ts';

export interface NetworkFaults {
  /** Share of packets lost, 0 to 0.3. */
  lossRate: number;
  /** Share of packets delivered a second time, 0 to 0.5. */
  replayRate: number;
  delayMinMs: number;
  delayMeanMs: number;
  /** Share of packets that take up to `slowDelayMs`: they arrive after many later ones. */
  slowRate: number;
  slowDelayMs: number;
}

/** A network that loses and repeats nothing, with a delay of about a millisecond. */
export const calmNetwork: Readonly<NetworkFaults> = {
  lossRate: 0,
  replayRate: 0,
  delayMinMs: 1,
  delayMeanMs: 1,
  slowRate: 0,
  slowDelayMs: 0,
};

export interface Packet<Channel> {
  /** Counts what was sent over the network, from 1. A packet that arrives twice keeps its number. */
  readonly number: number;
  readonly from: number;
  readonly to: number;
  readonly channel: Channel;
  readonly frame: Uint8Array;
}

/** A scenario's hold on the traffic: `hold` keeps a packet until it is released. */
export type PacketFate = 'deliver' | 'drop' | 'hold';

/** Why a packet does not arrive: the network lost it, its link is cut, or a scenario dropped it. */
export type PacketLoss = 'lost' | 'cut' | 'scenario';

export interface NetworkCounters {
  sent: number;
  delivered: number;
  lost: number;
  replayed: number;
  slowed: number;
}

/** The most packets on their way over one link; above it the sender is told that its buffer is full. */
const packetsInFlightMax = 512;

/** Directed links between numbered nodes, with the faults of scenarios.md. */
export class SimulatedNetwork<Channel> {
  readonly faults: NetworkFaults;
  readonly counters: NetworkCounters = { sent: 0, delivered: 0, lost: 0, replayed: 0, slowed: 0 };
  /** Packets that a scenario holds back, oldest first. */
  readonly held: Packet<Channel>[] = [];
  /** Decides each packet's fate when it is sent. Scenarios set it. */
  fate: (packet: Packet<Channel>) => PacketFate = () => 'deliver';
  /** Sees every packet a node sends, before any fault. Invariants hang here. */
  onSend: (packet: Packet<Channel>) => void = () => undefined;
  /** Sees every packet that will not arrive. */
  onLost: (packet: Packet<Channel>, reason: PacketLoss) => void = () => undefined;
  readonly #queue: EventQueue;
  readonly #random: SeededRandom;
  readonly #deliver: (packet: Packet<Channel>) => void;
  readonly #nodeCount: number;
  readonly #cut: Uint8Array;
  readonly #inFlight: Uint32Array;

  constructor(options: {
    readonly queue: EventQueue;
    readonly random: SeededRandom;
    readonly nodeCount: number;
    readonly faults: NetworkFaults;
    readonly deliver: (packet: Packet<Channel>) => void;
  }) {
    this.#queue = options.queue;
    this.#random = options.random;
    this.#deliver = options.deliver;
    this.#nodeCount = options.nodeCount;
    this.faults = options.faults;
    this.#cut = new Uint8Array(options.nodeCount * options.nodeCount);
    this.#inFlight = new Uint32Array(options.nodeCount * options.nodeCount);
  }

  /** False when the link's buffer is full, as a stream under back-pressure. */
  send(sent: Omit<Packet<Channel>, 'number'>): boolean {
    const link = this.#link(sent.from, sent.to);
    if ((this.#inFlight[link] as number) >= packetsInFlightMax) return false;
    this.counters.sent += 1;
    const packet = { ...sent, number: this.counters.sent };
    this.onSend(packet);
    const fate = this.fate(packet);
    if (fate === 'hold') this.held.push(packet);
    if (fate === 'drop') this.onLost(packet, 'scenario');
    if (fate !== 'deliver') return true;
    const isCut = this.#cut[link] === 1;
    if (isCut || this.#random.chance(this.faults.lossRate)) {
      this.#lose(packet, isCut ? 'cut' : 'lost');
      return true;
    }
    this.#transport(packet, link);
    if (this.#random.chance(this.faults.replayRate)) {
      this.counters.replayed += 1;
      this.#transport(packet, link);
    }
    return true;
  }

  isConnected(from: number, to: number): boolean {
    return this.#cut[this.#link(from, to)] === 0;
  }

  /** Cuts one direction. Packets already on their way are lost too. */
  cut(from: number, to: number): void {
    this.#cut[this.#link(from, to)] = 1;
  }

  mend(from: number, to: number): void {
    this.#cut[this.#link(from, to)] = 0;
  }

  cutBoth(left: number, right: number): void {
    this.cut(left, right);
    this.cut(right, left);
  }

  mendBoth(left: number, right: number): void {
    this.mend(left, right);
    this.mend(right, left);
  }

  /** Separates the groups from one another; a node in no group is alone. */
  partition(...groups: readonly (readonly number[])[]): void {
    const groupOf = (node: number): number => groups.findIndex((group) => group.includes(node));
    for (let from = 0; from < this.#nodeCount; from++)
      for (let to = 0; to < this.#nodeCount; to++) {
        if (from === to) continue;
        const together = groupOf(from) !== -1 && groupOf(from) === groupOf(to);
        this.#cut[this.#link(from, to)] = together ? 0 : 1;
      }
  }

  healAll(): void {
    this.#cut.fill(0);
  }

  /** Delivers what a scenario held back and the predicate chooses, in order. Answers how many. */
  release(choose: (packet: Packet<Channel>) => boolean = () => true): number {
    const released = this.held.filter(choose);
    const kept = this.held.filter((packet) => !released.includes(packet));
    this.held.splice(0, this.held.length, ...kept);
    for (const packet of released) this.#transport(packet, this.#link(packet.from, packet.to));
    return released.length;
  }

  #transport(packet: Packet<Channel>, link: number): void {
    let delayMs = this.faults.delayMinMs + this.#random.exponential(this.faults.delayMeanMs - this.faults.delayMinMs);
    if (this.faults.slowRate > 0 && this.#random.chance(this.faults.slowRate)) {
      delayMs += this.#random.unit() * this.faults.slowDelayMs;
      this.counters.slowed += 1;
    }
    this.#inFlight[link] = (this.#inFlight[link] as number) + 1;
    this.#queue.schedule(delayMs, 'deliver', () => {
      this.#inFlight[link] = (this.#inFlight[link] as number) - 1;
      if (this.#cut[link] === 1) {
        this.#lose(packet, 'cut');
        return;
      }
      this.counters.delivered += 1;
      this.#deliver(packet);
    });
  }

  #lose(packet: Packet<Channel>, reason: PacketLoss): void {
    this.counters.lost += 1;
    this.onLost(packet, reason);
  }

  #link(from: number, to: number): number {
    return from * this.#nodeCount + to;
  }
}
