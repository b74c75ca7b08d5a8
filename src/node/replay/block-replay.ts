import { setImmediate as turn } from 'node:timers/promises';
import { AssentError, assert, present } from '../../base/index.ts';
import { recordedKeys, ScratchState } from '../../contracts/index.ts';
import {
  type BlockContext,
  type ExecutedTransaction,
  type OpenedBlock,
  PastState,
  type StateKey,
  type StateView,
  UnverifiedTransaction,
} from '../../ledger/index.ts';
import type { DecidingRules } from './deciding-rules.ts';
import type { ReplaySource } from './source.ts';

/** So many transactions are executed before others get a turn. */
const sliceTransactions = 8;

/**
 * Executes the transactions of a committed block once more, one after the other, on the state that was before it: each
 * finds what those before it in the same block wrote. Nothing is written anywhere.
 */
export class BlockReplay {
  readonly context: BlockContext;
  readonly transactions: readonly UnverifiedTransaction[];
  readonly #rules: DecidingRules;
  readonly #before: PastState;
  readonly #written = new Map<StateKey, Uint8Array | undefined>();
  #executed = 0;
  /** Of how many transactions the values were loaded. */
  #prepared = 0;

  constructor(source: ReplaySource, rules: DecidingRules, { header, transactionBytes }: OpenedBlock) {
    const { height, timestamp } = header;
    this.context = { ledgerId: source.ledgerId, height, timestamp };
    this.transactions = transactionBytes.map((bytes) => new UnverifiedTransaction(bytes));
    this.#rules = rules;
    this.#before = new PastState(height - 1, source.valueAt, source.values);
  }

  /** The transaction that comes next. */
  get next(): UnverifiedTransaction | undefined {
    return this.transactions[this.#executed];
  }

  /** What an evaluation comes to in the state that the next transaction finds. It may run many times. */
  evaluate<T>(evaluate: (state: ScratchState) => T): Promise<T> {
    return this.#before.run((before) => evaluate(new ScratchState(this.#over(before))));
  }

  /** Executes the next transaction. It stays the next until `keep` is called: then those after it find what it wrote. */
  async execute(): Promise<{ readonly executed: ExecutedTransaction; readonly keep: () => Promise<void> }> {
    const place = this.#executed;
    const transaction = present(this.next, 'the block has another transaction');
    await this.prepare();
    const { executed, writes } = await this.evaluate((state) => {
      return { executed: this.#rules.execute(transaction, state, this.context), writes: state.writes };
    });
    const keep = async (): Promise<void> => {
      assert(this.#executed === place, 'a transaction is kept once, and in its turn');
      if (executed.result.ok) for (const [key, value] of writes) this.#written.set(key, value);
      this.#executed += 1;
      if (this.#executed % sliceTransactions === 0) await turn();
    };
    return { executed, keep };
  }

  /**
   * Of a batch that comes next, loads what its parts read before all of it is executed: else it would be begun anew for
   * each value.
   */
  async prepare(): Promise<void> {
    const transaction = this.next;
    if (transaction === undefined || this.#prepared > this.#executed) return;
    this.#prepared = this.#executed + 1;
    const asked = this.#rules.questions(transaction);
    if (asked.length <= 1) return;
    await this.#before.load(recordedKeys(asked));
    for (const question of new Set(asked.map((one) => one.question))) {
      await this.evaluate((state) => answered(() => this.#rules.evaluate(state, question, this.context.timestamp)));
      await turn();
    }
  }

  /** Executes and keeps those before the place. */
  async skipTo(index: number): Promise<void> {
    assert(index < this.transactions.length, 'a place in the block');
    while (this.#executed < index) await (await this.execute()).keep();
  }

  #over(before: StateView): StateView {
    return { get: (key) => (this.#written.has(key) ? this.#written.get(key) : before.get(key)) };
  }
}

/** Whether there is an answer: of what cannot be asked, such as a subject that is not linked, there is none. */
function answered(ask: () => unknown): boolean {
  try {
    ask();
    return true;
  } catch (thrown) {
    if (thrown instanceof AssentError) return false;
    throw thrown;
  }
}
