import { present } from '../../base/index.ts';
import { type FacetRow, facetRows } from '../../contracts/index.ts';
import { type ArchivedBlock, type StateView, UnverifiedTransaction } from '../../ledger/index.ts';
import { openResult } from '../../ledger/portable.ts';
import type { Operation } from '../../storage/index.ts';
import { Postings } from './postings.ts';
import { postingsKey, putTime } from './records.ts';
import { allTerm, type Facet, type Term, termKey } from './terms.ts';

/** A block with its results, out of the store or an archive. */
export type IndexableBlock = Pick<ArchivedBlock, 'header' | 'transactionBytes' | 'resultBytes'>;

/** What a block adds to the index. `state`: a later one, for what it says for ever of ids that are named. */
export function blockRecords({ header, transactionBytes, resultBytes }: IndexableBlock, state: StateView): Operation[] {
  const postings = new Map<string, { readonly term: Term; readonly rows: Postings }>();
  const add = (term: Term, index: number, number: number): void => {
    const name = `${term.facet}\0${term.value}`;
    let found = postings.get(name);
    if (found === undefined) {
      found = { term, rows: new Postings() };
      postings.set(name, found);
    }
    found.rows.add(index, number);
  };
  for (const [index, bytes] of transactionBytes.entries()) {
    const transaction = new UnverifiedTransaction(bytes);
    const result = openResult(present(resultBytes[index], 'every transaction has a result'));
    const kinds = kindTerms(transaction.kind);
    for (const [number, row] of facetRows(transaction, result, state).entries())
      for (const term of [allTerm, ...kinds, ...termsOf(row)]) add(term, index, number);
  }
  const { height, timestamp } = header;
  const operations: Operation[] = [putTime(timestamp, height)];
  for (const { term, rows } of postings.values()) {
    const key = postingsKey(termKey(term), height);
    operations.push({ type: 'put', key, value: rows.encode(key) });
  }
  return operations;
}

/** A kind is found by its contract, too: `access` and `access.record`. */
function kindTerms(kind: string): Term[] {
  const [contract = kind] = kind.split('.');
  return [
    { facet: 'kind', value: contract },
    { facet: 'kind', value: kind },
  ];
}

function termsOf({ names }: FacetRow): Term[] {
  const of = (facet: Facet, values: readonly string[]): Term[] => values.map((value) => ({ facet, value }));
  return [
    ...of('subject', names.subjects),
    ...of('agent', names.agents),
    ...of('organisation', names.organisations),
    ...of('consent', names.consents),
  ];
}
