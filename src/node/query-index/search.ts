import { assert } from '../../base/index.ts';
import type { Store } from '../../storage/index.ts';
import type { BlockGroup } from './block-group.ts';
import { type BlockPlace, comparePlaces, intersection } from './postings.ts';
import { TermWalk } from './term-walk.ts';
import type { Term } from './terms.ts';

export interface RowPlace extends BlockPlace {
  readonly height: number;
}

export interface Search {
  /** A row has all of them. At least one. */
  readonly terms: readonly Term[];
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
/** The same for steps from one block that a term has to the next. */
const stepsMax = 1024;
/** More than any place in a block. */
const placeMax = 0xffff_ffff;

/**
 * Rows that have all terms, in order. The terms' records are walked side by side, each from the height that another is at,
 * so that the rarest sets the pace and what only the others have is passed over. `open`: the group that is not in the
 * store yet.
 */
export async function search(
  store: Pick<Store, 'range'>,
  open: Pick<BlockGroup, 'recordOf'>,
  asked: Search,
): Promise<Found> {
  const { newestFirst, after, limit, terms } = asked;
  assert(terms.length > 0 && limit > 0, 'something is looked for');
  const step = newestFirst ? -1 : 1;
  const first = newestFirst ? asked.first : Math.max(asked.first, after?.height ?? 0);
  const last = newestFirst ? Math.min(asked.last, after?.height ?? asked.last) : asked.last;
  // What is open now is looked at once for all: it may be in the store before the walks come to it.
  const walks = new Walks(
    terms.map((term) => new TermWalk(store, term, { first, last, newestFirst }, open.recordOf(term))),
  );
  const rows: RowPlace[] = [];
  let height = newestFirst ? last : first;
  while (first <= height && height <= last) {
    const agreed = await walks.agree(height);
    if (agreed === undefined) return { rows };
    height = agreed.height;
    if (!agreed.isDone) return { rows, next: before(height, newestFirst) };
    if (height < first || height > last) return { rows };
    for (const place of walks.placesAt(height, newestFirst)) {
      const row = { height, ...place };
      if (after !== undefined && !follows(row, after, newestFirst)) continue;
      rows.push(row);
      if (rows.length === limit) return { rows, next: row };
    }
    height += step;
  }
  return { rows };
}

/** Those of all terms. */
class Walks {
  readonly #walks: readonly TermWalk[];
  #steps = 0;

  constructor(walks: readonly TermWalk[]) {
    this.#walks = walks;
  }

  /** The nearest height that all have, or how far they came. Undefined where one of them ends. */
  async agree(from: number): Promise<{ readonly height: number; readonly isDone: boolean } | undefined> {
    const walks = this.#walks;
    let height = from;
    for (let turn = 0, agreed = 0; agreed < walks.length; ) {
      if (this.#isSpent) return { height, isDone: false };
      this.#steps += 1;
      const found = await (walks[turn % walks.length] as TermWalk).seek(height);
      if (found === undefined) return undefined;
      if (found === 'unread') continue;
      agreed = found === height ? agreed + 1 : 1;
      height = found;
      turn += 1;
    }
    return { height, isDone: true };
  }

  placesAt(height: number, newestFirst: boolean): BlockPlace[] {
    const places = this.#walks.map((walk) => walk.placesAt(height)).reduce(intersection);
    return newestFirst ? places.reverse() : places;
  }

  get #isSpent(): boolean {
    return this.#steps >= stepsMax || this.#walks.reduce((sum, { reads }) => sum + reads, 0) >= readsMax;
  }
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
