import { present } from '../../base/index.ts';
import { type FacetNames, facetRows } from '../../contracts/index.ts';
import { type ArchivedBlock, type StateView, UnverifiedTransaction } from '../../ledger/index.ts';
import { openResult } from '../../ledger/portable.ts';
import type { Operation } from '../../storage/index.ts';
import { Postings } from './postings.ts';
import { postingsKey, putTime } from './records.ts';
import { type Facet, termKey } from './terms.ts';

/** A block with its results, out of the store or an archive. */
export type IndexableBlock = Pick<ArchivedBlock, 'header' | 'transactionBytes' | 'resultBytes'>;

/** What a block adds to the index. `state`: a later one, for what it says for ever of ids that are named. */
export function blockRecords({ header, transactionBytes, resultBytes }: IndexableBlock, state: StateView): Operation[] {
  const terms = new BlockTerms();
  for (const [index, bytes] of transactionBytes.entries()) {
    const transaction = new UnverifiedTransaction(bytes);
    const result = openResult(present(resultBytes[index], 'every transaction has a result'));
    const shared = [terms.of('all', ''), ...kindNames(transaction.kind).map((kind) => terms.of('kind', kind))];
    let names: FacetNames | undefined;
    let named: readonly Postings[] = [];
    for (const [number, row] of facetRows(transaction, result, state).entries()) {
      // The rows of one access of a batch have the same names, one after the other.
      if (row.names !== names) named = [...shared, ...terms.named(row.names)];
      names = row.names;
      for (const rows of named) rows.add(index, number);
    }
  }
  const { height, timestamp } = header;
  return [putTime(timestamp, height), ...terms.records(height)];
}

/** A kind is found by its contract, too: `access` and `access.record`. */
function kindNames(kind: string): string[] {
  const [contract = kind] = kind.split('.');
  return [contract, kind];
}

/** The terms of one block, and the rows that have them. */
class BlockTerms {
  readonly #facets = new Map<Facet, Map<string, Postings>>();

  of(facet: Facet, value: string): Postings {
    const values = this.#valuesOf(facet);
    let rows = values.get(value);
    if (rows === undefined) {
      rows = new Postings();
      values.set(value, rows);
    }
    return rows;
  }

  named({ subjects, agents, organisations, consents }: FacetNames): Postings[] {
    return [
      ...subjects.map((value) => this.of('subject', value)),
      ...agents.map((value) => this.of('agent', value)),
      ...organisations.map((value) => this.of('organisation', value)),
      ...consents.map((value) => this.of('consent', value)),
    ];
  }

  records(height: number): Operation[] {
    const operations: Operation[] = [];
    for (const [facet, values] of this.#facets)
      for (const [value, rows] of values) {
        const key = postingsKey(termKey({ facet, value }), height);
        operations.push({ type: 'put', key, value: rows.encode(key) });
      }
    return operations;
  }

  #valuesOf(facet: Facet): Map<string, Postings> {
    let values = this.#facets.get(facet);
    if (values === undefined) {
      values = new Map();
      this.#facets.set(facet, values);
    }
    return values;
  }
}
