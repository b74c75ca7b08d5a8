import type { Random } from '../../src/base/index.ts';
import type { RaftLimits } from '../../src/consensus/index.ts';
import { createGenesis, type Genesis, type VerifiedTransaction } from '../../src/ledger/index.ts';
import type { ReadState } from '../../src/node/replica/index.ts';
import type { Operation } from '../../src/storage/index.ts';
import { Trace } from '../simulation/trace.ts';
import { describePacket } from '../simulation/trace-packets.ts';
import { SimulatedMachine } from './simulated-machine.ts';
import { type NetworkFaults, type Packet, type PacketLoss, SimulatedNetwork } from './simulated-network.ts';
import {
  type NodeChannel,
  type NodeProcess,
  type ReadDone,
  type SubmitDone,
  startNodeProcess,
} from './simulated-node.ts';
import type { SeededRandom } from './simulated-random.ts';
import { simulatedRules } from './simulated-rules.ts';
import type { SignatureScheme } from './simulated-signer.ts';
import type { DiskFault } from './simulated-store.ts';
import { type ClockSkew, EventQueue, simulationEpochMs } from './simulated-time.ts';

export interface ClusterOptions {
  readonly voterCount: number;
  readonly learnerCount: number;
  /** Machines that genesis does not name; they are not started with the others. Default: none. */
  readonly joinerCount?: number;
  readonly signatures: SignatureScheme;
  readonly tickMs: number;
  readonly heartbeatTicks: number;
  readonly electionTicks: number;
  readonly leaseMs?: number;
  readonly limits?: Partial<RaftLimits>;
  /** Between two slices of a block others have their turn for so long at most. Default: blocks are executed in one go. */
  readonly slicePauseMaxMs?: number;
  /** A newcomer that lags by more begins with a snapshot. Default: nodes give and take none. */
  readonly snapshotLagBlocks?: number | undefined;
  readonly network: Readonly<NetworkFaults>;
  readonly disk: { readonly writeMinMs: number; readonly writeMeanMs: number };
  /** How each machine's clock runs; default: all right. */
  readonly skew?: (machine: number) => ClockSkew;
  readonly trace?: Trace;
}

export type ClusterPacket = Packet<NodeChannel>;
export type Machine = SimulatedMachine<NodeProcess>;

/** What a cluster lets others see. Invariants hang here. */
export interface ClusterObserver {
  /** A process is about to start, from what its disk holds. */
  onStart(machine: Machine): void;
  /** A process did not start, for what its disk holds. */
  onRefusedStart(machine: Machine): void;
  /** A packet leaves a machine. */
  onSend(packet: ClusterPacket): void;
  /** Something happened to a machine's process: its state may have changed. */
  onActed(machine: Machine): void;
  /** The machine's disk lost what it had reported as written: batches as a whole, or what one record held. */
  onDamaged(machine: Machine, extent: 'batches' | 'record'): void;
  /** A node refused a frame that another sent. */
  onBadFrame(machine: Machine, from: string, error: Error): void;
}

/** Sees nothing: what an observer of one thing starts from. */
export const silentObserver: ClusterObserver = {
  onStart: () => undefined,
  onRefusedStart: () => undefined,
  onSend: () => undefined,
  onActed: () => undefined,
  onDamaged: () => undefined,
  onBadFrame: () => undefined,
};

/**
 * Nodes made of production code on simulated machines, links and time. Nothing happens between events; the same options
 * and the same random generator give the same run.
 */
export class SimulatedCluster {
  readonly queue: EventQueue = new EventQueue();
  readonly genesis: Genesis;
  readonly machines: readonly Machine[];
  readonly network: SimulatedNetwork<NodeChannel>;
  readonly signatures: SignatureScheme;
  readonly options: ClusterOptions;
  readonly trace: Trace;
  readonly observers: ClusterObserver[] = [];
  readonly counters = { events: 0, faults: 0, damagedStarts: 0 };
  /** What went wrong where nobody could be told: the next step throws it. */
  #failure: unknown;
  readonly #random: SeededRandom;

  constructor(options: ClusterOptions, random: SeededRandom) {
    this.options = options;
    this.#random = random;
    this.signatures = options.signatures;
    this.trace = options.trace ?? new Trace();
    const count = options.voterCount + options.learnerCount + (options.joinerCount ?? 0);
    this.machines = Array.from({ length: count }, (_, index) => {
      const forked = random.fork(`machine ${index}`);
      return new SimulatedMachine<NodeProcess>({
        index,
        signer: options.signatures.createSigner(forked.bytes(32)),
        skew: options.skew?.(index) ?? { offsetMs: 0, drift: 0 },
        queue: this.queue,
        random: forked,
        disk: options.disk,
        onWritten: (file, isDurable) => {
          const event = isDurable ? 'persisted' : 'write-failed';
          this.trace.line(this.queue.nowMs, event, () => ({ node: index, file }));
          this.acted(this.machineAt(index));
        },
      });
    });
    this.genesis = createGenesis({
      ledgerName: 'simulation',
      createdAt: simulationEpochMs - 3_600_000,
      members: [{ name: 'member', governanceKey: random.fork('member').bytes(32) }],
      nodes: this.machines.slice(0, options.voterCount + options.learnerCount).map(({ signer }, index) => ({
        publicKey: signer.publicKey,
        member: 'member',
        role: index < options.voterCount ? 'voter' : 'learner',
      })),
      domains: [],
      parameters: [],
      ruleSet: simulatedRules.ruleSet,
    });
    this.network = new SimulatedNetwork<NodeChannel>({
      queue: this.queue,
      random: random.fork('network'),
      nodeCount: count,
      faults: { ...options.network },
      deliver: (packet) => this.#deliver(packet),
    });
    this.network.onLost = (packet, reason) => this.#drop(packet, reason);
    this.network.onSend = (packet) => {
      this.trace.mixBytes(packet.frame);
      this.trace.line(this.queue.nowMs, 'send', () => describePacket(packet));
      for (const observer of this.observers) observer.onSend(packet);
    };
  }

  machineAt(index: number): Machine {
    const machine = this.machines[index];
    if (machine === undefined) throw new RangeError(`no machine ${index}`);
    return machine;
  }

  indexOf(nodeId: string): number {
    return this.machines.findIndex((machine) => machine.nodeId === nodeId);
  }

  /** Starts every node that genesis names. */
  startAll(): void {
    for (const index of this.genesis.configuration.nodes.keys()) this.start(index);
  }

  /** Starts a process on what the disk holds. A disk that the node refuses leaves the machine down. */
  start(index: number): void {
    const machine = this.machineAt(index);
    if (machine.isUp) return;
    machine.incarnation += 1;
    machine.isStopping = false;
    this.trace.line(this.queue.nowMs, 'start', () => ({ node: index, incarnation: machine.incarnation }));
    for (const observer of this.observers) observer.onStart(machine);
    machine.process = startNodeProcess(this, machine, this.#random.fork(`process ${index}.${machine.incarnation}`));
    if (machine.process === undefined) {
      this.counters.damagedStarts += 1;
      for (const observer of this.observers) observer.onRefusedStart(machine);
      this.crash(index);
      return;
    }
    this.#scheduleTick(machine, machine.process, this.#random.fork(`tick ${index}.${machine.incarnation}`).unit());
    this.acted(machine);
  }

  /** The process ends; what was under way on its disk is lost or torn at random. */
  crash(index: number, fault: DiskFault = 'none', given?: Random): void {
    const machine = this.machineAt(index);
    const random = given ?? this.#random.fork(`crash ${index}.${machine.incarnation}`);
    this.trace.line(this.queue.nowMs, 'crash', () => ({ node: index, disk: fault }));
    if (fault !== 'none') for (const observer of this.observers) observer.onDamaged(machine, 'batches');
    machine.crash(random, fault);
  }

  /** The machine's disk comes to hold something else than what was written. */
  damage(index: number, operations: readonly Operation[]): void {
    const machine = this.machineAt(index);
    for (const observer of this.observers) observer.onDamaged(machine, 'record');
    machine.disk.overwrite(operations);
  }

  onBadFrame(machine: Machine, from: string, error: Error): void {
    for (const observer of this.observers) observer.onBadFrame(machine, from, error);
  }

  /** For what happens between two steps, where an error would have nobody to catch it. */
  apart(action: () => void): void {
    try {
      action();
    } catch (error) {
      this.#failure ??= error;
    }
  }

  /** The process stopped itself for an operating reason: the disk, most likely, or its removal. */
  fault(machine: Machine, error: Error): void {
    this.counters.faults += 1;
    this.trace.line(this.queue.nowMs, 'stop', () => ({ node: machine.index, reason: error.message }));
    // Later, since the process is in the middle of a call.
    const { incarnation } = machine;
    machine.isStopping = true;
    this.queue.schedule(0, 'fault', () => {
      if (machine.incarnation === incarnation && machine.isUp) this.crash(machine.index);
    });
  }

  pause(index: number): void {
    this.trace.line(this.queue.nowMs, 'pause', () => ({ node: index }));
    this.machineAt(index).pause();
  }

  resume(index: number): void {
    const machine = this.machineAt(index);
    this.trace.line(this.queue.nowMs, 'resume', () => ({ node: index }));
    machine.resume();
    this.acted(machine);
  }

  submit(index: number, transactions: readonly VerifiedTransaction[], done: SubmitDone): void {
    const machine = this.machineAt(index);
    machine.act(() => {
      machine.process?.submit(transactions, done);
      this.acted(machine);
    });
  }

  /** Asks a node for a linearizable read. `done` may read values of the state at that moment only. */
  read(index: number, state: ReadState, done: ReadDone): void {
    const machine = this.machineAt(index);
    machine.act(() => {
      machine.process?.read(state, done);
      this.acted(machine);
    });
  }

  /** Runs the next event; false when there is none before `untilMs`. */
  step(untilMs?: number): boolean {
    if (this.#failure !== undefined) throw this.#failure;
    const label = this.queue.runNext(untilMs);
    if (label === undefined) return false;
    this.counters.events += 1;
    this.trace.nextStep();
    this.trace.mixText(label);
    this.trace.mix(Math.floor(this.queue.nowMs * 1000));
    return true;
  }

  /** Tells the observers that something happened to the machine's process. */
  acted(machine: Machine): void {
    if (machine.isUp) for (const observer of this.observers) observer.onActed(machine);
  }

  #scheduleTick(machine: Machine, process: NodeProcess, phase: number): void {
    const { tickMs } = this.options;
    this.queue.schedule(tickMs * phase, 'tick', () => {
      if (machine.process !== process) return;
      // A process that stood still does not make up for the ticks it missed.
      if (!machine.isPaused) {
        process.tick();
        this.acted(machine);
      }
      this.#scheduleTick(machine, process, 1 / (1 + machine.skew.drift));
    });
  }

  #deliver(packet: ClusterPacket): void {
    const machine = this.machineAt(packet.to);
    const { process } = machine;
    if (process === undefined) {
      this.#drop(packet, 'down');
      return;
    }
    machine.act(() => {
      if (machine.process !== process) return;
      const { number, from, to } = packet;
      this.trace.line(this.queue.nowMs, 'deliver', () => ({ packet: number, from, to }));
      process.receive(this.machineAt(packet.from).nodeId, packet.channel, packet.frame);
      this.acted(machine);
    });
  }

  #drop({ number, from, to }: ClusterPacket, reason: PacketLoss | 'down'): void {
    this.trace.line(this.queue.nowMs, 'drop', () => ({ packet: number, from, to, reason }));
  }
}
