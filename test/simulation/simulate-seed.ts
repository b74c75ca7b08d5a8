import { RegisterClients } from '../support/simulated-clients.ts';
import { SimulatedCluster } from '../support/simulated-cluster.ts';
import { SeededRandom } from '../support/simulated-random.ts';
import { fastSignatures, realSignatures } from '../support/simulated-signer.ts';
import { Workload } from '../support/simulated-workload.ts';
import type { HealedCore } from './healed-core.ts';
import { History } from './history.ts';
import { Invariants } from './invariants/index.ts';
import { holdsLinearizable } from './invariants/linearizable.ts';
import { holds, InvariantViolation } from './invariants/violation.ts';
import { LeaseClients } from './leases.ts';
import { Nemesis } from './nemesis.ts';
import { type FaultKind, optionsOfSeed, type SimulationOptions, withoutFaults } from './options.ts';
import type { SeedFailure, SeedReport } from './report.ts';
import { Trace } from './trace.ts';
import { traceOperations, traceStatus, traceTold } from './trace-observer.ts';

export interface SimulateOptions {
  /** Takes the text of every event and packet. */
  readonly trace?: (line: string) => void;
  /** Kinds of faults that the seed would bring, and that are left out. */
  readonly without?: readonly FaultKind[];
  /** The numbers of the nemesis's faults that happen; default: all. See {@link FaultStep}. */
  readonly only?: readonly string[] | undefined;
}

/** A core without faults must commit a new transaction within this many election timeouts. */
const livenessElectionTimeoutsMax = 60;

/** Runs one seed to its end: faults for at least `eventsMin` events, then liveness of a healed core. */
export async function simulateSeed(seed: number, options: SimulateOptions = {}): Promise<SeedReport> {
  const run = new SeedRun(seed, options);
  const startedMs = performance.now();
  let failure: SeedFailure | undefined;
  try {
    await run.faultyPhase();
    await run.livenessPhase();
    run.invariants.final();
    holdsLinearizable(run.history.operations);
  } catch (error) {
    failure = {
      invariant: error instanceof InvariantViolation ? error.invariant : 'the code under test throws nothing',
      message: error instanceof Error ? `${error.name}: ${error.message}` : String(error),
      atEvent: run.cluster.counters.events,
      stack: error instanceof Error ? (error.stack ?? '') : '',
    };
  }
  const { trace, queue } = run.cluster;
  if (failure !== undefined) {
    const { invariant, message } = failure;
    trace.line(queue.nowMs, 'violation', () => ({ invariant, message }));
  }
  trace.line(queue.nowMs, 'end', () => ({ passed: failure === undefined, digest: trace.hash }));
  return run.report(performance.now() - startedMs, failure);
}

class SeedRun {
  readonly options: SimulationOptions;
  readonly cluster: SimulatedCluster;
  readonly invariants: Invariants;
  readonly workload: Workload;
  readonly history: History;
  readonly registers: RegisterClients;
  readonly leases: LeaseClients;
  readonly nemesis: Nemesis;

  constructor(seed: number, options: SimulateOptions) {
    const random = new SeededRandom(seed);
    this.options = withoutFaults(optionsOfSeed(seed, random.fork('options')), options.without ?? []);
    const { clock, workload } = this.options;
    const skews = random.fork('clocks');
    this.cluster = new SimulatedCluster(
      {
        ...this.options,
        signatures: this.options.signatures === 'fast' ? fastSignatures : realSignatures,
        skew: () => ({
          offsetMs: skews.between(-clock.offsetMaxMs, clock.offsetMaxMs),
          drift: (skews.unit() * 2 - 1) * clock.driftMax,
        }),
        trace: new Trace(options.trace, seed),
      },
      random.fork('cluster'),
    );
    this.cluster.trace.line(0, 'run', () => ({ options: this.options }));
    this.invariants = new Invariants(this.cluster);
    if (this.cluster.trace.isWritten) this.cluster.observers.push(traceStatus(this.cluster));
    this.cluster.startAll();
    const told = traceTold(this.cluster, this.invariants);
    this.workload = new Workload(this.cluster, random.fork('workload'), workload, told);
    this.history = new History(traceOperations(this.cluster));
    const outputs = { history: this.history, told };
    this.registers = new RegisterClients(this.cluster, random.fork('registers'), this.options.registers, outputs);
    this.leases = new LeaseClients(this.cluster, random.fork('leases'));
    this.nemesis = new Nemesis(this.cluster, random.fork('nemesis'), this.options, {
      membership: this.invariants.membership,
      workload: this.workload,
      only: options.only && new Set(options.only),
    });
  }

  async faultyPhase(): Promise<void> {
    while (this.cluster.counters.events < this.options.eventsMin) {
      this.cluster.step();
      // Lets promises and microtasks of the code under test run between two events.
      await undefined;
    }
  }

  async livenessPhase(): Promise<void> {
    const { queue } = this.cluster;
    const core = this.nemesis.stopAndHealCore();
    this.workload.stop();
    this.registers.stop();
    this.leases.stop();
    const { electionTicks, tickMs } = this.options;
    const deadlineMs = queue.nowMs + livenessElectionTimeoutsMax * 2 * electionTicks * tickMs;
    let last = this.workload.submitNew(core.nodes[0] as number);
    let retryAtMs = queue.nowMs;
    let converged = false;
    while (!converged && this.cluster.step(deadlineMs)) {
      await undefined;
      if (queue.nowMs >= retryAtMs) {
        retryAtMs = queue.nowMs + 4 * electionTicks * tickMs;
        core.extend();
        if (!this.invariants.isCommitted(last.idHex))
          last = this.workload.submitNew(this.invariants.leaderAmong(core.members));
      }
      converged = this.invariants.isCommitted(last.idHex) && this.invariants.haveConverged(core.members);
    }
    holds(
      converged,
      'liveness',
      () => `the core ${core.nodes.join()} did not converge: ${this.invariants.describe(core.nodes)}`,
    );
    await this.#readBack(core, deadlineMs);
    await this.#lease(core, deadlineMs + 4 * this.options.leaseMs);
    await this.#farewell(core);
  }

  /**
   * What was written and not overwritten is still there. A node that refused a block, most often by a clock that was wrong,
   * follows its leader no more in that term, and has nobody to ask.
   */
  async #readBack(core: HealedCore, deadlineMs: number): Promise<void> {
    const asked = core.members.filter((node) => this.cluster.machineAt(node).process?.status()?.refusal === undefined);
    const left = new Set(asked);
    for (const node of asked) this.registers.readAll(node, () => left.delete(node));
    const isAnswered = (): boolean => [...left].every((node) => this.invariants.membership.isRetired(node));
    while (!isAnswered() && this.cluster.step(deadlineMs)) {
      await undefined;
      // A change that waited may be enacted only now.
      core.extend();
    }
    holds(
      isAnswered(),
      'liveness',
      () => `${[...left].join()} of ${asked.join()} answer no reads: ${this.invariants.describe(asked)}`,
    );
  }

  /** Nodes that get on decide by themselves, and what is committed comes into force, whoever does not get on. */
  async #lease(core: HealedCore, deadlineMs: number): Promise<void> {
    const { membership } = this.invariants;
    const isAble = (node: number): boolean =>
      !membership.isRetired(node) && this.cluster.machineAt(node).process?.status()?.refusal === undefined;
    const unsettled = new Set(core.members.filter(isAble));
    const isOver = (): boolean => [...unsettled].every((node) => !isAble(node));
    let asked: number | undefined;
    let isInForce = false;
    while (!(isInForce && isOver()) && this.cluster.step(deadlineMs)) {
      await undefined;
      core.extend();
      for (const node of unsettled) if (this.leases.isLeased(node)) unsettled.delete(node);
      // Whoever is asked may be removed meanwhile, and stop.
      if (!isOver() || (asked !== undefined && isAble(asked))) continue;
      asked = core.members.find(isAble);
      if (asked === undefined) continue;
      this.leases.wait(asked, () => {
        isInForce = true;
      });
    }
    holds(
      isInForce && isOver(),
      'liveness',
      () => `${[...unsettled].join()} hold no lease, in force ${isInForce}: ${this.invariants.describe(core.members)}`,
    );
  }

  /** Removed nodes that can reach the core stop by themselves. */
  async #farewell(core: HealedCore): Promise<void> {
    const { queue } = this.cluster;
    const removed = this.invariants.membership
      .removedThatKnow(core.members)
      .filter((node) => !this.nemesis.damaged.has(node));
    if (removed.length === 0) return;
    for (const node of removed) core.connect(node);
    const { electionTicks, tickMs } = this.options;
    const deadlineMs = queue.nowMs + livenessElectionTimeoutsMax * 2 * electionTicks * tickMs;
    // Whom a removed node knows may be removed in turn meanwhile.
    const isLeft = (): boolean => {
      const knowing = this.invariants.membership.removedThatKnow(core.members);
      return removed.every((node) => !this.cluster.machineAt(node).isUp || !knowing.includes(node));
    };
    while (!isLeft() && this.cluster.step(deadlineMs)) {
      await undefined;
      core.extend();
    }
    holds(
      isLeft(),
      'removed nodes learn that they are',
      () => `${removed.join()} were removed, the core is ${core.members.join()}: ${this.invariants.describe(removed)}`,
    );
  }

  report(durationMs: number, failure: SeedFailure | undefined): SeedReport {
    const { cluster, invariants, nemesis } = this;
    const { lost, replayed, slowed } = cluster.network.counters;
    return {
      seed: this.options.seed,
      events: cluster.counters.events,
      committedBlocks: invariants.committedHeight,
      committedTransactions: invariants.committedTransactions,
      elections: invariants.elections,
      snapshots: invariants.snapshotsInstalled,
      faults: { ...nemesis.counters, lost, replayed, slowed },
      faultSteps: nemesis.steps,
      durationMs,
      traceHash: cluster.trace.hash,
      ...(failure === undefined ? {} : { failure }),
    };
  }
}
