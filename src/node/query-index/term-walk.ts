import { assert } from '../../base/index.ts';
import type { Entry, Store } from '../../storage/index.ts';
import { type BlockPlace, Postings } from './postings.ts';
import { firstOfGroup, heightOfPostings, lastOfGroup, postingsKey } from './records.ts';
import { type Term, termKey } from './terms.ts';

const recordsAtOnceMin = 2;
const recordsAtOnceMax = 16;
/** No further record of a page once it has so many: those of what many blocks have are long. */
const pageBytes = 64 * 1024;

/** The heights that are walked, both inclusive, and which way. */
export interface WalkBounds {
  readonly first: number;
  readonly last: number;
  readonly newestFirst: boolean;
}

/** A record is of the blocks from this height on, up to that of the term's next record or the end of its group. */
interface TermRecord {
  readonly first: number;
  readonly key: Uint8Array;
  readonly value: Uint8Array;
}

/** The heights of one term, in the order of the search. */
export class TermWalk {
  readonly #store: Pick<Store, 'range'>;
  readonly #term: string;
  readonly #bounds: WalkBounds;
  /** What the group that is not on disk yet had of the term when the walk began. */
  readonly #open: TermRecord | undefined;
  #page: TermRecord[] = [];
  /** The first of the page. */
  #postings: Postings | undefined;
  /** Where the last record began that was read. */
  #passed: number | undefined;
  #isAtEnd = false;
  /** More while all that was read is looked at, few after something was passed over. */
  #recordsAtOnce = recordsAtOnceMin;
  reads = 0;

  constructor(store: Pick<Store, 'range'>, term: Term, bounds: WalkBounds, open: Entry | undefined) {
    this.#store = store;
    this.#term = termKey(term);
    this.#bounds = bounds;
    this.#open = open && recordOf(open);
    // The newest of all that there are.
    if (bounds.newestFirst && this.#open !== undefined) this.#page = [this.#open];
  }

  /**
   * The nearest height from this one on, itself included. What came before it is left behind. Undefined at the end;
   * `unread` where another read is to tell.
   */
  async seek(height: number): Promise<number | 'unread' | undefined> {
    const found = this.#look(height);
    if (found !== undefined || this.#isAtEnd) return found;
    await this.#read(height);
    return this.#look(height) ?? (this.#isAtEnd ? undefined : 'unread');
  }

  placesAt(height: number): BlockPlace[] {
    const record = this.#page[0];
    assert(record !== undefined && this.#postings !== undefined, 'the walk is at this height');
    return this.#postings.rowsAt(height - record.first);
  }

  #look(height: number): number | undefined {
    const { newestFirst } = this.#bounds;
    for (let [record] = this.#page; record !== undefined; record = this.#page[0]) {
      if (!this.#isPassed(record, height)) {
        this.#postings ??= new Postings(record.key, record.value);
        const place = this.#postings.nearest(height - record.first, newestFirst);
        if (place !== undefined) return record.first + place;
      }
      this.#page.shift();
      this.#postings = undefined;
    }
    return undefined;
  }

  /** Nothing of it is at this height or after it, as is seen without reading it. */
  #isPassed({ first }: TermRecord, height: number): boolean {
    if (this.#bounds.newestFirst) return first > height;
    const next = this.#page[1];
    return lastOfGroup(first) < height || (next !== undefined && next.first <= height);
  }

  async #read(height: number): Promise<void> {
    const { newestFirst } = this.#bounds;
    this.reads += 1;
    const [from, to] = newestFirst ? this.#rangeDown(height) : this.#rangeUp(height);
    const limit = this.#recordsAtOnce;
    this.#recordsAtOnce = Math.min(2 * limit, recordsAtOnceMax);
    const range = { from: postingsKey(this.#term, from), to: postingsKey(this.#term, to) };
    const entries = await this.#store.range({ ...range, reverse: newestFirst, limit, bytesMax: pageBytes });
    const bytes = entries.reduce((sum, [key, value]) => sum + key.length + value.length, 0);
    this.#isAtEnd = entries.length < limit && bytes < pageBytes;
    this.#page = entries.map(recordOf);
    this.#passed = this.#page.at(-1)?.first ?? this.#passed;
    if (this.#isAtEnd && !newestFirst && this.#open !== undefined) this.#page.push(this.#open);
  }

  /** Groups begin at different heights: the record that has this one may be any from the first that it can be on. */
  #rangeUp(height: number): [from: number, to: number] {
    const passed = this.#passed ?? -1;
    const first = firstOfGroup(height);
    if (first > lastOfGroup(passed) + 1) this.#recordsAtOnce = recordsAtOnceMin;
    return [Math.max(first, passed + 1), this.#open?.first ?? this.#bounds.last + 1];
  }

  #rangeDown(height: number): [from: number, to: number] {
    const passed = this.#passed ?? this.#open?.first ?? Number.MAX_SAFE_INTEGER;
    if (height + 1 < passed) this.#recordsAtOnce = recordsAtOnceMin;
    return [firstOfGroup(this.#bounds.first), Math.min(height + 1, passed)];
  }
}

function recordOf([key, value]: Entry): TermRecord {
  return { first: heightOfPostings(key), key, value };
}
