import type { Machine } from '../../support/simulated-cluster.ts';
import type { BlockTree, KnownBlock } from './block-tree.ts';
import type { Certificates } from './certificates.ts';
import type { DurableHistory } from './durable-history.ts';
import type { InForce } from './in-force.ts';

interface Member {
  readonly machine: Machine;
  readonly durable: DurableHistory;
}

/** Who belongs to the ledger, seen from outside: by what is certified, and by what each node's durable chain says. */
export class MembershipView {
  readonly #tree: BlockTree;
  readonly #certificates: Certificates;
  /** By the machines' numbers. */
  readonly #members: readonly Member[];

  constructor(tree: BlockTree, certificates: Certificates, members: readonly Member[]) {
    this.#tree = tree;
    this.#certificates = certificates;
    this.#members = members;
  }

  /** In force after the newest certified block. */
  get inForce(): InForce {
    return this.#certificates.newest.inForce;
  }

  /** Whether a certified block removed the node for good. */
  isRetired(node: number): boolean {
    return this.#certificates.isRetired(this.#member(node).machine.nodeId);
  }

  /**
   * Of which configurations a majority must be connected for progress, when these nodes are: the newest certified one, and
   * every one above it in their durable chains (protocol.md §5, "What is promised").
   */
  needed(nodes: readonly number[]): InForce[] {
    const { newest } = this.#certificates;
    const needed = new Set<InForce>([newest.inForce]);
    for (const node of nodes) {
      const tip = this.#tipOf(node);
      if (!this.#tree.descends(tip, newest)) continue;
      for (const inForce of this.#tree.inForceBetween(newest, tip)) needed.add(inForce);
    }
    return [...needed];
  }

  /** Removed machines that know, from their chains or their operator, one of these nodes to ask. */
  removedThatKnow(nodes: readonly number[]): number[] {
    const asked = new Set<string>(nodes.map((node) => this.#member(node).machine.nodeId));
    return this.#members
      .map(({ machine }) => machine)
      .filter(({ incarnation, index }) => incarnation > 0 && this.isRetired(index))
      .filter(({ index, seeds }) => [...this.#tipOf(index).inForce.voters, ...seeds].some((id) => asked.has(id)))
      .map(({ index }) => index);
  }

  /** Whether what is certified in the node's own chain does not name another. */
  isStranger(node: number, nodeId: string, certifiedHeight: number): boolean {
    const certified = this.#tree.get(this.#member(node).durable.hashAt(certifiedHeight) ?? '') ?? this.#tree.start;
    return !certified.inForce.roles.has(nodeId);
  }

  #tipOf(node: number): KnownBlock {
    return this.#tree.get(this.#member(node).durable.tipHash ?? '') ?? this.#tree.start;
  }

  #member(node: number): Member {
    const member = this.#members[node];
    if (member === undefined) throw new RangeError(`no machine ${node}`);
    return member;
  }
}
