import type {
  BlockContext,
  StateKey,
  StateView,
  StateWriter,
  TransactionContent,
  TransactionResult,
} from '../ledger-types.ts';
import type { TracingRuleExecutor } from './executor.ts';

interface NamedRule {
  readonly name: string;
  readonly code: string;
  readonly sentence: string;
}

/** One rule that was looked at. */
export interface RuleTrace extends NamedRule {
  readonly permitted: boolean;
  /** State keys it read and whether something was there. */
  readonly reads: readonly { readonly key: StateKey; readonly found: boolean }[];
  /** What the rule itself noted. */
  readonly saw: readonly { readonly what: string; readonly value: string | number | boolean }[];
}

/** Collects what an evaluation looks at. */
export class Trace {
  readonly #rules: RuleTrace[] = [];
  #rule: NamedRule | undefined;
  #reads: { key: StateKey; found: boolean }[] = [];
  #saw: { what: string; value: string | number | boolean }[] = [];

  get rules(): readonly RuleTrace[] {
    return this.#rules;
  }

  enter(rule: NamedRule): void {
    this.#rule = rule;
    this.#reads = [];
    this.#saw = [];
  }

  leave(permitted: boolean): void {
    if (this.#rule === undefined) return;
    const { name, code, sentence } = this.#rule;
    this.#rules.push({ name, code, sentence, permitted, reads: this.#reads, saw: this.#saw });
    this.#rule = undefined;
  }

  read(key: StateKey, found: boolean): void {
    if (this.#rule !== undefined && !this.#reads.some((read) => read.key === key)) this.#reads.push({ key, found });
  }

  saw(what: string, value: string | number | boolean): void {
    if (this.#rule !== undefined) this.#saw.push({ what, value });
  }
}

export interface Explanation {
  readonly kind: string;
  readonly ruleSet: string;
  readonly height: number;
  readonly result: TransactionResult;
  /** Every rule that was looked at, in order; the last one decided when the result is a refusal. */
  readonly rules: readonly RuleTrace[];
  /** Name of the rule that refused. */
  readonly decidedBy: string | undefined;
  /** Keys that the transaction would write. */
  readonly writes: readonly StateKey[];
}

/**
 * Evaluates a transaction again, as it ran or would run at this state and block, and tells why. Writes nothing.
 * For a past transaction give the state before it.
 */
export function explainTransaction(
  executor: TracingRuleExecutor,
  transaction: TransactionContent,
  state: StateView,
  block: BlockContext,
): Explanation {
  const scratch = new ScratchState(state);
  const trace = new Trace();
  const { result } = executor.executeTraced(transaction, scratch, block, trace);
  return {
    kind: transaction.kind,
    ruleSet: executor.ruleSet,
    height: block.height,
    result,
    rules: trace.rules,
    decidedBy: result.ok ? undefined : result.rule,
    writes: result.ok ? scratch.writtenKeys : [],
  };
}

/** Writes over a state that stays as it is. */
export class ScratchState implements StateWriter {
  readonly #base: StateView;
  readonly #written = new Map<StateKey, Uint8Array | undefined>();

  constructor(base: StateView) {
    this.#base = base;
  }

  get(key: StateKey): Uint8Array | undefined {
    return this.#written.has(key) ? this.#written.get(key) : this.#base.get(key);
  }

  put(key: StateKey, value: Uint8Array): void {
    this.#written.set(key, value);
  }

  delete(key: StateKey): void {
    this.#written.set(key, undefined);
  }

  get writtenKeys(): readonly StateKey[] {
    return [...this.#written.keys()];
  }

  /** Key and new value (undefined: deleted) of everything written, in the order of first writing. */
  get writes(): readonly (readonly [StateKey, Uint8Array | undefined])[] {
    return [...this.#written];
  }
}
