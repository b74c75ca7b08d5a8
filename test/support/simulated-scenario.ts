import { AssentError } from '../../src/base/index.ts';
import type { HardState, Message } from '../../src/consensus/index.ts';
import type { CanonicalValue, Receipt, VerifiedTransaction } from '../../src/ledger/index.ts';
import { type BlockAccess, encodeMessage, type ReplicaStatus } from '../../src/node/replica/index.ts';
import { Invariants } from '../simulation/invariants/index.ts';
import { type ClusterOptions, type ClusterPacket, type Machine, SimulatedCluster } from './simulated-cluster.ts';
import { calmNetwork, type PacketFate } from './simulated-network.ts';
import { readFrame } from './simulated-node.ts';
import { SeededRandom } from './simulated-random.ts';
import { fastSignatures } from './simulated-signer.ts';
import { Workload } from './simulated-workload.ts';

/** A transaction that a scenario sent and what came back. */
export interface SentTransaction {
  readonly transaction: VerifiedTransaction;
  receipt?: Receipt;
  refusal?: AssentError;
}

/**
 * A named schedule of scenarios.md on a cluster of production code: no fault happens unless the scenario makes it, and
 * every invariant of the simulator is checked throughout.
 */
export class Scenario {
  readonly cluster: SimulatedCluster;
  readonly invariants: Invariants;
  readonly #workload: Workload;

  constructor(options: Partial<ClusterOptions> & { readonly seed?: number } = {}) {
    const random = new SeededRandom(options.seed ?? 1);
    this.cluster = new SimulatedCluster(
      {
        voterCount: 3,
        learnerCount: 0,
        signatures: fastSignatures,
        tickMs: 10,
        heartbeatTicks: 2,
        electionTicks: 10,
        network: calmNetwork,
        disk: { writeMinMs: 0.5, writeMeanMs: 1 },
        ...options,
      },
      random.fork('cluster'),
    );
    this.invariants = new Invariants(this.cluster);
    const quiet = { clientCount: 1, meanIntervalMs: Number.POSITIVE_INFINITY, keyCount: 4 };
    this.#workload = new Workload(this.cluster, random.fork('workload'), quiet, this.invariants);
  }

  /** Starts every node and waits for a leader whose own term is committed. */
  static async started(options: Partial<ClusterOptions> & { readonly seed?: number } = {}): Promise<Scenario> {
    const scenario = new Scenario(options);
    scenario.cluster.startAll();
    await scenario.until('a leader commits in its term', () => {
      const leader = scenario.leader();
      return leader !== undefined && scenario.status(leader).committedHeight > 0;
    });
    return scenario;
  }

  get nowMs(): number {
    return this.cluster.queue.nowMs;
  }

  /** Runs events until the condition holds; fails after `limitMs` of virtual time. */
  async until(what: string, condition: () => boolean, limitMs: number = 20_000): Promise<void> {
    const deadlineMs = this.nowMs + limitMs;
    while (!condition()) {
      const stepped = this.cluster.step(deadlineMs);
      await undefined;
      if (!stepped) throw new Error(`not within ${limitMs} ms: ${what}; ${this.invariants.describe(this.everyone())}`);
    }
  }

  /** Lets virtual time pass. */
  async pass(durationMs: number): Promise<void> {
    const endMs = this.nowMs + durationMs;
    while (this.cluster.step(endMs)) await undefined;
  }

  everyone(): number[] {
    return this.cluster.machines.map(({ index }) => index);
  }

  others(...nodes: readonly number[]): number[] {
    return this.everyone().filter((node) => !nodes.includes(node));
  }

  machine(node: number): Machine {
    return this.cluster.machineAt(node);
  }

  status(node: number): ReplicaStatus {
    const status = this.machine(node).process?.status();
    if (status === undefined) throw new Error(`node ${node} is down`);
    return status;
  }

  /** The leader of the highest term, if it is up. */
  leader(): number | undefined {
    const leaders = this.cluster.machines.filter((machine) => machine.process?.status()?.role === 'leader');
    leaders.sort((left, right) => this.status(right.index).term - this.status(left.index).term);
    return leaders[0]?.index;
  }

  /** The leader, which the scenario knows is there. */
  get theLeader(): number {
    const leader = this.leader();
    if (leader === undefined) throw new Error('there is no leader');
    return leader;
  }

  /** Sends a new transaction to a node. */
  submit(node: number): SentTransaction {
    const sent: SentTransaction = { transaction: this.#workload.create() };
    this.send(node, sent);
    return sent;
  }

  /** Sends a transaction of this content; `validUntil` in milliseconds since the Unix epoch. */
  submitContent(node: number, kind: string, payload: CanonicalValue, validUntil?: number): SentTransaction {
    const sent: SentTransaction = { transaction: this.#workload.create({ kind, payload }, validUntil) };
    this.send(node, sent);
    return sent;
  }

  /** Sends the same bytes again. */
  send(node: number, sent: SentTransaction): void {
    this.cluster.submit(node, [sent.transaction], (_index, outcome) => {
      if (outcome.status === 'committed') {
        this.invariants.told(outcome.receipt);
        sent.receipt = outcome.receipt;
      } else if (outcome.error instanceof AssentError) {
        sent.refusal = outcome.error;
      }
    });
  }

  /** Sends a new transaction to a node and waits until it is committed. */
  async commit(node: number): Promise<SentTransaction> {
    const sent = this.submit(node);
    await this.until('the transaction is committed', () => sent.receipt !== undefined);
    return sent;
  }

  /** Decides the fate of consensus messages as they are sent; other frames are delivered. */
  decide(fate: (message: Message, from: number, to: number) => PacketFate): void {
    this.cluster.network.fate = (packet: ClusterPacket) => {
      const message = readFrame(packet);
      return message === undefined ? 'deliver' : fate(message, packet.from, packet.to);
    };
  }

  /** Puts a message on the wire that the sender's process never sent. */
  inject(from: number, to: number, message: Message, bodies: BlockAccess = noBodies): void {
    const frame = encodeMessage(message, bodies);
    const { process } = this.machine(to);
    process?.receive(this.machine(from).nodeId, 'heartbeat', frame);
    this.cluster.acted(this.machine(to));
  }

  /** What the node promised, as its disk has it. */
  promised(node: number): HardState {
    return this.invariants.durable(node).hardState ?? { term: 0 };
  }

  /** Hash, as hexadecimal, of the node's durable block at this height. */
  durableHash(node: number, height: number): string | undefined {
    return this.invariants.durable(node).hashAt(height);
  }

  /** A crash that loses every write under way. */
  crashLosingAll(node: number): void {
    this.cluster.crash(node, 'none', { bytes: (length) => new Uint8Array(length), below: () => 0 });
  }

  deliverAll(): void {
    this.cluster.network.fate = () => 'deliver';
  }

  crash(...nodes: readonly number[]): void {
    for (const node of nodes) this.cluster.crash(node);
  }

  start(...nodes: readonly number[]): void {
    for (const node of nodes) this.cluster.start(node);
  }

  /** Everyone has applied everything. */
  async converge(nodes: readonly number[] = this.everyone()): Promise<void> {
    await this.until('the nodes have converged', () => this.invariants.haveConverged(nodes));
  }
}

const noBodies: BlockAccess = {
  bytes: () => {
    throw new Error('this message carries no blocks');
  },
  receive: () => {
    throw new Error('this message carries no blocks');
  },
};
