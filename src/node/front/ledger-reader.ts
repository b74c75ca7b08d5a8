import type {
  AccessProofPage,
  AccessProofQuery,
  AccessReceiptQuery,
  BlockPage,
  BlockSummary,
  BlocksQuery,
  BlockView,
  CheckpointList,
  CheckpointParams,
  CheckpointQuery,
  ConfigurationPage,
  ConfigurationsQuery,
  ConsistencyReceiptQuery,
  CosignatureBody,
  CosignatureReply,
  CredentialList,
  DecisionBody,
  DisputePage,
  DomainList,
  DomainView,
  ExplainQuery,
  GovernanceView,
  HistoryQuery,
  HistoryView,
  IdentityView,
  LinkView,
  MemberList,
  MemberView,
  NodeList,
  ProposalList,
  ProposalView,
  RawBlockPage,
  RawBlocksQuery,
  ReadPoint,
  ReceiptFileView,
  ReceiptQuery,
  RecordView,
  ReviewPage,
  ReviewsQuery,
  StateReceiptQuery,
  StreamPage,
  StreamQuery,
  TransactionExplanation,
  TransactionPage,
  TransactionReply,
  TransactionsQuery,
  WaitingQuery,
  WaitQuery,
  WhatIfPage,
  WhatIfRequest,
} from '../../api/index.ts';
import { rawBlocksBytes } from '../../api/index.ts';
import type { LedgerReading, SubjectStream } from '../../api/server/index.ts';
import { AssentError, fromHex, present, toHex } from '../../base/index.ts';
import { decodeDid } from '../../crypto/index.ts';
import { decodeBlock, decodeHeader, openBlock, UnverifiedTransaction } from '../../ledger/index.ts';
import { receiptView } from '../ingress/outcome.ts';
import { unpackEntries } from '../queries/packed-entries.ts';
import { type Ask, headersMax, type ReadingAsk, type ResultCode, resultsMax } from '../queries/query.ts';
import type { Replays } from '../replay/replays.ts';
import type { RulesJson } from '../rules.ts';
import { accessProofs } from './access-proofs.ts';
import type { Decisions } from './decisions.ts';
import type { Checkpoints } from './receipts/checkpoints.ts';
import type { MadeReceipt, Receipts } from './receipts/receipts.ts';
import { transactionRows } from './transaction-rows.ts';
import { blockSummary, blockTransaction, transactionView } from './views.ts';

export interface LedgerReaderOptions {
  readonly reading: Pick<ReadingAsk, 'ask' | 'readPoint'>;
  readonly rules: RulesJson;
  readonly replays: Replays;
  readonly receipts: Receipts;
  readonly checkpoints: Checkpoints;
  readonly decisions: Decisions;
}

/** One request's reading. Runs beside the server: the main thread hands out bytes, this reads them. */
export class LedgerReader implements LedgerReading {
  readonly #parts: LedgerReaderOptions;
  readonly #ask: Ask;

  constructor(parts: LedgerReaderOptions) {
    this.#parts = parts;
    this.#ask = parts.reading.ask;
  }

  get readPoint(): ReadPoint | undefined {
    return this.#parts.reading.readPoint;
  }

  async transaction(id: string, { wait, timeoutMs }: WaitQuery): Promise<TransactionReply> {
    const place = await this.#ask('place', { id, timeoutMs: wait === 'committed' ? timeoutMs : 0 });
    const block = openBlock(await this.#ask('block', { reference: String(place.height) }));
    const bytes = present(block.transactionBytes[place.index], 'a receipt names a place in a block');
    const transaction = new UnverifiedTransaction(bytes);
    const receipt = receiptView(id, transaction.kind, place, this.#parts.rules.outputToJson);
    return { id, status: 'committed', receipt, transaction: transactionView(transaction, this.#parts.rules) };
  }

  transactions(query: TransactionsQuery): Promise<TransactionPage> {
    return transactionRows(this.#ask, query);
  }

  async block(reference: string): Promise<BlockView> {
    const block = decodeBlock(await this.#ask('block', { reference }));
    const results: (ResultCode | null)[] = [];
    const { height } = block.header;
    for (let start = 0; start < block.transactions.length; start += resultsMax) {
      const ids = block.transactions.slice(start, start + resultsMax).map((transaction) => transaction.id);
      results.push(...(await this.#ask('results', { height, from: start, ids })));
    }
    return {
      ...blockSummary(block.header, block.hashHex),
      certificate: await this.#ask('certificate', { height }),
      transactions: block.transactions.map((transaction, index) =>
        blockTransaction(transaction, results[index] ?? null),
      ),
    };
  }

  async rawBlocks({ from }: RawBlocksQuery): Promise<RawBlockPage> {
    const { height } = await this.#ask('bounds', {});
    const blocks: string[] = [];
    let bytes = 0;
    for (let next = from; next <= height; next++) {
      if (bytes >= rawBlocksBytes) return { blocks, next };
      const block = await this.#ask('block', { reference: String(next) });
      bytes += block.length;
      blocks.push(toHex(block));
    }
    return { blocks };
  }

  async blocks({ from, limit }: BlocksQuery): Promise<BlockPage> {
    const blocks: BlockSummary[] = [];
    while (blocks.length < limit) {
      const wanted = Math.min(limit - blocks.length, headersMax);
      const headers = await this.#ask('headers', { from: from + blocks.length, limit: wanted });
      for (const { headerBytes, hash } of headers) blocks.push(blockSummary(decodeHeader(headerBytes), hash));
      if (headers.length < wanted) return { blocks };
    }
    return { blocks, next: from + blocks.length };
  }

  subjectStream(stream: SubjectStream, did: string, query: StreamQuery): Promise<StreamPage> {
    return this.#stream(`${stream}:${toHex(keyOf(did))}`, query);
  }

  accessProofs(did: string, query: AccessProofQuery): Promise<AccessProofPage> {
    return accessProofs(this.#ask, did, keyOf(did), query);
  }

  domainRecords(name: string, query: StreamQuery): Promise<StreamPage> {
    return this.#stream(`records:${name}`, query);
  }

  async domains(): Promise<DomainList> {
    const domains: DomainView[] = [];
    for (const name of await this.#ask('domainNames', {})) domains.push(await this.#ask('domain', { name }));
    return { domains };
  }

  domain(name: string): Promise<DomainView> {
    return this.#ask('domain', { name });
  }

  async link(name: string, did: string): Promise<LinkView> {
    return { domain: name, subject: did, link: await this.#ask('link', { name, subject: keyOf(did) }) };
  }

  reviews(name: string, query: ReviewsQuery): Promise<ReviewPage> {
    return this.#ask('reviews', { name, ...query });
  }

  disputes(name: string, query: WaitingQuery): Promise<DisputePage> {
    return this.#ask('disputes', { name, ...query });
  }

  identity(did: string): Promise<IdentityView> {
    return this.#ask('identity', { did: keyOf(did) });
  }

  async credentials(did: string): Promise<CredentialList> {
    return { agent: did, ...(await this.#ask('credentials', { agent: keyOf(did) })) };
  }

  async record(sender: string, eventId: string): Promise<RecordView> {
    const id = present(fromHex(eventId), 'the route checked the event id');
    return { sender, eventId, record: await this.#ask('record', { sender: keyOf(sender), eventId: id }) };
  }

  members(): Promise<MemberList> {
    return this.#ask('members', {});
  }

  member(name: string): Promise<MemberView> {
    return this.#ask('member', { name });
  }

  governance(): Promise<GovernanceView> {
    return this.#ask('governance', {});
  }

  governanceHistory(query: StreamQuery): Promise<StreamPage> {
    return this.#stream('governance', query);
  }

  nodes(): Promise<NodeList> {
    return this.#ask('nodes', {});
  }

  configurations(query: ConfigurationsQuery): Promise<ConfigurationPage> {
    return this.#ask('configurations', query);
  }

  async history(query: HistoryQuery): Promise<HistoryView> {
    const { bytes, next } = await this.#ask('history', query);
    return { history: toHex(bytes), ...(next !== undefined && { next }) };
  }

  async transactionReceipt(id: string, { checkpoint }: ReceiptQuery): Promise<ReceiptFileView> {
    return receiptFileView(await this.#parts.receipts.transaction(id, checkpoint));
  }

  async stateReceipt({ key, at, checkpoint }: StateReceiptQuery): Promise<ReceiptFileView> {
    return receiptFileView(await this.#parts.receipts.state(key, checkpoint, at));
  }

  async consistencyReceipt({ older, newer, checkpoint }: ConsistencyReceiptQuery): Promise<ReceiptFileView> {
    return receiptFileView(await this.#parts.receipts.consistency(older, newer, checkpoint));
  }

  async accessReceipt(did: string, { checkpoint, ...range }: AccessReceiptQuery): Promise<ReceiptFileView> {
    return receiptFileView(await this.#parts.receipts.accessLog({ subject: keyOf(did), ...range }, checkpoint));
  }

  checkpoints(): Promise<CheckpointList> {
    return this.#parts.checkpoints.list();
  }

  async checkpoint(params: CheckpointParams, query: CheckpointQuery): Promise<ReceiptFileView> {
    return receiptFileView(await this.#parts.checkpoints.get(params, query));
  }

  cosign(height: number, body: CosignatureBody): Promise<CosignatureReply> {
    return this.#parts.checkpoints.cosign(height, body);
  }

  async proposals(): Promise<ProposalList> {
    return { proposals: await this.#ask('proposals', {}) };
  }

  proposal(id: string): Promise<ProposalView> {
    return this.#ask('proposal', { id: present(fromHex(id), 'the route checked the id') });
  }

  decide(asked: DecisionBody): Promise<string> {
    return this.#parts.decisions.answer(asked);
  }

  explain(id: string, query: ExplainQuery): Promise<TransactionExplanation> {
    return this.#parts.replays.explain(id, query);
  }

  async whatIf(domain: string, request: WhatIfRequest): Promise<WhatIfPage> {
    await this.#ask('domain', { name: domain });
    return this.#parts.replays.whatIf(domain, request);
  }

  async #stream(stream: string, { cursor, limit, order }: StreamQuery): Promise<StreamPage> {
    const page = await this.#ask('stream', { stream, cursor, limit, newestFirst: order === 'newest-first' });
    const entries = unpackEntries(page.packed).map(({ height, index, entry }) => {
      return { height, index, entry: this.#parts.rules.entryToJson(entry) };
    });
    return page.next === undefined ? { entries } : { entries, next: page.next };
  }
}

function receiptFileView({ kind, height, bytes }: MadeReceipt): ReceiptFileView {
  return { kind, height, receipt: toHex(bytes) };
}

function keyOf(did: string): Uint8Array {
  const key = decodeDid(did);
  if (key === undefined) throw new AssentError('request-invalid', `${did} is not a did:assent.`);
  return key;
}
