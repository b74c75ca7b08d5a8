import { assert } from '../../base/index.ts';
import { encodePostings, runNumbers } from './postings.ts';
import type { Facet, Term } from './terms.ts';

/** In a link: the place of the term's next link, and its run. */
const linkNumbers = 1 + runNumbers;
const linksAtFirst = 1024;
const termsAtFirst = 256;

/**
 * The terms of a group of blocks, and the rows that have them. A group has tens of thousands of both: a term is a number,
 * and its rows are a chain of links in one array, so that there is nothing for the garbage collector to go through.
 */
export class GroupTerms {
  readonly #facets = new Map<Facet, Map<string, number>>();
  /** Of each term its first and its last link. */
  #ends = new Uint32Array(2 * termsAtFirst);
  #termCount = 0;
  /** The first link is none. */
  #links = new Uint32Array(linkNumbers * linksAtFirst);
  #linkCount = 1;
  #runs = new Uint32Array(runNumbers * linksAtFirst);

  /** How many terms there are. */
  get size(): number {
    return this.#termCount;
  }

  /** Runs of rows, of all terms. */
  get runCount(): number {
    return this.#linkCount - 1;
  }

  /** The term's number, for {@link add}. */
  numberOf(facet: Facet, value: string): number {
    let values = this.#facets.get(facet);
    if (values === undefined) {
      values = new Map();
      this.#facets.set(facet, values);
    }
    const known = values.get(value);
    if (known !== undefined) return known;
    const added = this.#termCount++;
    values.set(value, added);
    if (2 * this.#termCount > this.#ends.length) this.#ends = doubled(this.#ends);
    return added;
  }

  /** A row of the block at this place in the group. Rows of one term are added in their order; one twice counts once. */
  add(term: number, block: number, index: number, number: number): void {
    const last = this.#ends[2 * term + 1] as number;
    if (last > 0 && this.#goesOn(last, block, index, number)) return;
    const link = linkNumbers * this.#linkCount++;
    if (link + linkNumbers > this.#links.length) this.#links = doubled(this.#links);
    const links = this.#links;
    links[link + 1] = block;
    links[link + 2] = index;
    links[link + 3] = number;
    links[link + 4] = 1;
    if (last > 0) links[last] = link;
    else this.#ends[2 * term] = link;
    this.#ends[2 * term + 1] = link;
  }

  /** Whether the row is in this run, or now is. */
  #goesOn(link: number, block: number, index: number, number: number): boolean {
    const links = this.#links;
    const [lastBlock, lastIndex] = [links[link + 1] as number, links[link + 2] as number];
    assert(block > lastBlock || (block === lastBlock && index >= lastIndex), 'rows are added in their order');
    if (block !== lastBlock || index !== lastIndex) return false;
    const next = (links[link + 3] as number) + (links[link + 4] as number);
    if (number === next) links[link + 4] = (links[link + 4] as number) + 1;
    return number <= next;
  }

  *[Symbol.iterator](): Generator<readonly [term: Term, number: number]> {
    for (const [facet, values] of this.#facets) for (const [value, number] of values) yield [{ facet, value }, number];
  }

  /** The number of a term that has rows. */
  find({ facet, value }: Term): number | undefined {
    return this.#facets.get(facet)?.get(value);
  }

  /** The term's record under this key. */
  encode(term: number, key: Uint8Array): Uint8Array {
    const links = this.#links;
    let count = 0;
    for (let link = this.#ends[2 * term] as number; link > 0; link = links[link] as number) {
      if (runNumbers * (count + 1) > this.#runs.length) this.#runs = doubled(this.#runs);
      for (let at = 0; at < runNumbers; at++) this.#runs[runNumbers * count + at] = links[link + 1 + at] as number;
      count += 1;
    }
    return encodePostings(key, this.#runs, count);
  }
}

function doubled(numbers: Uint32Array<ArrayBuffer>): Uint32Array<ArrayBuffer> {
  const twice = new Uint32Array(2 * numbers.length);
  twice.set(numbers);
  return twice;
}
