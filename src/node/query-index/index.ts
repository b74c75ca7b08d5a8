/** The index of transactions: made behind the commits, by subject, agent, organisation, kind and consent (docs/queries.md). */

export { QueryIndexer, type QueryIndexerOptions } from './indexer.ts';
export { firstHeightFrom } from './records.ts';
export { before, type Found, type RowPlace, type Search, search } from './search.ts';
export { allTerm, type Facet, type Term, termKey } from './terms.ts';
