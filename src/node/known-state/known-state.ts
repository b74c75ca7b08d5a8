import type { DecisionBatch, DecisionRequest } from '../../api/index.ts';
import { AssentError, assert } from '../../base/index.ts';
import type { StateKey, StateView } from '../../ledger/index.ts';
import { adviceText } from './advice.ts';
import type { StateFacts, StateValues } from './messages.ts';
import { unpackValues } from './packed-values.ts';

/** Ends an evaluation that reads what is not known here. */
class NotKnown extends Error {
  override readonly name = 'NotKnown';
}

/** An answer, and of which state. */
export type Advised =
  | { readonly facts: StateFacts; readonly text: string }
  | { readonly facts: StateFacts; readonly refusal: AssentError };

/** Null: nothing stands there. */
type Known = Map<StateKey, Uint8Array | null>;

/**
 * The part of the newest certified state that this thread was given lately: values of one block, the newest that it was told
 * of. It follows a `StateFeed`, whose words come in order but for its answers, which news may overtake.
 */
export class KnownState {
  readonly #nowMs: () => number;
  #facts: StateFacts | undefined;
  /** Of {@link #young}; those of {@link #old} are of the generation before. */
  #generation = 0;
  #young: Known = new Map();
  #old: Known = new Map();

  constructor(nowMs: () => number) {
    this.#nowMs = nowMs;
  }

  /** Which block's state it is, where values are held; undefined while nothing was ever known. */
  get facts(): StateFacts | undefined {
    return this.#facts;
  }

  /** Values held. */
  get size(): number {
    return this.#young.size + this.#old.size;
  }

  /** There is a newer block: all that changed of what is known here. */
  follow({ facts, generation, values }: StateValues): void {
    this.#goOnTo(generation);
    this.#facts = facts;
    for (const [key, value] of unpackValues(values)) {
      // What is not held any more stays forgotten.
      if (this.#young.has(key)) this.#young.set(key, value ?? null);
      if (this.#old.has(key)) this.#old.set(key, value ?? null);
    }
  }

  /** What an answer was made from. */
  learn({ facts, generation, values }: StateValues): void {
    if (this.#facts !== undefined && facts.height < this.#facts.height) return;
    this.#goOnTo(generation);
    assert(facts.height === this.#facts?.height || this.size === 0, 'news of a block come before what is read of it');
    if (generation < this.#generation - 1) return;
    const known = generation === this.#generation ? this.#young : this.#old;
    this.#facts = facts;
    for (const [key, value] of unpackValues(values)) known.set(key, value ?? null);
  }

  /** Undefined where not all is known that the answer depends on. */
  decide(asked: DecisionRequest | DecisionBatch): Advised | undefined {
    const facts = this.#facts;
    // Whoever was given nothing is told nothing: the facts may be those of an older block.
    if (facts === undefined || this.size === 0) return undefined;
    let isKnown = true;
    const state: StateView = {
      get: (key) => {
        let value = this.#young.get(key);
        if (value === undefined) value = this.#old.get(key);
        if (value !== undefined) return value ?? undefined;
        isKnown = false;
        throw new NotKnown();
      },
    };
    try {
      const text = adviceText(asked, state, facts, this.#nowMs());
      assert(isKnown, 'an evaluation does not go on without what it asked for');
      return { facts, text };
    } catch (thrown) {
      if (thrown instanceof NotKnown) return undefined;
      if (thrown instanceof AssentError) return { facts, refusal: thrown };
      throw thrown;
    }
  }

  #goOnTo(generation: number): void {
    if (generation <= this.#generation) return;
    this.#old = generation === this.#generation + 1 ? this.#young : new Map();
    this.#young = new Map();
    this.#generation = generation;
  }
}
