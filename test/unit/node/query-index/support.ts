import { afterEach } from 'vitest';
import type { TransactionPage, TransactionRow, TransactionsQuery } from '../../../../src/api/index.ts';
import { fromHex, present, silentLogger } from '../../../../src/base/index.ts';
import { accessRequestToJson, decodeAccessRequest } from '../../../../src/contracts/access/request.ts';
import { encodeDid } from '../../../../src/crypto/index.ts';
import { UnverifiedTransaction } from '../../../../src/ledger/index.ts';
import type { NodeArchive } from '../../../../src/node/archive/index.ts';
import { systemClock } from '../../../../src/node/clock.ts';
import { transactionRows } from '../../../../src/node/front/transaction-rows.ts';
import type { Ask, Asked } from '../../../../src/node/queries/query.ts';
import { type BlockGroup, type IndexLimits, QueryIndexer } from '../../../../src/node/query-index/index.ts';
import { rulesJson, sentenceOf } from '../../../../src/node/rules.ts';
import { ChainAnswers } from '../../../../src/node/service/chain-answers.ts';
import { CommitWaiters } from '../../../../src/node/service/commit-waiters.ts';
import { PastProving } from '../../../../src/node/service/past-proving.ts';
import { ReceiptAnswers } from '../../../../src/node/service/receipt-answers.ts';
import { RowAnswers } from '../../../../src/node/service/row-answers.ts';
import type { Journal, Store } from '../../../../src/storage/index.ts';
import { type Chain, who } from '../replay/support.ts';

export type Asking = Partial<TransactionsQuery>;

/** A journal that only writes. */
export function journalOf(store: Store): Pick<Journal, 'append'> {
  return { append: (operations, _, done) => store.write(operations, done) };
}

/** Some blocks of a small chain fill a group, and one takes several writes. */
export const smallGroups: IndexLimits = { terms: 16, runs: 1000, records: 7 };

/** Waits until the index has all blocks, and what is full of it is on disk. */
export async function written(indexer: QueryIndexer, height: number): Promise<void> {
  await indexer.reached(height, 10_000);
  while ((indexer.open as BlockGroup).isFull && indexer.problem === undefined)
    await new Promise((resolve) => setImmediate(resolve));
}

/** An index of a chain, and whoever asks it. */
export class Indexed {
  readonly indexer: QueryIndexer;
  readonly ask: Ask;
  /** How often each question was asked. */
  readonly asked: Map<string, number> = new Map();

  constructor(
    { ledger, store }: Pick<Chain, 'ledger' | 'store'>,
    {
      journal = journalOf(store),
      archive,
      limits = smallGroups,
    }: { journal?: Pick<Journal, 'append'>; archive?: NodeArchive; limits?: IndexLimits } = {},
  ) {
    const logger = silentLogger;
    const onFault = (error: Error): void => {
      throw error;
    };
    this.indexer = new QueryIndexer({ ledger, store, journal, archive, clock: systemClock, logger, limits, onFault });
    const waiters = new CommitWaiters(systemClock, (id) => ledger.receipt(id));
    const chain = new ChainAnswers({ ledger, store, waiters, archive, sentenceOf });
    const receipts = new ReceiptAnswers(ledger, store, new PastProving(store, systemClock), archive);
    const rows = new RowAnswers(ledger, store, this.indexer);
    const answers: Pick<Asked, 'block' | 'resultBytes' | 'rows'> = {
      block: (input) => chain.block(input),
      resultBytes: (input) => receipts.resultBytes(input),
      rows: (input) => rows.rows(input),
    };
    // Kind and input were paired by `Ask`.
    this.ask = (async (kind: keyof typeof answers, input: never) => {
      this.asked.set(kind, (this.asked.get(kind) ?? 0) + 1);
      return answers[kind](input);
    }) as unknown as Ask;
    this.indexer.start();
  }

  page(query: Asking = {}): Promise<TransactionPage> {
    return transactionRows(this.ask, { order: 'oldest-first', limit: 50, ...query });
  }

  /** Every page. `between` runs after each. */
  async all(query: Asking, between: () => Promise<void> = async () => undefined): Promise<TransactionRow[]> {
    const rows: TransactionRow[] = [];
    for (let cursor: string | undefined; ; ) {
      const page = await this.page({ ...query, ...(cursor && { cursor }) });
      rows.push(...page.rows);
      cursor = page.next;
      if (cursor === undefined) return rows;
      await between();
    }
  }
}

/** Where a row is. */
export function placeOf({ height, index, number }: Pick<TransactionRow, 'height' | 'index' | 'number'>): string {
  return `${height}/${index}/${number}`;
}

/** A row as the blocks say it, for a filter that looks at every one of them. */
interface PlainRow {
  readonly place: string;
  readonly kind: string;
  readonly timestamp: number;
  /** JSON texts of what it says, `"name":"value"`. */
  readonly said: string;
}

type Json = Readonly<Record<string, unknown>>;

/** Every row of the chain, out of the JSON forms of its transactions: another way than the index goes. */
export function plainRows({ ledger }: Chain): PlainRow[] {
  const rows: PlainRow[] = [];
  const consents = new Map<string, Json>();
  for (let height = 1; height <= ledger.applied.height; height++) {
    const { transactionBytes, header } = present(ledger.block(height), 'it is kept');
    for (const [index, bytes] of transactionBytes.entries()) {
      const { kind, payload: wire, id, idHex, sender: key } = new UnverifiedTransaction(bytes);
      const { result } = present(ledger.receipt(id), 'it was executed');
      const sender = encodeDid(key);
      const row = (number: number, ...said: unknown[]): void => {
        const text = JSON.stringify([{ agent: sender }, ...said]);
        rows.push({ place: placeOf({ height, index, number }), kind, timestamp: header.timestamp, said: text });
      };
      if (!result.ok) {
        row(0);
        continue;
      }
      const payload = rulesJson.payloadToJson(kind, wire) as Json;
      const output = rulesJson.outputToJson(kind, result.output) as Json | null;
      if (kind === 'consent.grant') consents.set(idHex, { subject: sender, domain: payload['domain'] });
      if (kind === 'access.recordBatch') batch(row, payload, output as Json);
      else if (kind === 'access.record') row(0, payload, requestJson(payload), determining(output));
      else if (kind === 'consent.grant') row(0, payload, output, { subject: sender });
      else if (kind === 'credential.issue') row(0, payload, { organisation: memberOf(sender) });
      else row(0, payload, output, consents.get(String(payload['consent'])));
    }
  }
  return rows;
}

/** The members of the test's ledger sign with keys of their own names. */
function memberOf(did: string): string {
  return present(
    ['north', 'south'].find((name) => who(name).did === did),
    'a member issues',
  );
}

function determining(output: Json | null): Json[] {
  return ((output?.['determining'] ?? []) as string[]).map((consent) => ({ consent }));
}

function batch(row: (number: number, ...said: unknown[]) => void, payload: Json, output: Json): void {
  const { domain, askers, accesses } = payload as { domain: string; askers: Json[]; accesses: Json[] };
  const places = output['entries'] as number[];
  let number = 0;
  for (const { asker, subject, results, items } of accesses)
    for (const _ of items as unknown[]) {
      if (places[number] === -1) row(number, { domain });
      else row(number, { domain }, askers[Number(asker)], { subject }, results);
      number += 1;
    }
}

/** The request travels as bytes. */
function requestJson({ request }: Json): Json {
  const bytes = present(fromHex(String(request)), 'it is hexadecimal');
  return accessRequestToJson(present(decodeAccessRequest(bytes), 'it was taken'));
}

/** Makes indexes that are stopped after each test of the file. */
export function indexesOfTests(): (...given: ConstructorParameters<typeof Indexed>) => Indexed {
  const running: Indexed[] = [];
  afterEach(async () => {
    for (const { indexer } of running.splice(0)) await indexer.stop();
  });
  return (...given) => {
    const made = new Indexed(...given);
    running.push(made);
    return made;
  };
}
