import type { TransactionPage, TransactionRow, TransactionsQuery } from '../../api/index.ts';
import { AssentError, fromHex, present, toHex } from '../../base/index.ts';
import { type FacetNames, type FacetRow, facetRows } from '../../contracts/index.ts';
import { decodeDid, encodeDid } from '../../crypto/index.ts';
import { openBlock, UnverifiedTransaction } from '../../ledger/index.ts';
import { openResult, type ResultContent } from '../../ledger/portable.ts';
import type { Ask } from '../queries/query.ts';
import { allTerm, before, type RowPlace, type Term } from '../query-index/index.ts';
import { RowCursors } from './row-cursor.ts';

/** Slices of a search for one page: what it looks through is bounded, also where it finds nothing. */
const slicesMax = 8;

/** A page of rows. What they show is read from the blocks and their results; the index says only where. */
export async function transactionRows(ask: Ask, query: TransactionsQuery): Promise<TransactionPage> {
  const cursors = new RowCursors(query);
  const { from, to, order, limit, cursor } = query;
  const newestFirst = order === 'newest-first';
  const terms = termsOf(query);
  const reader = new RowReader(ask);
  const rows: TransactionRow[] = [];
  let after = cursor === undefined ? undefined : cursors.decode(cursor);
  for (let slice = 1; ; slice++) {
    const wanted = limit - rows.length;
    const found = await ask('rows', { terms, from, to, newestFirst, after, limit: wanted });
    for (const place of found.rows) rows.push(await reader.row(place));
    after = found.next;
    if (after !== undefined && rows.length < limit && slice < slicesMax) continue;
    const { at, indexed, isWhole } = found;
    // Oldest first, what is not indexed yet is still to come.
    if (after === undefined && !newestFirst && !isWhole)
      after = indexed === undefined ? resumed(cursor, cursors) : before(indexed.through + 1, false);
    return { rows, ...(after && { next: cursors.encode(after) }), at, indexed: indexed ?? null, isWhole };
  }
}

function resumed(cursor: string | undefined, cursors: RowCursors): RowPlace {
  return cursor === undefined ? before(1, false) : cursors.decode(cursor);
}

function termsOf({ subject, agent, organisation, kind, consent }: TransactionsQuery): readonly Term[] {
  const terms: Term[] = [];
  if (subject !== undefined) terms.push({ facet: 'subject', value: keyHex(subject) });
  if (agent !== undefined) terms.push({ facet: 'agent', value: keyHex(agent) });
  if (organisation !== undefined) terms.push({ facet: 'organisation', value: organisation });
  if (kind !== undefined) terms.push({ facet: 'kind', value: kind });
  if (consent !== undefined) terms.push({ facet: 'consent', value: consent });
  return terms.length === 0 ? [allTerm] : terms;
}

function keyHex(did: string): string {
  const key = decodeDid(did);
  if (key === undefined) throw new AssentError('request-invalid', `${did} is not a did:assent.`);
  return toHex(key);
}

interface Opened {
  readonly height: number;
  readonly index: number;
  readonly transaction: UnverifiedTransaction;
  readonly result: ResultContent;
  readonly timestamp: number;
  readonly rows: readonly FacetRow[];
}

/** Rows that follow one another share a block or a transaction: each is fetched once. */
class RowReader {
  readonly #ask: Ask;
  #block: { readonly height: number; readonly opened: ReturnType<typeof openBlock> } | undefined;
  #transaction: Opened | undefined;

  constructor(ask: Ask) {
    this.#ask = ask;
  }

  async row({ height, index, number }: RowPlace): Promise<TransactionRow> {
    const { transaction, result, timestamp, rows } = await this.#open(height, index);
    const { id, kind, sender } = {
      id: transaction.idHex,
      kind: transaction.kind,
      sender: encodeDid(transaction.sender),
    };
    const row = rows[number];
    if (row === undefined) throw damaged();
    return {
      ...{ height, index, number, id, kind, sender, timestamp },
      result: result.ok ? { ok: true } : { ok: false, code: result.code, rule: result.rule },
      names: didsOf(row.names),
      ...(row.access && { access: row.access }),
    };
  }

  async #open(height: number, index: number): Promise<Opened> {
    const known = this.#transaction;
    if (known?.height === height && known.index === index) return known;
    const { header, transactionBytes } = await this.#openBlock(height);
    const bytes = transactionBytes[index];
    if (bytes === undefined) throw damaged();
    const transaction = new UnverifiedTransaction(bytes);
    const asked = { height, from: index, ids: [transaction.id] };
    const [resultBytes] = await this.#ask('resultBytes', asked);
    const result = openResult(present(resultBytes, 'every transaction has a result'));
    const rows = facetRows(transaction, result);
    this.#transaction = { height, index, transaction, result, timestamp: header.timestamp, rows };
    return this.#transaction;
  }

  async #openBlock(height: number): Promise<ReturnType<typeof openBlock>> {
    if (this.#block?.height !== height)
      this.#block = { height, opened: openBlock(await this.#ask('block', { reference: String(height) })) };
    return this.#block.opened;
  }
}

function didsOf({ subjects, agents, organisations, consents }: FacetNames): TransactionRow['names'] {
  const did = (hex: string): string => encodeDid(present(fromHex(hex), 'a name is hexadecimal'));
  return { subjects: subjects.map(did), agents: agents.map(did), organisations, consents };
}

function damaged(): AssentError {
  return new AssentError('storage-damaged', 'the index of transactions names a row that there is not');
}
