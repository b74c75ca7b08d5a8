import { AssentError, type Random } from '../../src/base/index.ts';
import { encodeNodeId, type NodeId, type Signer } from '../../src/crypto/index.ts';
import type { SeededRandom } from './simulated-random.ts';
import { type DiskFault, type DiskFile, SimulatedDisk } from './simulated-store.ts';
import type { ClockSkew, EventQueue } from './simulated-time.ts';

/** What runs on a machine until it crashes. */
export interface SimulatedProcess {
  tick(): void;
  stop(): void;
}

/**
 * One computer: a key, a disk and a clock, which last, and a process, which does not. While it is paused, everything
 * that happens to it waits, as for a process that is stopped by the operating system.
 */
export class SimulatedMachine<Process extends SimulatedProcess> {
  readonly index: number;
  readonly signer: Signer;
  readonly nodeId: NodeId;
  readonly skew: ClockSkew;
  readonly disk: SimulatedDisk;
  /** How many of the next writes the disk refuses. */
  failWrites = 0;
  /** While true, the disk refuses every write for want of room. */
  diskFull = false;
  /** While true, writes stay under way. */
  writesHang = false;
  /** The process has stopped itself, and ends with the present event. */
  isStopping = false;
  /** How often a process was started here. */
  incarnation = 0;
  /** Nodes that the operator named for the first contact. */
  seeds: readonly NodeId[] = [];
  process: Process | undefined;
  readonly #queue: EventQueue;
  #isPaused = false;
  #backlog: (() => void)[] = [];
  #diskGeneration = 0;

  constructor(options: {
    readonly index: number;
    readonly signer: Signer;
    readonly skew: ClockSkew;
    readonly queue: EventQueue;
    readonly random: SeededRandom;
    readonly disk: { readonly writeMinMs: number; readonly writeMeanMs: number };
    /** After a write ended and its callbacks ran. */
    readonly onWritten: (file: DiskFile, isDurable: boolean) => void;
  }) {
    this.index = options.index;
    this.signer = options.signer;
    this.nodeId = encodeNodeId(options.signer.publicKey);
    this.skew = options.skew;
    this.#queue = options.queue;
    const { writeMinMs, writeMeanMs } = options.disk;
    this.disk = new SimulatedDisk((file) => {
      const generation = this.#diskGeneration;
      const durationMs = writeMinMs + options.random.exponential(Math.max(0, writeMeanMs - writeMinMs));
      this.#queue.schedule(durationMs, 'disk', () => {
        if (generation !== this.#diskGeneration) return;
        this.act(() => {
          const isDurable = this.#completeWrite(file);
          if (isDurable !== undefined) options.onWritten(file, isDurable);
        });
      });
    });
  }

  get isUp(): boolean {
    return this.process !== undefined;
  }

  get isPaused(): boolean {
    return this.#isPaused;
  }

  /** Lets something happen to the process: now, or when it is resumed. */
  act(happening: () => void): void {
    if (this.#isPaused) this.#backlog.push(happening);
    else happening();
  }

  pause(): void {
    this.#isPaused = true;
  }

  /** Runs what waited, in order. */
  resume(): void {
    this.#isPaused = false;
    const backlog = this.#backlog;
    this.#backlog = [];
    const { process } = this;
    for (const happening of backlog) if (this.process === process) happening();
  }

  /** Ends the hanging and completes what was under way. */
  releaseWrites(): void {
    this.writesHang = false;
    while (this.disk.inFlight > 0) this.disk.completeNext();
  }

  /** The process ends here and now, and the disk loses what was under way. */
  crash(random: Random, fault: DiskFault): void {
    this.process?.stop();
    this.process = undefined;
    this.#isPaused = false;
    this.writesHang = false;
    this.#backlog = [];
    this.#diskGeneration += 1;
    this.disk.crash(random, fault);
  }

  /** Whether the write reached the disk; undefined while writes hang. */
  #completeWrite(file: DiskFile): boolean | undefined {
    if (this.writesHang) return undefined;
    if (this.diskFull) {
      this.disk.failNext(new AssentError('storage-full', 'The simulated disk is full.'));
    } else if (this.failWrites > 0) {
      this.failWrites -= 1;
      this.disk.failNext(new AssentError('storage-failed', 'The simulated disk refused a write.'));
    } else {
      return this.disk.completeNext(file);
    }
    return false;
  }
}
