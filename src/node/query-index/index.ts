/** The index of transactions: made behind the commits, by subject, agent, organisation, kind and consent (docs/queries.md). */

export { blockRecords, type IndexableBlock } from './block-records.ts';
export { QueryIndexer, type QueryIndexerOptions } from './indexer.ts';
export { firstHeightFrom, heightOfRecord, type Indexed, isProgress, readIndexed } from './records.ts';
export { before, type Found, type RowPlace, type Search, search } from './search.ts';
export { allTerm, type Facet, type Term, termKey } from './terms.ts';
