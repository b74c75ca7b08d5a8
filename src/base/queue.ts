import { assert } from './assert.ts';

/** First in, first out, with a bound on count and on summed weight (bytes, say). A full queue refuses; it never drops. */
export class BoundedQueue<T> {
  readonly #countMax: number;
  readonly #weightMax: number;
  readonly #weigh: (item: T) => number;
  #items: (T | undefined)[] = [];
  #start = 0;
  #weight = 0;

  constructor(options: { countMax: number; weightMax?: number; weigh?: (item: T) => number }) {
    assert(options.countMax > 0, 'a queue holds at least one item');
    this.#countMax = options.countMax;
    this.#weightMax = options.weightMax ?? Number.POSITIVE_INFINITY;
    this.#weigh = options.weigh ?? (() => 0);
  }

  get length(): number {
    return this.#items.length - this.#start;
  }

  get weight(): number {
    return this.#weight;
  }

  /** Appends, or answers false when there is no room. */
  push(item: T): boolean {
    const weight = this.#weigh(item);
    if (this.length >= this.#countMax || this.#weight + weight > this.#weightMax) return false;
    this.#items.push(item);
    this.#weight += weight;
    return true;
  }

  peek(): T | undefined {
    return this.#items[this.#start];
  }

  shift(): T | undefined {
    if (this.#start === this.#items.length) return undefined;
    const item = this.#items[this.#start] as T;
    this.#items[this.#start] = undefined;
    this.#start += 1;
    this.#weight -= this.#weigh(item);
    // The dead front is cut off once it is half of the array, so a shift costs O(1) on average.
    if (this.#start > 32 && this.#start * 2 > this.#items.length) {
      this.#items = this.#items.slice(this.#start);
      this.#start = 0;
    }
    return item;
  }

  clear(): void {
    this.#items = [];
    this.#start = 0;
    this.#weight = 0;
  }
}
