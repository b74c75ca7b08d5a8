import type { DecisionBatch, DecisionRequest } from '../../api/index.ts';
import type { Ledger, StateChanges, StateKey, StateView } from '../../ledger/index.ts';
import { adviceText } from './advice.ts';
import type { StateFacts, StateNews, StateValues } from './messages.ts';
import { type KeyValue, packValues } from './packed-values.ts';

/** Bytes of one generation, as {@link entryBytes} counts. There are two. */
const generationBytesMax = 8 * 1024 * 1024;
/** What a value costs whoever keeps it beside its own bytes, with what is decoded from it (rounded). */
const entryBytes = 1024;
/** An answer whose values are more than this brings none. */
const valuesBytesMax = 512 * 1024;

export interface StateFeedOptions {
  readonly ledger: Pick<Ledger, 'certified' | 'onCertified'>;
  readonly nowMs: () => number;
  readonly send: (news: StateNews) => void;
  /** For tests of the bound. */
  readonly generationBytesMax?: number;
}

/** An advisory decision, and what was read for it. */
export interface Advice {
  readonly text: string;
  readonly values: StateValues | undefined;
}

/**
 * Decides on the newest certified state, and gives along what it read, so that another thread can decide the same without
 * asking. It remembers which keys it gave out, in two generations, and tells of every change of theirs. So whoever keeps
 * what it was given, and forgets a generation when the one after the next begins, has the values of the newest block that it
 * was told of; an answer that news have overtaken is of an older one, and not to be kept.
 */
export class StateFeed {
  readonly #ledger: StateFeedOptions['ledger'];
  readonly #nowMs: () => number;
  readonly #send: (news: StateNews) => void;
  readonly #generationBytesMax: number;
  #generation = 0;
  #young = new Set<StateKey>();
  #old = new Set<StateKey>();
  #youngBytes = 0;

  constructor(options: StateFeedOptions) {
    this.#ledger = options.ledger;
    this.#nowMs = options.nowMs;
    this.#send = options.send;
    this.#generationBytesMax = options.generationBytesMax ?? generationBytesMax;
    this.#ledger.onCertified((changes) => (changes === undefined ? this.#beginAgain() : this.#tell(changes)));
  }

  /** Throws as `evaluateAccess`. */
  decide(asked: DecisionRequest | DecisionBatch): Advice {
    const { state } = this.#ledger.certified;
    const facts = this.#facts;
    const read = new Map<StateKey, Uint8Array | undefined>();
    const reading: StateView = {
      get(key) {
        const value = state.get(key);
        read.set(key, value);
        return value;
      },
    };
    const text = adviceText(asked, reading, facts, this.#nowMs());
    return { text, values: this.#giveOut(facts, read) };
  }

  #giveOut(facts: StateFacts, read: ReadonlyMap<StateKey, Uint8Array | undefined>): StateValues | undefined {
    let bytes = 0;
    for (const [key, value] of read) bytes += entryBytes + key.length + (value?.length ?? 0);
    if (bytes > valuesBytesMax) return undefined;
    if (this.#youngBytes + bytes > this.#generationBytesMax) this.#nextGeneration();
    this.#youngBytes += bytes;
    for (const key of read.keys()) this.#young.add(key);
    return { facts, generation: this.#generation, values: packValues(read) };
  }

  #nextGeneration(): void {
    this.#generation += 1;
    this.#old = this.#young;
    this.#young = new Set();
    this.#youngBytes = 0;
  }

  #tell(changes: readonly StateChanges[]): void {
    if (this.#young.size + this.#old.size === 0) return;
    const changed = new Map<StateKey, Uint8Array | undefined>();
    for (const block of changes) {
      for (const [key, value] of block) if (this.#young.has(key) || this.#old.has(key)) changed.set(key, value);
    }
    this.#publish(changed);
  }

  /** All that was given out may be wrong. */
  #beginAgain(): void {
    this.#nextGeneration();
    this.#nextGeneration();
    this.#publish([]);
  }

  #publish(changed: Iterable<KeyValue>): void {
    this.#send({ type: 'state', facts: this.#facts, generation: this.#generation, values: packValues(changed) });
  }

  get #facts(): StateFacts {
    const { facts, executor } = this.#ledger.certified;
    return { height: facts.height, timestamp: facts.timestamp, ruleSet: executor.ruleSet };
  }
}
