import { type Machine, type SimulatedCluster, silentObserver } from '../support/simulated-cluster.ts';
import type { SeededRandom } from '../support/simulated-random.ts';
import { holds } from './invariants/violation.ts';

const meanIntervalMs = 40;
/** Clients wait this long at most. */
const waitMaxMs = 2000;

/**
 * Clients that wait at any node until a block is in force. Once one of them was told so, no node that holds a lease decides
 * on an older state, whatever happens to the nodes, the links and the clocks.
 */
export class LeaseClients {
  readonly counters = { waited: 0, inForce: 0, barred: 0, leased: 0 };
  readonly #cluster: SimulatedCluster;
  readonly #random: SeededRandom;
  /** The newest block that anybody was told is in force. */
  #inForceHeight = 0;
  #isStopped = false;

  constructor(cluster: SimulatedCluster, random: SeededRandom) {
    this.#cluster = cluster;
    this.#random = random;
    cluster.observers.push({ ...silentObserver, onActed: (machine) => this.#look(machine) });
    this.#scheduleNext();
  }

  stop(): void {
    this.#isStopped = true;
  }

  isLeased(node: number): boolean {
    return this.#cluster.machineAt(node).process?.leasedHeight !== undefined;
  }

  /** Waits at a node for its newest certified block, and calls back once it is in force. */
  wait(node: number, done: () => void): void {
    const { queue } = this.#cluster;
    const { process } = this.#cluster.machineAt(node);
    const height = (process?.status()?.certifiedHeight ?? 0) + (this.#isStopped ? 0 : this.#random.below(2));
    if (process === undefined || height === 0) return;
    this.counters.waited += 1;
    const stop = process.waitInForce(height, ({ isInForce, others }) => {
      if (!isInForce) return;
      this.counters.inForce += 1;
      if (others.size > 0) this.counters.barred += 1;
      this.#inForceHeight = Math.max(this.#inForceHeight, height);
      for (const machine of this.#cluster.machines) this.#look(machine);
      done();
    });
    queue.schedule(this.#isStopped ? Number.MAX_SAFE_INTEGER : this.#random.unit() * waitMaxMs, 'lease client', () => {
      if (this.#cluster.machineAt(node).process === process) stop();
    });
  }

  #scheduleNext(): void {
    this.#cluster.queue.schedule(this.#random.exponential(meanIntervalMs), 'lease client', () => {
      if (this.#isStopped) return;
      const able = this.#cluster.machines.filter(
        ({ isUp, isPaused, process }) => isUp && !isPaused && process?.status(),
      );
      if (able.length > 0) this.wait(this.#random.pick(able).index, () => undefined);
      this.#scheduleNext();
    });
  }

  #look({ isUp, isPaused, index, process }: Machine): void {
    const height = isUp && !isPaused ? process?.leasedHeight : undefined;
    if (height === undefined) return;
    this.counters.leased += 1;
    holds(
      height >= this.#inForceHeight,
      'who holds a lease decides on all that is in force',
      () => `${index} decides on block ${height}, block ${this.#inForceHeight} is in force`,
    );
  }
}
