import { assert } from '../../base/index.ts';
import type { StateKey, StateView } from '../types/execution.ts';
import type { PastValue } from './past-value.ts';

/** Reads values as of a height. */
export type LoadPast = (height: number, key: StateKey) => Promise<PastValue>;

/** An evaluation reads no more different keys than this: what the rules let the largest transaction read, with room. */
const keysMax = 32_768;
/** Values that are loaded at a time. */
const loadsMax = 16;

/** Ends an evaluation that reads what is not loaded yet. */
class NotLoaded extends Error {
  override readonly name = 'NotLoaded';
}

/**
 * The state after one block of the past, for evaluations that are pure and synchronous, as rules are. Its values stand in
 * a database that answers later, so an evaluation that reads a value which is not here yet is given up, and run again
 * when it is: what counts is the last run, which found all it asked for.
 */
export class PastState {
  readonly height: number;
  readonly #load: LoadPast;
  readonly #values: PastValues;

  /** Several states may share what they have loaded. */
  constructor(height: number, load: LoadPast, values: PastValues = new PastValues()) {
    this.height = height;
    this.#load = load;
    this.#values = values;
  }

  /** Loads what an evaluation is expected to read, so that it need not stop for each. */
  async load(keys: readonly StateKey[]): Promise<void> {
    const missing = keys.filter((key) => this.#values.at(this.height, key) === undefined);
    for (let start = 0; start < missing.length; start += loadsMax)
      await Promise.all(
        missing.slice(start, start + loadsMax).map(async (key) => {
          this.#values.put(this.height, key, await this.#load(this.height, key));
        }),
      );
  }

  /** What the evaluation comes to in this state. It may run many times, and must change nothing outside of it. */
  async run<T>(evaluate: (state: StateView) => T): Promise<T> {
    // Its own, too: others that share the values may replace them between two runs.
    const loaded = new Map<StateKey, PastValue>();
    for (;;) {
      assert(loaded.size <= keysMax, 'an evaluation reads so many keys at most');
      let wanted: StateKey | undefined;
      const state: StateView = {
        get: (key) => {
          const known = loaded.get(key) ?? this.#values.at(this.height, key);
          if (known !== undefined) return known.value;
          wanted ??= key;
          throw new NotLoaded();
        },
      };
      try {
        const result = evaluate(state);
        assert(wanted === undefined, 'an evaluation does not go on without what it asked for');
        return result;
      } catch (thrown) {
        if (!(thrown instanceof NotLoaded)) throw thrown;
      }
      assert(wanted !== undefined, 'what was not loaded is known');
      const past = await this.#load(this.height, wanted);
      loaded.set(wanted, past);
      this.#values.put(this.height, wanted, past);
    }
  }
}

/** Values of the past in memory, each with the heights between which it stood. Bounded: what is oldest is forgotten. */
export class PastValues {
  readonly #entriesMax: number;
  readonly #known = new Map<StateKey, { readonly from: number; readonly past: PastValue }>();

  constructor(entriesMax: number = 2 * keysMax) {
    this.#entriesMax = entriesMax;
  }

  at(height: number, key: StateKey): PastValue | undefined {
    const entry = this.#known.get(key);
    return entry !== undefined && entry.from <= height && height <= entry.past.through ? entry.past : undefined;
  }

  put(height: number, key: StateKey, past: PastValue): void {
    // A key that is put again becomes the newest.
    this.#known.delete(key);
    this.#known.set(key, { from: height, past });
    for (const oldest of this.#known.keys()) {
      if (this.#known.size <= this.#entriesMax) break;
      this.#known.delete(oldest);
    }
  }
}
