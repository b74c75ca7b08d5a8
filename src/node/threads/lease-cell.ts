import nodeProcess from 'node:process';
import type { Clock } from '../../base/index.ts';
import type { LeaseEnd } from '../replica/index.ts';

/** Of the two ends in the cell, milliseconds. */
const places = { monotonic: 0, wall: 1 } as const;

/** Milliseconds of the machine's monotonic clock, which all threads see alike; `performance.now()` is each thread's own. */
function machineMs(): number {
  return Number(nodeProcess.hrtime.bigint() / 1_000_000n);
}

/** Until when the node holds a lease, for all its threads. Of an end that is half written each half is one that held. */
export class LeaseCell {
  readonly buffer: SharedArrayBuffer;
  readonly #ends: BigInt64Array<SharedArrayBuffer>;

  constructor(buffer: SharedArrayBuffer = new SharedArrayBuffer(2 * BigInt64Array.BYTES_PER_ELEMENT)) {
    this.buffer = buffer;
    this.#ends = new BigInt64Array(buffer);
  }

  /** @param clock the one by which the end is told */
  set({ monotonicMs, wallMs }: LeaseEnd, clock: Clock): void {
    // The machine's clock first: what passes between the two takes from the lease.
    const nowMs = machineMs();
    const leftMs = Math.floor(monotonicMs - clock.monotonicMs());
    Atomics.store(this.#ends, places.monotonic, BigInt(nowMs + leftMs));
    Atomics.store(this.#ends, places.wall, BigInt(Math.floor(wallMs)));
  }

  /** Whether this node decides on all that is in force, if it takes in now what it was told. */
  get isHeld(): boolean {
    return (
      BigInt(machineMs()) < Atomics.load(this.#ends, places.monotonic) &&
      BigInt(Date.now()) < Atomics.load(this.#ends, places.wall)
    );
  }
}
