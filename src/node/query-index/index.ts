/** The index of transactions: made behind the commits, by subject, agent, organisation, kind and consent (docs/queries.md). */

export { BlockGroup, type IndexableBlock } from './block-group.ts';
export { type IndexLimits, type OpenGroup, QueryIndexer, type QueryIndexerOptions } from './indexer.ts';
export {
  firstHeightFrom,
  firstOfGroup,
  heightOfRecord,
  type Indexed,
  isProgress,
  lastOfGroup,
  readIndexed,
} from './records.ts';
export { before, type Found, type RowPlace, type Search, search } from './search.ts';
export { allTerm, type Facet, type Term } from './terms.ts';
