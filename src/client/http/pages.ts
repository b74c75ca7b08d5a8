import {
  type QueryInput,
  type StreamEntry,
  type StreamPage,
  type StreamQuery,
  type TransactionPage,
  type TransactionRow,
  type TransactionsQuery,
  transactionRowsMax,
} from '../../api/index.ts';
import { AssentError } from '../../base/index.ts';

/** The most entries that a node puts on one page. */
const streamPageMax = 500;

/** The entries of all pages of a stream, each fetched when the previous one is used up. */
export async function* entriesOfPages(
  fetchPage: (query: QueryInput<StreamQuery>) => Promise<StreamPage>,
): AsyncGenerator<StreamEntry, void, undefined> {
  let cursor: string | undefined;
  do {
    const page = await fetchPage({ limit: streamPageMax, cursor });
    yield* page.entries;
    cursor = page.next;
  } while (cursor !== undefined);
}

/** The rows of all pages. Throws `node-behind` where a page gives nothing and leads nowhere. */
export async function* rowsOfPages(
  fetchPage: (query: QueryInput<Pick<TransactionsQuery, 'limit' | 'cursor'>>) => Promise<TransactionPage>,
): AsyncGenerator<TransactionRow, void, undefined> {
  let cursor: string | undefined;
  do {
    const page = await fetchPage({ limit: transactionRowsMax, cursor });
    yield* page.rows;
    if (page.rows.length === 0 && page.next !== undefined && page.next === cursor)
      throw new AssentError('node-behind', 'The node has not indexed all of the blocks that it has.');
    cursor = page.next;
  } while (cursor !== undefined);
}

/** What waits in a domain, of all pages, each of which tells where the next begins. */
export async function* waitingOfPages<Page extends { readonly next?: number | undefined }, Item>(
  fetchPage: (from: number) => Promise<Page>,
  itemsOf: (page: Page) => readonly Item[],
): AsyncGenerator<Item, void, undefined> {
  let from: number | undefined = 0;
  while (from !== undefined) {
    const page: Page = await fetchPage(from);
    yield* itemsOf(page);
    from = page.next;
  }
}
