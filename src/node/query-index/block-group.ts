import { assert, present } from '../../base/index.ts';
import { type FacetNames, facetRows } from '../../contracts/index.ts';
import { type ArchivedBlock, type StateView, UnverifiedTransaction } from '../../ledger/index.ts';
import { openResult } from '../../ledger/portable.ts';
import type { Entry, Operation } from '../../storage/index.ts';
import { GroupTerms } from './group-terms.ts';
import { lastOfGroup, postingsKey, putTime } from './records.ts';
import { type Term, termKey } from './terms.ts';

/** A block with its results, out of the store or an archive. */
export type IndexableBlock = Pick<ArchivedBlock, 'header' | 'transactionBytes' | 'resultBytes'>;

export interface GroupLimits {
  readonly terms: number;
  readonly runs: number;
}

/**
 * The block with which a group has so many terms, or runs of rows, is its last: what a node holds of a group, and the
 * records of one term, are bounded. 32,768 terms are 4 MiB, 131,072 runs up to 5.
 */
export const groupLimits: GroupLimits = { terms: 32_768, runs: 131_072 };

/**
 * Neighbouring blocks that are indexed together: what one term has in all of them is one record. Where a group ends follows
 * from its blocks alone, so that whoever begins it at the same block makes the same records.
 */
export class BlockGroup {
  readonly #limits: GroupLimits;
  #terms = new GroupTerms();
  readonly #timestamps: number[] = [];
  #first = 0;
  /** Of the row being added. */
  readonly #named: number[] = [];

  constructor(limits: GroupLimits = groupLimits) {
    this.#limits = limits;
  }

  /** The height of its first block; undefined while it has none. */
  get first(): number | undefined {
    return this.#timestamps.length === 0 ? undefined : this.#first;
  }

  /** The height of its newest block; undefined while it has none. */
  get through(): number | undefined {
    return this.first === undefined ? undefined : this.#first + this.#timestamps.length - 1;
  }

  /** No block can be added: the next begins another group. */
  get isFull(): boolean {
    const { through } = this;
    const { terms, runs } = this.#limits;
    return (
      through !== undefined &&
      (through === lastOfGroup(this.#first) || this.#terms.size >= terms || this.#terms.runCount >= runs)
    );
  }

  /** The block that follows, or any as the first. `state`: a later one, for what it says for ever of ids that are named. */
  add({ header, transactionBytes, resultBytes }: IndexableBlock, state: StateView): void {
    const { height, timestamp } = header;
    const { through } = this;
    assert(!this.isFull && (through === undefined || height === through + 1), 'a group has blocks without a gap');
    if (through === undefined) this.#first = height;
    const place = height - this.#first;
    for (const [index, bytes] of transactionBytes.entries()) {
      const result = openResult(present(resultBytes[index], 'every transaction has a result'));
      this.#addTransaction(place, index, new UnverifiedTransaction(bytes), result, state);
    }
    this.#timestamps.push(timestamp);
  }

  #addTransaction(
    place: number,
    index: number,
    transaction: UnverifiedTransaction,
    result: ReturnType<typeof openResult>,
    state: StateView,
  ): void {
    const terms = this.#terms;
    const named = this.#named;
    named.length = 0;
    named.push(terms.numberOf('all', ''));
    for (const kind of kindNames(transaction.kind)) named.push(terms.numberOf('kind', kind));
    const shared = named.length;
    const rows = facetRows(transaction, result, state);
    let names: FacetNames | undefined;
    for (let number = 0; number < rows.length; number++) {
      const row = present(rows[number], 'it is one of them');
      // The rows of one access of a batch have the same names, one after the other.
      if (row.names !== names) {
        named.length = shared;
        this.#name(row.names);
      }
      names = row.names;
      for (const term of named) terms.add(term, place, index, number);
    }
  }

  #name({ subjects, agents, organisations, consents }: FacetNames): void {
    const terms = this.#terms;
    const named = this.#named;
    for (const value of subjects) named.push(terms.numberOf('subject', value));
    for (const value of agents) named.push(terms.numberOf('agent', value));
    for (const value of organisations) named.push(terms.numberOf('organisation', value));
    for (const value of consents) named.push(terms.numberOf('consent', value));
  }

  /** Everything that the group adds to the index. */
  *records(): Generator<Operation> {
    for (const [place, timestamp] of this.#timestamps.entries()) yield putTime(timestamp, this.#first + place);
    for (const [term, number] of this.#terms) {
      const key = postingsKey(termKey(term), this.#first);
      yield { type: 'put', key, value: this.#terms.encode(number, key) };
    }
  }

  /** The record of a term, as of its blocks so far; undefined where none has it. */
  recordOf(term: Term): Entry | undefined {
    const number = this.#terms.find(term);
    if (this.first === undefined || number === undefined) return undefined;
    const key = postingsKey(termKey(term), this.#first);
    return [key, this.#terms.encode(number, key)];
  }

  /** Its first block at this time or later. */
  firstHeightFrom(timestamp: number): number | undefined {
    const place = this.#timestamps.findIndex((own) => own >= timestamp);
    return place === -1 ? undefined : this.#first + place;
  }

  clear(): void {
    this.#terms = new GroupTerms();
    this.#timestamps.length = 0;
  }
}

/** A kind is found by its contract, too: `access` and `access.record`. */
function kindNames(kind: string): string[] {
  const [contract = kind] = kind.split('.');
  return [contract, kind];
}
