import { AssentError, type Clock, type ErrorCode, type Logger, present, silentLogger } from '../../src/base/index.ts';
import type { Message, TransferAnswer } from '../../src/consensus/index.ts';
import type { NodeId } from '../../src/crypto/index.ts';
import { genesisOperations, Ledger, transactionMessage, type VerifiedTransaction } from '../../src/ledger/index.ts';
import {
  decodeMessage,
  type InForceListener,
  type Membership,
  type Outcome,
  type ReachListener,
  type ReadState,
  Replica,
  type ReplicaChannel,
  type ReplicaStatus,
  type Slicing,
  type VerifyTransactions,
} from '../../src/node/replica/index.ts';
import { Snapshots } from '../../src/node/snapshots/index.ts';
import { Journal } from '../../src/storage/index.ts';
import { BlockRecords } from '../simulation/invariants/records.ts';
import { isDriverFrame } from './driver-frames.ts';
import type { SimulatedCluster } from './simulated-cluster.ts';
import type { SimulatedMachine, SimulatedProcess } from './simulated-machine.ts';
import type { Packet } from './simulated-network.ts';
import type { SeededRandom } from './simulated-random.ts';
import { simulatedRules } from './simulated-rules.ts';
import { SimulatedClock } from './simulated-time.ts';

/** What nodes send one another: consensus's frames, and those of snapshots. */
export type NodeChannel = ReplicaChannel | 'bulk';

export type SubmitDone = (index: number, outcome: Outcome) => void;

/** Takes the height that may be read, and what the keys of the simulator's rules are worth in it; or a code. */
export type ReadDone = (end: number | ErrorCode, valueAt: (key: string) => Uint8Array | undefined) => void;

/** How long the simulated verification thread takes for an answer. */
const verificationMs = 0.2;

/** Faults that an operator sees and a restart may end. Anything else that stops a replica is a bug. */
const operatingFaults: ReadonlySet<string> = new Set([
  'storage-failed',
  'storage-full',
  'storage-damaged',
  'node-removed',
]);

/** The composition root of a simulated node: production code on the machine's disk, clock and links. */
export class NodeProcess implements SimulatedProcess {
  readonly #cluster: SimulatedCluster;
  readonly #machine: SimulatedMachine<NodeProcess>;
  readonly #random: SeededRandom;
  readonly #clock: SimulatedClock;
  readonly #journal: Journal;
  /** Undefined until the genesis batch is durable. */
  #replica: Replica | undefined;
  #ledger: Ledger | undefined;
  /** Undefined also in seeds without snapshots. */
  #snapshots: Snapshots | undefined;
  #isAlive = true;
  #isConstructed = false;

  /** Throws AssentError when the disk is not fit to go on from. */
  constructor(cluster: SimulatedCluster, machine: SimulatedMachine<NodeProcess>, random: SeededRandom) {
    this.#cluster = cluster;
    this.#machine = machine;
    this.#random = random;
    this.#clock = new SimulatedClock(cluster.queue, machine.skew, 'timer');
    const { store, markFile } = machine.disk;
    const { genesis } = cluster;
    this.#journal = Journal.open(store, markFile, { ledgerId: genesis.ledgerId, nodeKey: machine.signer.publicKey });
    if (this.#journal.lost) throw new AssentError('storage-damaged', 'the end of the database was lost');
    const goOn = (): void => {
      if (this.#journal.lastNumber > 0) this.#replica = this.#opened();
      else this.#journal.append(genesisOperations(store, genesis, simulatedRules), undefined, this.#after(goOn));
    };
    this.#journal.redo(this.#after(goOn));
    this.#isConstructed = true;
  }

  tick(): void {
    this.#machine.disk.process(() => {
      this.#replica?.tick();
      if (this.#isAlive) this.#snapshots?.tick();
    });
  }

  receive(from: NodeId, channel: NodeChannel, frame: Uint8Array): void {
    this.#machine.disk.process(() => {
      if (channel === 'bulk') this.#snapshots?.receive(from, frame);
      else {
        this.#replica?.receive(from, channel, frame);
        if (this.#isAlive) this.#snapshots?.heard();
      }
    });
  }

  submit(transactions: readonly VerifiedTransaction[], done: SubmitDone): void {
    const listen =
      (index: number) =>
      (outcome: Outcome): void => {
        if (this.#isAlive) done(index, outcome);
      };
    this.#machine.disk.process(() => this.#replica?.submit(transactions, listen));
  }

  read(state: ReadState, done: ReadDone): void {
    const answer = (error?: AssentError): void => {
      if (!this.#isAlive) return;
      const ledger = present(this.#ledger, 'it answered');
      const read = state === 'certified' ? ledger.certified : { facts: ledger.applied, state: ledger.state };
      done(error?.code ?? read.facts.height, (key) => read.state.get(`sim/value/${key}`));
    };
    this.#machine.disk.process(() => this.#replica?.read(state, answer));
  }

  /** See Replica.waitEverywhere. */
  waitEverywhere(height: number, done: ReachListener): () => void {
    const replica = present(this.#replica, 'the node has begun');
    return this.#machine.disk.process(() => replica.waitEverywhere(height, done));
  }

  /** See Replica.waitInForce. */
  waitInForce(height: number, done: InForceListener): () => void {
    const replica = present(this.#replica, 'the node has begun');
    return this.#machine.disk.process(() => replica.waitInForce(height, done));
  }

  /** The block on whose state the node would decide by itself now; undefined where it would ask others. */
  get leasedHeight(): number | undefined {
    return this.#replica?.holdsLease() === true ? this.#ledger?.certifiedHeight : undefined;
  }

  /** Undefined while the node's database is being made, and where it is too damaged to tell. */
  status(): ReplicaStatus | undefined {
    try {
      return this.#replica?.status();
    } catch (error) {
      if (error instanceof AssentError && error.code === 'storage-damaged') return undefined;
      throw error;
    }
  }

  /** Undefined while the node's database is being made. */
  transferLeadership(to?: NodeId): TransferAnswer | undefined {
    return this.#replica?.transferLeadership(to);
  }

  /** Ids of the evidence that the node holds. */
  get evidence(): readonly string[] {
    return this.#replica?.evidence.entries.map(({ id }) => id) ?? [];
  }

  stop(): void {
    this.#isAlive = false;
    this.#clock.stop();
    // What it has under way ends with the disk's handles, at whatever place it is.
    this.#snapshots?.stop().catch(() => undefined);
    this.#replica?.stop();
  }

  /** What follows a write of the start, if the process still runs then. */
  #after(next: () => void): (error?: Error) => void {
    return (error) => {
      if (!this.#isAlive) return;
      if (error !== undefined) this.#onFault(error);
      else this.#started(next);
    };
  }

  /** A part of the start. What it cannot read ends the process: by the constructor's error, or later by a fault. */
  #started(part: () => void): void {
    try {
      part();
    } catch (error) {
      if (!this.#isConstructed || !(error instanceof Error)) throw error;
      this.#onFault(error);
    }
  }

  #opened(): Replica {
    const replica = this.#open();
    this.#member(replica.membership());
    const { snapshotLagBlocks } = this.#cluster.options;
    if (snapshotLagBlocks !== undefined) this.#openSnapshots(replica, snapshotLagBlocks);
    return replica;
  }

  #openSnapshots(replica: Replica, snapshotLagBlocks: number): void {
    const { options, signatures, network, queue } = this.#cluster;
    const { disk, index } = this.#machine;
    const isConnected = (nodeId: NodeId): boolean => {
      const peer = this.#cluster.indexOf(nodeId);
      const isPeer = peer !== index && this.#cluster.machines[peer]?.isUp === true;
      return isPeer && network.isConnected(index, peer) && network.isConnected(peer, index);
    };
    const snapshots = new Snapshots({
      ledger: present(this.#ledger, 'it was opened'),
      store: disk.store,
      journal: this.#journal,
      replica,
      historyFromGenesis: () => replica.history.after(0),
      verify: signatures.verify,
      logger: this.#logger(),
      nowMs: () => queue.nowMs,
      peers: () => [...replica.membership().connected].filter(isConnected),
      send: (to, frame) => network.send({ from: index, to: this.#cluster.indexOf(to), channel: 'bulk', frame }),
      blame: (from, error) => this.#cluster.apart(() => this.#cluster.onBadFrame(this.#machine, from, error)),
      onFault: (error) => this.#cluster.apart(() => this.#onFault(error)),
      electionTicks: options.electionTicks,
      snapshotLagBlocks,
    });
    this.#snapshots = snapshots;
    snapshots.open().catch((error: Error) => {
      if (this.#isAlive) this.#cluster.apart(() => this.#onFault(error));
    });
  }

  /** A node that holds the proof of its removal stops, as the daemon does. */
  #member({ removedAtHeight }: Membership): void {
    if (removedAtHeight !== undefined)
      this.#onFault(new AssentError('node-removed', `block ${removedAtHeight} removed this node`));
  }

  #open(): Replica {
    const { genesis, signatures, options } = this.#cluster;
    const { signer, disk, index, seeds } = this.#machine;
    const ledger = new Ledger(disk.store, genesis, simulatedRules);
    this.#ledger = ledger;
    return new Replica({
      nodeKey: signer,
      ledger,
      store: disk.store,
      journal: this.#journal,
      verify: signatures.verify,
      ...(options.slicePauseMaxMs !== undefined && { slicing: this.#slicing(options.slicePauseMaxMs) }),
      verifyTransactions: this.#verificationThread(this.#clock),
      clock: this.#clock,
      random: this.#random,
      logger: this.#logger(),
      send: (to, channel, frame) =>
        this.#cluster.network.send({ from: index, to: this.#cluster.indexOf(to), channel, frame }),
      onFault: (error) => this.#onFault(error),
      onBadFrame: (from, error) => this.#cluster.onBadFrame(this.#machine, from, error),
      onMembership: (membership) => this.#member(membership),
      seeds,
      parameters: { heartbeatTicks: options.heartbeatTicks, electionTicks: options.electionTicks },
      ...(options.leaseMs !== undefined && { leaseMs: options.leaseMs }),
      ...(options.limits === undefined ? {} : { limits: options.limits }),
    });
  }

  /** Answers a little later, in order, unless the process died meanwhile. */
  #slicing(pauseMaxMs: number): Slicing {
    const { disk } = this.#machine;
    return {
      begin: () => () => this.#random.chance(0.7),
      pause: (goOn) => void this.#clock.after(this.#random.unit() * pauseMaxMs, () => disk.process(goOn)),
    };
  }

  #verificationThread(clock: Clock): VerifyTransactions {
    const { signatures, genesis } = this.#cluster;
    return (transactions, keys, done) => {
      const valid = transactions.map(({ body, signature }, index) =>
        signatures.verify(keys[index] as Uint8Array, transactionMessage(genesis.ledgerId, body), signature),
      );
      clock.after(verificationMs, () => {
        this.#machine.act(() => {
          if (!this.#isAlive) return;
          this.#machine.disk.process(() => done(valid));
          this.#cluster.acted(this.#machine);
        });
      });
    };
  }

  #onFault(error: Error): void {
    if (!(error instanceof AssentError) || !operatingFaults.has(error.code)) throw error;
    this.#cluster.fault(this.#machine, error);
  }

  #logger(): Logger {
    if (!this.#cluster.trace.isWritten) return silentLogger;
    const { trace, queue } = this.#cluster;
    const write = (fields: object, message: string): void =>
      trace.line(queue.nowMs, 'log', () => ({ node: this.#machine.index, message, fields }));
    return { debug: write, info: write, warn: write, error: write };
  }
}

/** Starts a process, or answers undefined where the node refuses its disk. */
export function startNodeProcess(
  cluster: SimulatedCluster,
  machine: SimulatedMachine<NodeProcess>,
  random: SeededRandom,
): NodeProcess | undefined {
  try {
    return machine.disk.process(() => new NodeProcess(cluster, machine, random));
  } catch (error) {
    if (!(error instanceof AssentError) || error.code !== 'storage-damaged') throw error;
    cluster.trace.line(cluster.queue.nowMs, 'refused-start', () => ({ node: machine.index, reason: error.message }));
    return undefined;
  }
}

/** Of many runs: begun anew now and then, or a process of ten thousand seeds would keep the blocks of all. */
let blockRecords = new BlockRecords();
const blockRecordsMax = 4096;

/** The consensus message in a packet; undefined for forwarded transactions, snapshots and what else the driver says. */
export function readFrame(packet: Packet<NodeChannel>): Message | undefined {
  if (packet.channel === 'forwarding' || packet.channel === 'bulk' || isDriverFrame(packet.frame)) return undefined;
  if (blockRecords.size > blockRecordsMax) blockRecords = new BlockRecords();
  return decodeMessage(packet.frame, {
    bytes: () => new Uint8Array(),
    receive: (bytes) => blockRecords.read(bytes).reference,
  });
}
