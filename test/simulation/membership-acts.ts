import type { SimulatedCluster } from '../support/simulated-cluster.ts';
import type { SeededRandom } from '../support/simulated-random.ts';
import type { Workload } from '../support/simulated-workload.ts';
import type { MembershipView } from './invariants/membership-view.ts';

/** What members decide on their nodes, while everything else happens. */
export type MembershipAct = 'join' | 'add' | 'promote' | 'demote' | 'remove' | 'replace' | 'askAny';

export const membershipActs: readonly MembershipAct[] = [
  'join',
  'add',
  'promote',
  'demote',
  'remove',
  'replace',
  'askAny',
];

/** Asks for changes of the configuration, as far as it is known, and starts machines that genesis does not name. */
export class MembershipActs {
  readonly #cluster: SimulatedCluster;
  readonly #membership: MembershipView;
  readonly #workload: Workload;
  readonly #votersMin: number;
  readonly #votersMax: number;

  constructor(options: {
    readonly cluster: SimulatedCluster;
    readonly membership: MembershipView;
    readonly workload: Workload;
    /** No change is asked for that would leave fewer, or make more. */
    readonly votersMin: number;
    readonly votersMax: number;
  }) {
    this.#cluster = options.cluster;
    this.#membership = options.membership;
    this.#workload = options.workload;
    this.#votersMin = options.votersMin;
    this.#votersMax = options.votersMax;
  }

  /** False when there is nothing that the act could do. */
  perform(act: MembershipAct, random: SeededRandom, damaged: ReadonlySet<number>): boolean {
    const voters = this.#machines('voter');
    const learners = this.#machines('learner');
    const newcomers = this.#newcomers();
    const lost = [...voters, ...learners].filter((node) => damaged.has(node));
    switch (act) {
      case 'join':
        return this.#any(newcomers, random, (node) => this.#start(node, random));
      case 'add':
        return this.#any(newcomers, random, (node) => this.#addAndStart(node, random));
      case 'promote':
        return voters.length < this.#votersMax && this.#any(learners, random, (node) => this.#ask(act, node, random));
      case 'demote':
        return this.#any(voters, random, (node) => this.#ask(act, node, random));
      case 'remove':
        return this.#any(lost.length > 0 ? lost : [...voters, ...learners], random, (node) =>
          this.#ask(act, node, random),
        );
      case 'replace':
        // A machine without its memory comes back under a new key, which is another node.
        return this.#any(newcomers, random, (newcomer) => {
          const old = random.pick(lost.length > 0 ? lost : voters);
          this.#addAndStart(newcomer, random);
          this.#ask('promote', newcomer, random);
          this.#ask('remove', old, random);
        });
      case 'askAny': {
        const step = random.pick(['add', 'promote', 'demote', 'remove'] as const);
        if (step === 'promote' && voters.length >= this.#votersMax) return false;
        this.#ask(step, random.below(this.#cluster.machines.length), random);
        return true;
      }
    }
  }

  #any(nodes: readonly number[], random: SeededRandom, action: (node: number) => void): boolean {
    if (nodes.length === 0) return false;
    action(random.pick(nodes));
    return true;
  }

  /** Machines that no configuration named so far, or that never ran. */
  #newcomers(): number[] {
    const { roles, retired } = this.#membership.inForce;
    return this.#cluster.machines
      .filter(({ nodeId, incarnation }) => (!roles.has(nodeId) && !retired.has(nodeId)) || incarnation === 0)
      .filter(({ nodeId }) => !retired.has(nodeId))
      .map(({ index }) => index);
  }

  #addAndStart(node: number, random: SeededRandom): void {
    this.#ask('add', node, random);
    if (random.chance(0.8)) this.#start(node, random);
  }

  /** For the first time, with one or two nodes of the configuration for the first contact. */
  #start(node: number, random: SeededRandom): void {
    const machine = this.#cluster.machineAt(node);
    if (machine.incarnation > 0) return;
    const known = random.shuffle([...this.#membership.inForce.roles.keys()]).slice(0, random.between(1, 2));
    machine.seeds = this.#cluster.machines.map(({ nodeId }) => nodeId).filter((nodeId) => known.includes(nodeId));
    this.#cluster.start(node);
  }

  #ask(step: 'add' | 'promote' | 'demote' | 'remove', node: number, random: SeededRandom): void {
    const up = this.#cluster.machines.filter(({ isUp }) => isUp);
    if (up.length === 0) return;
    const { publicKey } = this.#cluster.machineAt(node).signer;
    const payload = [1, step, publicKey, this.#votersMin];
    this.#workload.submitContent(random.pick(up).index, { kind: 'sim.change', payload });
  }

  #machines(role: 'voter' | 'learner'): number[] {
    const { roles } = this.#membership.inForce;
    return this.#cluster.machines.filter(({ nodeId }) => roles.get(nodeId) === role).map(({ index }) => index);
  }
}
