import { assert } from '../../base/index.ts';
import type { Store } from '../../storage/index.ts';
import { type BlockPlace, comparePlaces, decodePostings, intersection } from './postings.ts';
import { heightOfPostings, postingsKey } from './records.ts';

export interface RowPlace extends BlockPlace {
  readonly height: number;
}

export interface Search {
  /** Keys of terms: a row has all of them. At least one. */
  readonly terms: readonly string[];
  /** First and last height, both inclusive. */
  readonly first: number;
  readonly last: number;
  readonly newestFirst: boolean;
  /** Only what comes after it in the order of the search. */
  readonly after?: RowPlace | undefined;
  readonly limit: number;
}

export interface Found {
  readonly rows: readonly RowPlace[];
  /** What {@link Search.after} goes on with, absent at the end; with it there may be no rows. */
  readonly next?: RowPlace;
}

/** Pages of records that one search reads at most: then it says where to go on. */
const readsMax = 64;
const recordsAtOnceMin = 2;
const recordsAtOnceMax = 16;
/** More than any place in a block. */
const placeMax = 0xffff_ffff;

/**
 * Rows that have all terms, in order. The terms' records are walked side by side, each from the height that another is at,
 * so that the rarest sets the pace and what only the others have is passed over.
 */
export async function search(store: Pick<Store, 'range'>, asked: Search): Promise<Found> {
  const { newestFirst, after, limit, terms } = asked;
  assert(terms.length > 0 && limit > 0, 'something is looked for');
  const step = newestFirst ? -1 : 1;
  const first = newestFirst ? asked.first : Math.max(asked.first, after?.height ?? 0);
  const last = newestFirst ? Math.min(asked.last, after?.height ?? asked.last) : asked.last;
  const walks = terms.map((term) => new TermWalk(store, term, { first, last, newestFirst }));
  const rows: RowPlace[] = [];
  let height = newestFirst ? last : first;
  while (first <= height && height <= last) {
    const agreed = await agree(walks, height);
    if (agreed === undefined) return { rows };
    height = agreed.height;
    if (!agreed.isDone) return { rows, next: before(height, newestFirst) };
    for (const place of placesAt(walks, height, newestFirst)) {
      const row = { height, ...place };
      if (after !== undefined && !follows(row, after, newestFirst)) continue;
      rows.push(row);
      if (rows.length === limit) return { rows, next: row };
    }
    height += step;
  }
  return { rows };
}

/** The nearest height that all walks have, or how far they came. Undefined where one of them ends. */
async function agree(
  walks: readonly TermWalk[],
  from: number,
): Promise<{ readonly height: number; readonly isDone: boolean } | undefined> {
  let height = from;
  for (let turn = 0, agreed = 0; agreed < walks.length; turn++) {
    if (walks.reduce((sum, { reads }) => sum + reads, 0) >= readsMax) return { height, isDone: false };
    const found = await (walks[turn % walks.length] as TermWalk).seek(height);
    if (found === undefined) return undefined;
    agreed = found === height ? agreed + 1 : 1;
    height = found;
  }
  return { height, isDone: true };
}

function placesAt(walks: readonly TermWalk[], height: number, newestFirst: boolean): BlockPlace[] {
  const places = walks.map((walk) => walk.placesAt(height)).reduce(intersection);
  return newestFirst ? places.reverse() : places;
}

function follows(row: RowPlace, after: RowPlace, newestFirst: boolean): boolean {
  const order = row.height - after.height || comparePlaces(row, after);
  return newestFirst ? order < 0 : order > 0;
}

/** Everything at this height follows. */
export function before(height: number, newestFirst: boolean): RowPlace {
  return newestFirst
    ? { height: height + 1, index: 0, number: 0 }
    : { height: height - 1, index: placeMax, number: placeMax };
}

/** The heights of one term, in the order of the search. */
class TermWalk {
  readonly #store: Pick<Store, 'range'>;
  readonly #term: string;
  readonly #bounds: Pick<Search, 'first' | 'last' | 'newestFirst'>;
  #page: (readonly [height: number, key: Uint8Array, value: Uint8Array])[] = [];
  #isAtEnd = false;
  /** More while all that was read is looked at, few after something was passed over. */
  #recordsAtOnce = recordsAtOnceMin;
  reads = 0;

  constructor(store: Pick<Store, 'range'>, term: string, bounds: Pick<Search, 'first' | 'last' | 'newestFirst'>) {
    this.#store = store;
    this.#term = term;
    this.#bounds = bounds;
  }

  /** The nearest height from this one on, itself included. What came before it is left behind. */
  async seek(height: number): Promise<number | undefined> {
    const { newestFirst } = this.#bounds;
    const at = this.#page.findIndex(([own]) => (newestFirst ? own <= height : own >= height));
    if (at === -1 && this.#page.length > 1) this.#recordsAtOnce = recordsAtOnceMin;
    this.#page = at === -1 ? [] : this.#page.slice(at);
    if (this.#page.length === 0 && !this.#isAtEnd) await this.#read(height);
    return this.#page[0]?.[0];
  }

  placesAt(height: number): BlockPlace[] {
    const [own, key, value] = this.#page[0] ?? [];
    assert(own === height && key !== undefined && value !== undefined, 'the walk is at this height');
    return decodePostings(key, value);
  }

  async #read(height: number): Promise<void> {
    const { first, last, newestFirst } = this.#bounds;
    this.reads += 1;
    const from = postingsKey(this.#term, newestFirst ? first : height);
    const to = postingsKey(this.#term, (newestFirst ? height : last) + 1);
    const limit = this.#recordsAtOnce;
    this.#recordsAtOnce = Math.min(2 * limit, recordsAtOnceMax);
    const entries = await this.#store.range({ from, to, reverse: newestFirst, limit });
    this.#isAtEnd = entries.length < limit;
    this.#page = entries.map(([key, value]) => [heightOfPostings(key), key, value]);
  }
}
