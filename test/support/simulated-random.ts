import type { Random } from '../../src/base/index.ts';

/**
 * The simulator's only source of randomness (sfc32). A fork depends on the seed and its label alone, never on how much
 * was drawn before, so that a change in one part of the simulation does not shift every other part.
 */
export class SeededRandom implements Random {
  readonly #origin: number;
  #a: number;
  #b: number;
  #c: number;
  #counter = 1;

  constructor(seed: number, origin: number = 0x811c_9dc5) {
    this.#origin = mix(mix(origin, seed >>> 0), Math.floor(seed / 0x1_0000_0000));
    this.#a = mix(this.#origin, 1);
    this.#b = mix(this.#origin, 2);
    this.#c = mix(this.#origin, 3);
    for (let round = 0; round < 12; round++) this.#next();
  }

  fork(label: string): SeededRandom {
    let state = this.#origin;
    for (let index = 0; index < label.length; index++) state = mix(state, label.charCodeAt(index));
    return new SeededRandom(label.length, state);
  }

  /** Uniform in [0, 1). */
  unit(): number {
    return this.#next() / 0x1_0000_0000;
  }

  below(bound: number): number {
    return Math.floor(this.unit() * bound);
  }

  /** A whole number from `from` to `to`, both included. */
  between(from: number, to: number): number {
    return from + this.below(to - from + 1);
  }

  chance(probability: number): boolean {
    return this.unit() < probability;
  }

  pick<T>(items: readonly T[]): T {
    if (items.length === 0) throw new RangeError('nothing to pick from');
    return items[this.below(items.length)] as T;
  }

  /** Exponentially distributed with this mean. */
  exponential(mean: number): number {
    return -Math.log(1 - this.unit()) * mean;
  }

  shuffle<T>(items: readonly T[]): T[] {
    const shuffled = [...items];
    for (let last = shuffled.length - 1; last > 0; last--) {
      const other = this.below(last + 1);
      [shuffled[last], shuffled[other]] = [shuffled[other] as T, shuffled[last] as T];
    }
    return shuffled;
  }

  bytes(length: number): Uint8Array {
    const bytes = new Uint8Array(length);
    for (let index = 0; index < length; index++) bytes[index] = this.#next() & 0xff;
    return bytes;
  }

  #next(): number {
    const sum = (((this.#a + this.#b) | 0) + this.#counter) | 0;
    this.#counter = (this.#counter + 1) | 0;
    this.#a = this.#b ^ (this.#b >>> 9);
    this.#b = (this.#c + (this.#c << 3)) | 0;
    this.#c = (((this.#c << 21) | (this.#c >>> 11)) + sum) | 0;
    return sum >>> 0;
  }
}

/** One round of a 32-bit mixer (the finaliser of MurmurHash3). */
function mix(state: number, value: number): number {
  let hash = (state ^ Math.imul(value + 0x9e37_79b9, 0x85eb_ca6b)) | 0;
  hash = Math.imul(hash ^ (hash >>> 16), 0x85eb_ca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2_ae35);
  return (hash ^ (hash >>> 16)) | 0;
}
