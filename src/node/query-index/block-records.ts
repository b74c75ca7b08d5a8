import { present } from '../../base/index.ts';
import { type FacetNames, facetRows } from '../../contracts/index.ts';
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
  const postings = new Map<string, TermPostings>();
  const of = (term: Term): TermPostings => {
    const name = `${term.facet}\0${term.value}`;
    const known = postings.get(name);
    if (known !== undefined) return known;
    const made = { term, rows: new Postings() };
    postings.set(name, made);
    return made;
  };
  for (const [index, bytes] of transactionBytes.entries()) {
    const transaction = new UnverifiedTransaction(bytes);
    const result = openResult(present(resultBytes[index], 'every transaction has a result'));
    const shared = [allTerm, ...kindTerms(transaction.kind)].map(of);
    let names: FacetNames | undefined;
    let named: readonly TermPostings[] = [];
    for (const [number, row] of facetRows(transaction, result, state).entries()) {
      // The rows of one access of a batch have the same names, one after the other.
      if (row.names !== names) named = [...shared, ...termsOf(row.names).map(of)];
      names = row.names;
      for (const { rows } of named) rows.add(index, number);
    }
  }
  const { height, timestamp } = header;
  const operations: Operation[] = [putTime(timestamp, height)];
  for (const { term, rows } of postings.values()) {
    const key = postingsKey(termKey(term), height);
    operations.push({ type: 'put', key, value: rows.encode(key) });
  }
  return operations;
}

interface TermPostings {
  readonly term: Term;
  readonly rows: Postings;
}

/** A kind is found by its contract, too: `access` and `access.record`. */
function kindTerms(kind: string): Term[] {
  const [contract = kind] = kind.split('.');
  return [
    { facet: 'kind', value: contract },
    { facet: 'kind', value: kind },
  ];
}

function termsOf(names: FacetNames): Term[] {
  const of = (facet: Facet, values: readonly string[]): Term[] => values.map((value) => ({ facet, value }));
  return [
    ...of('subject', names.subjects),
    ...of('agent', names.agents),
    ...of('organisation', names.organisations),
    ...of('consent', names.consents),
  ];
}
