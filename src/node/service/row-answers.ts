import { AssentError } from '../../base/index.ts';
import type { Ledger } from '../../ledger/index.ts';
import type { Store } from '../../storage/index.ts';
import type { AnswerOf, Asked, InputOf } from '../queries/query.ts';
import { firstHeightFrom, type QueryIndexer, search } from '../query-index/index.ts';

/** So long a query waits for the index to reach the block up to which it reads. */
const waitMs = 2000;

/** Answers from the index of transactions. Each reads a bounded piece, beside this thread. */
export class RowAnswers implements Pick<Asked, 'rows'> {
  readonly #ledger: Pick<Ledger, 'applied'>;
  readonly #store: Pick<Store, 'range'>;
  readonly #indexer: Pick<QueryIndexer, 'indexed' | 'open' | 'reached' | 'epoch'>;

  constructor(
    ledger: Pick<Ledger, 'applied'>,
    store: Pick<Store, 'range'>,
    indexer: Pick<QueryIndexer, 'indexed' | 'open' | 'reached' | 'epoch'>,
  ) {
    this.#ledger = ledger;
    this.#store = store;
    this.#indexer = indexer;
  }

  async rows({ from, to, newestFirst, after, ...asked }: InputOf<'rows'>): Promise<AnswerOf<'rows'>> {
    const applied = this.#ledger.applied.height;
    await this.#indexer.reached(applied, waitMs);
    const { indexed, epoch } = this.#indexer;
    if (indexed === undefined) return { rows: [], at: applied, indexed: undefined, isWhole: false };
    const first = await this.#heightFrom(from, indexed.through);
    const end = to === undefined ? indexed.through + 1 : await this.#heightFrom(to, indexed.through);
    const last = end - 1;
    const found =
      first > last
        ? { rows: [] }
        : await search(this.#store, this.#indexer.open, { ...asked, first, last, newestFirst, after });
    if (epoch !== this.#indexer.epoch)
      throw new AssentError('overloaded', 'The index of transactions is being made anew: ask again in a moment.');
    // What is looked for may still come: in a block that is not indexed yet.
    const isWhole = indexed.through >= applied || last < indexed.through;
    return { ...found, at: applied, indexed: { from: indexed.from, through: indexed.through }, isWhole };
  }

  /** The first block at this time or later, one above the newest where all are before it. */
  async #heightFrom(time: number | undefined, through: number): Promise<number> {
    if (time === undefined) return this.#indexer.indexed?.from ?? 1;
    // The store's are before those that are not in it yet, and what is newer may have been indexed meanwhile.
    const open = this.#indexer.open.firstHeightFrom(time);
    return Math.min((await firstHeightFrom(this.#store, time)) ?? open ?? through + 1, through + 1);
  }
}
