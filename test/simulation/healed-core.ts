import type { SimulatedCluster } from '../support/simulated-cluster.ts';
import type { SeededRandom } from '../support/simulated-random.ts';
import { type InForce, majorityOf } from './invariants/in-force.ts';
import type { MembershipView } from './invariants/membership-view.ts';
import { holds } from './invariants/violation.ts';

/**
 * The nodes that must make progress when the faults end: any majority of the newest certified configuration, and of every
 * uncertified one above it in their own chains (protocol.md §5, "What is promised").
 */
export class HealedCore {
  readonly #cluster: SimulatedCluster;
  readonly #membership: MembershipView;
  readonly #random: SeededRandom;
  readonly #damaged: ReadonlySet<number>;
  readonly #repair: (node: number) => void;
  #nodes: number[];

  constructor(options: {
    readonly cluster: SimulatedCluster;
    readonly membership: MembershipView;
    readonly random: SeededRandom;
    readonly damaged: ReadonlySet<number>;
    /** Ends what is wrong with a machine, and starts it. */
    readonly repair: (node: number) => void;
  }) {
    this.#cluster = options.cluster;
    this.#membership = options.membership;
    this.#random = options.random;
    this.#damaged = options.damaged;
    this.#repair = options.repair;
    const { inForce } = this.#membership;
    const whole = this.#random.shuffle(this.#wholeVoters(inForce));
    const majority = majorityOf(inForce);
    this.#nodes = whole.slice(0, this.#random.between(majority, Math.max(majority, whole.length)));
    this.#complete();
    this.#tell();
  }

  get nodes(): readonly number[] {
    return this.#nodes;
  }

  /** Those that are still part of the ledger. */
  get members(): number[] {
    return this.#nodes.filter((node) => !this.#membership.isRetired(node));
  }

  /** Changes that waited go on: takes in what their configurations need, and connects it. */
  extend(): void {
    const before = this.#nodes;
    this.#complete();
    const added = this.#nodes.filter((node) => !before.includes(node));
    for (const node of added) this.connect(node);
    if (added.length > 0) this.#tell();
  }

  /** Repairs a node and mends its links with the core. */
  connect(node: number): void {
    this.#repair(node);
    for (const other of this.#nodes) if (node !== other) this.#cluster.network.mendBoth(node, other);
  }

  #tell(): void {
    const { trace, queue } = this.#cluster;
    trace.line(queue.nowMs, 'heal', () => ({ core: this.#nodes }));
  }

  #complete(): void {
    for (;;) {
      const lacking = this.#membership.needed(this.members).find((inForce) => !this.#isMajority(inForce));
      if (lacking === undefined) break;
      const others = this.#wholeVoters(lacking).filter((node) => !this.#nodes.includes(node));
      holds(others.length > 0, 'a majority of the disks is whole', () => `of ${[...lacking.voters].join()}`);
      this.#nodes = [...this.#nodes, this.#random.pick(others)];
    }
    this.#nodes.sort((left, right) => left - right);
  }

  #isMajority(inForce: InForce): boolean {
    return this.#wholeVoters(inForce).filter((node) => this.#nodes.includes(node)).length >= majorityOf(inForce);
  }

  #wholeVoters({ voters }: InForce): number[] {
    return this.#cluster.machines
      .filter(({ nodeId, index }) => voters.has(nodeId) && !this.#damaged.has(index))
      .map(({ index }) => index);
  }
}
