import {
  type AccessProofPage,
  type AccessProofQuery,
  type AccessReceiptQuery,
  type AnyRoute,
  type ArchiveView,
  type BlockPage,
  type BlockParams,
  type BlocksQuery,
  type BlockView,
  type CheckpointList,
  type CheckpointQuery,
  type CommittedDecision,
  type CommittedDecisionList,
  type ConfigurationPage,
  type ConfigurationsQuery,
  type ConsistencyReceiptQuery,
  type CosignatureBody,
  type CosignatureReply,
  type CredentialList,
  type DecisionList,
  type DecisionRequest,
  type DecisionView,
  type DisputePage,
  type DisputeView,
  type DomainList,
  type DomainView,
  type EvidenceList,
  type EvidenceView,
  type ExplainQuery,
  type FileList,
  type FileProgress,
  type FileView,
  type GenesisView,
  type GovernanceView,
  type HistoryView,
  type IdentityView,
  type InForceView,
  type LinkView,
  type MemberList,
  type MemberView,
  type NodeList,
  type ParamsOf,
  type ProposalList,
  type ProposalView,
  type PruneRequest,
  type PruneView,
  type QueryInput,
  type QueryOf,
  type RawBlockPage,
  type RawBlocksQuery,
  type ReachView,
  type ReadConsistency,
  type ReceiptFileView,
  type ReceiptQuery,
  type RecordView,
  type ReplyOf,
  type ReviewPage,
  type ReviewsQuery,
  type ReviewView,
  routes,
  type StateReceiptQuery,
  type StatusView,
  type StreamEntry,
  type StreamPage,
  type StreamQuery,
  type TransactionExplanation,
  type TransactionPage,
  type TransactionReply,
  type TransactionRow,
  type TransactionsQuery,
  type TransferRequest,
  type TransferView,
  type WaitingQuery,
  type WhatIfPage,
  type WhatIfRequest,
} from '../../api/index.ts';
import { AssentError, assert, type Clock, type Random, toHex } from '../../base/index.ts';
import { webClock, webRandom } from '../platform.ts';
import type { SignedTransaction } from '../wallet/transaction.ts';
import type { Nodes } from './nodes.ts';
import type { SubmitOutcome } from './outcome.ts';
import { entriesOfPages, rowsOfPages, waitingOfPages } from './pages.ts';
import { type DecideOptions, type ReadOptions, readAnywhere } from './read.ts';
import { waitForReady } from './ready.ts';
import { chunksOf, Submission, type SubmitOptions } from './submission.ts';
import type { Fetch } from './transport.ts';

export interface AssentClientOptions {
  /** Base URLs of nodes, such as `http://127.0.0.1:7401`. The first that answers is kept. */
  readonly nodes: readonly string[];
  /** Of all reads that do not say otherwise; linearizable unless given, but `in-force` of decisions. */
  readonly consistency?: ReadConsistency;
  readonly fetch?: Fetch;
  readonly clock?: Clock;
  readonly random?: Random;
}

type SubjectStream = 'consents' | 'access' | 'timeline' | 'enrolment';

/**
 * Talks to the nodes of one ledger: any of them will do, and where one fails the next is asked. Runs in a browser.
 *
 * Reading methods throw an AssentError with the node's code, or `node-unreachable`. Submitting never throws for what a
 * node does; it answers with a {@link SubmitOutcome}.
 */
export class AssentClient {
  readonly #nodes: Nodes;

  /** Throws `usage` for an address that is no http or https URL. */
  constructor(options: AssentClientOptions) {
    assert(options.nodes.length > 0, 'a client knows at least one node');
    for (const url of options.nodes)
      if (!/^https?:$/.test(URL.parse(url)?.protocol ?? ''))
        throw new AssentError('usage', `"${url}" is no address of a node; write http://HOST:PORT.`);
    this.#nodes = {
      urls: options.nodes.map((url) => url.replace(/\/+$/, '')),
      preferred: 0,
      consistency: options.consistency,
      fetch: options.fetch ?? ((input, init) => globalThis.fetch(input, init)),
      clock: options.clock ?? webClock,
      random: options.random ?? webRandom,
    };
  }

  /** Submits one transaction and waits until it is in force, trying other nodes with the same bytes until the deadline. */
  async submit(transaction: SignedTransaction, options: SubmitOptions = {}): Promise<SubmitOutcome> {
    const [outcome] = await new Submission(this.#nodes, [transaction], options).run();
    assert(outcome !== undefined, 'every transaction has an outcome');
    return outcome;
  }

  /** Submits any number of transactions, up to 1,000 in a request, and answers with an outcome each, in their order. */
  async submitBatch(transactions: readonly SignedTransaction[], options: SubmitOptions = {}): Promise<SubmitOutcome[]> {
    const outcomes: SubmitOutcome[] = [];
    for (const chunk of chunksOf(transactions)) {
      outcomes.push(...(await new Submission(this.#nodes, chunk, options).run()));
      options.onProgress?.(outcomes.length, transactions.length);
    }
    return outcomes;
  }

  /** A committed transaction with its receipt. Asks every node before it throws `transaction-unknown`: one may lag. */
  transaction(id: string, options: ReadOptions & { waitMs?: number } = {}): Promise<TransactionReply> {
    const { waitMs, ...readOptions } = options;
    const query = waitMs === undefined ? {} : ({ wait: 'committed', timeoutMs: waitMs } as const);
    const timeoutMs = (readOptions.timeoutMs ?? 10_000) + (waitMs ?? 0);
    return this.#read(routes.transaction, { id }, query, { ...readOptions, timeoutMs });
  }

  /** A page of committed transactions by what is looked for. */
  transactions(query: QueryInput<TransactionsQuery> = {}, options?: ReadOptions): Promise<TransactionPage> {
    return this.#read(routes.transactions, {}, query, options);
  }

  /** All of them, page by page. */
  allTransactions(
    query: QueryInput<Omit<TransactionsQuery, 'cursor'>>,
    options?: ReadOptions,
  ): AsyncGenerator<TransactionRow, void, undefined> {
    return rowsOfPages(({ limit, cursor }) => this.transactions({ limit, ...query, cursor }, options));
  }

  /** A committed block by height or hash, or `head`. Throws `block-unknown`. */
  block(reference: number | string, options?: ReadOptions): Promise<BlockView> {
    return this.#read(routes.block, { reference: String(reference) } satisfies BlockParams, {}, options);
  }

  blocks(query: QueryInput<BlocksQuery> = {}, options?: ReadOptions): Promise<BlockPage> {
    return this.#read(routes.blocks, {}, query, options);
  }

  /** Whether no node decides by itself without a block any more; waits for that, 10 s unless told otherwise. */
  inForce(height: number, options: ReadOptions & { waitMs?: number } = {}): Promise<InForceView> {
    const { waitMs = 10_000, ...readOptions } = options;
    const timeoutMs = (readOptions.timeoutMs ?? 10_000) + waitMs;
    return this.#read(routes.inForce, { height }, { timeoutMs: waitMs }, { ...readOptions, timeoutMs });
  }

  /** Which nodes have applied a block, as they say themselves; waits for all of them, 10 s unless told otherwise. */
  reach(height: number, options: ReadOptions & { waitMs?: number } = {}): Promise<ReachView> {
    const { waitMs = 10_000, ...readOptions } = options;
    const timeoutMs = (readOptions.timeoutMs ?? 10_000) + waitMs;
    return this.#read(routes.reach, { height }, { timeoutMs: waitMs }, { ...readOptions, timeoutMs });
  }

  /** Blocks as they travelled, about 1 MiB at a time. Nothing of them is checked. */
  rawBlocks(query: QueryInput<RawBlocksQuery> = {}, options?: ReadOptions): Promise<RawBlockPage> {
    return this.#read(routes.rawBlocks, {}, query, options);
  }

  consents(did: string, query: QueryInput<StreamQuery> = {}, options?: ReadOptions): Promise<StreamPage> {
    return this.#read(routes.consents, { did }, query, options);
  }

  accessLog(did: string, query: QueryInput<StreamQuery> = {}, options?: ReadOptions): Promise<StreamPage> {
    return this.#read(routes.access, { did }, query, options);
  }

  /** Entries of the log with their inclusion proofs; {@link verifyLoggedAccess} of the contracts verifies each. */
  accessProofs(did: string, query: QueryInput<AccessProofQuery> = {}, options?: ReadOptions): Promise<AccessProofPage> {
    return this.#read(routes.accessProofs, { did }, query, options);
  }

  timeline(did: string, query: QueryInput<StreamQuery> = {}, options?: ReadOptions): Promise<StreamPage> {
    return this.#read(routes.timeline, { did }, query, options);
  }

  /** All entries of a subject's stream, page by page, oldest first. */
  entries(stream: SubjectStream, did: string, options?: ReadOptions): AsyncGenerator<StreamEntry, void, undefined> {
    return entriesOfPages((query) => this.#read(routes[stream], { did }, query, options));
  }

  /** All records that are anchored for a domain and for no subject, oldest first. */
  domainRecords(name: string, options?: ReadOptions): AsyncGenerator<StreamEntry, void, undefined> {
    return entriesOfPages((query) => this.#read(routes.domainRecords, { name }, query, options));
  }

  /** What a sender anchored under an event id (32 hexadecimal digits). Throws `not-found`. */
  record(did: string, eventId: string, options?: ReadOptions): Promise<RecordView> {
    return this.#read(routes.record, { did, eventId }, {}, options);
  }

  domains(options?: ReadOptions): Promise<DomainList> {
    return this.#read(routes.domains, {}, {}, options);
  }

  /** Throws `not-found`. */
  domain(name: string, options?: ReadOptions): Promise<DomainView> {
    return this.#read(routes.domain, { name }, {}, options);
  }

  /** The subject as the domain knows it. Throws `not-found` when they are not linked. */
  link(name: string, did: string, options?: ReadOptions): Promise<LinkView> {
    return this.#read(routes.link, { name, did }, {}, options);
  }

  /** Broken glasses that wait for a review. Throws `not-found`. */
  reviews(name: string, query: QueryInput<ReviewsQuery> = {}, options?: ReadOptions): Promise<ReviewPage> {
    return this.#read(routes.reviews, { name }, query, options);
  }

  /** Disputes of log entries that wait for an answer. Throws `not-found`. */
  disputes(name: string, query: QueryInput<WaitingQuery> = {}, options?: ReadOptions): Promise<DisputePage> {
    return this.#read(routes.disputes, { name }, query, options);
  }

  /** All of them, page by page. */
  allReviews(name: string, state: ReviewsQuery['state']): AsyncGenerator<ReviewView, void, undefined> {
    return waitingOfPages(
      (from) => this.reviews(name, { state, from }),
      (page) => page.reviews,
    );
  }

  /** All of them, page by page. */
  allDisputes(name: string): AsyncGenerator<DisputeView, void, undefined> {
    return waitingOfPages(
      (from) => this.disputes(name, { from }),
      (page) => page.disputes,
    );
  }

  /** Which key signs for an identity, who watches over it, what is open, and who acts for it. */
  identity(did: string, options?: ReadOptions): Promise<IdentityView> {
    return this.#read(routes.identity, { did }, {}, options);
  }

  /** What happened to an identity, oldest first. */
  identityHistory(did: string, options?: ReadOptions): AsyncGenerator<StreamEntry, void, undefined> {
    return entriesOfPages((query) => this.#read(routes.identityHistory, { did }, query, options));
  }

  credentials(did: string, options?: ReadOptions): Promise<CredentialList> {
    return this.#read(routes.credentials, { did }, {}, options);
  }

  /** The members of the consortium, and how many of them decide. */
  members(options?: ReadOptions): Promise<MemberList> {
    return this.#read(routes.members, {}, {}, options);
  }

  /** A member, also one that was removed. Throws `not-found`. */
  member(name: string, options?: ReadOptions): Promise<MemberView> {
    return this.#read(routes.member, { name }, {}, options);
  }

  /** What members have set together. */
  governance(options?: ReadOptions): Promise<GovernanceView> {
    return this.#read(routes.governance, {}, {}, options);
  }

  /** All that members proposed, voted on and did to nodes of their own, oldest first. */
  governanceHistory(options?: ReadOptions): AsyncGenerator<StreamEntry, void, undefined> {
    return entriesOfPages((query) => this.#read(routes.governanceHistory, {}, query, options));
  }

  /** The ledger's nodes, and the approved changes that wait. */
  nodes(options?: ReadOptions): Promise<NodeList> {
    return this.#read(routes.nodes, {}, {}, options);
  }

  /** The configurations that the asked node can prove, ascending. */
  configurations(query: QueryInput<ConfigurationsQuery> = {}, options?: ReadOptions): Promise<ConfigurationPage> {
    return this.#read(routes.configurations, {}, query, options);
  }

  /** The changes of the configuration after one that is known, by its height. Throws `not-found`. */
  configurationHistory(after = 0, options?: ReadOptions): Promise<HistoryView> {
    return this.#read(routes.history, {}, { after }, options);
  }

  /** That a transaction stands in a certified block with its result, to be verified offline. Throws `transaction-unknown`. */
  transactionReceipt(
    id: string,
    query: QueryInput<ReceiptQuery> = {},
    options?: ReadOptions,
  ): Promise<ReceiptFileView> {
    return this.#read(routes.transactionReceipt, { id }, query, options);
  }

  /** What stands under a key of the state, or that nothing does, after the newest block unless stated. Throws `history-not-kept`. */
  stateReceipt(query: QueryInput<StateReceiptQuery>, options?: ReadOptions): Promise<ReceiptFileView> {
    return this.#read(routes.stateReceipt, {}, query, options);
  }

  /** That an older block stands in the history of a newer one. Throws `block-unknown`. */
  consistencyReceipt(query: QueryInput<ConsistencyReceiptQuery>, options?: ReadOptions): Promise<ReceiptFileView> {
    return this.#read(routes.consistencyReceipt, {}, query, options);
  }

  /** Every entry of a subject's access log in a time. The node reads the whole log: give it time. */
  accessReceipt(
    did: string,
    query: QueryInput<AccessReceiptQuery> = {},
    options?: ReadOptions,
  ): Promise<ReceiptFileView> {
    return this.#read(routes.accessReceipt, { did }, query, options);
  }

  /** The newest heights that witnesses cosigned, as the asked node knows them. */
  checkpoints(options?: ReadOptions): Promise<CheckpointList> {
    return this.#read(routes.checkpoints, {}, {}, options);
  }

  /** A receipt of a block with its cosignatures: of a height, or the `latest`. Throws `not-found`. */
  checkpoint(
    reference: number | 'latest',
    query: QueryInput<CheckpointQuery> = {},
    options?: ReadOptions,
  ): Promise<ReceiptFileView> {
    return this.#read(routes.checkpoint, { reference: String(reference) }, query, options);
  }

  /** Hands in a cosignature. Throws `witness-unknown`, `checkpoint-contradicted`. */
  cosign(height: number, body: CosignatureBody, options?: ReadOptions): Promise<CosignatureReply> {
    return this.#read(routes.cosign, { height }, {}, options, body);
  }

  /** The newest proposals, newest first. */
  proposals(options?: ReadOptions): Promise<ProposalList> {
    return this.#read(routes.proposals, {}, {}, options);
  }

  /** A proposal by its id (64 hexadecimal digits). Throws `not-found`. */
  proposal(id: string, options?: ReadOptions): Promise<ProposalView> {
    return this.#read(routes.proposal, { id }, {}, options);
  }

  /** A committed transaction, executed once more at its place. Throws `transaction-unknown`, `history-not-kept`. */
  explain(id: string, query: QueryInput<ExplainQuery> = {}, options?: ReadOptions): Promise<TransactionExplanation> {
    return this.#read(routes.explain, { id }, query, { timeoutMs: replayTimeoutMs, ...options });
  }

  /** A slice of the decisions of a domain that another policy would have changed; its `next` begins the next one. */
  whatIf(domain: string, request: WhatIfRequest, options?: ReadOptions): Promise<WhatIfPage> {
    return this.#read(routes.whatIf, { name: domain }, {}, { timeoutMs: replayTimeoutMs, ...options }, request);
  }

  /**
   * What the rules would decide now, or with `at` would have decided after a past block: advisory, not logged, releases
   * nothing.
   */
  async decide(request: DecisionRequest, options?: DecideOptions): Promise<DecisionView> {
    return (await this.#read(routes.decide, {}, {}, options, request)) as DecisionView;
  }

  /** Up to 100 questions, answered from one state, in their order. */
  async decideAll(questions: readonly DecisionRequest[], options?: DecideOptions): Promise<readonly DecisionView[]> {
    const reply = await this.#read(routes.decide, {}, {}, options, { questions });
    return (reply as DecisionList).decisions;
  }

  /**
   * Up to 100 signed `access.record` transactions: what each came to, once its entry is certified. The bytes may be sent
   * again after a failure, to any node: each executes once.
   */
  async decideAndCommit(
    transactions: readonly SignedTransaction[],
    options?: ReadOptions,
  ): Promise<readonly CommittedDecision[]> {
    const body = { commit: true, transactions: transactions.map(({ bytes }) => toHex(bytes)) } as const;
    const reply = await this.#read(routes.decide, {}, {}, options, body);
    return (reply as CommittedDecisionList).outcomes;
  }

  /** What the asked node has in its archive, after another look at the files. Throws `archive-unset`. */
  lookAtArchive(options?: ReadOptions): Promise<ArchiveView> {
    return this.#read(routes.lookAtArchive, {}, {}, options, {});
  }

  /** Lets the asked node give up history that its archive has. Throws `archive-unset`, or what is wrong with the archive. */
  async prune(request: PruneRequest, options?: ReadOptions): Promise<PruneView> {
    for (;;) {
      const view = await this.#read(routes.prune, {}, {}, options, request);
      if (view.isDone) return view;
    }
  }

  /** Has the asked node write a certified snapshot into its folder. Throws `snapshot-unavailable`, or what is wrong with the folder. */
  createSnapshot(options?: ReadOptions): Promise<FileView> {
    return this.#written(() => this.#read(routes.createSnapshot, {}, {}, options, {}));
  }

  /** The snapshots in the asked node's folder. */
  snapshots(options?: ReadOptions): Promise<FileList> {
    return this.#read(routes.snapshots, {}, {}, options);
  }

  /** Has the asked node write a backup into its folder. Throws `block-unknown`, or what is wrong with the folder. */
  backup(options?: ReadOptions): Promise<FileView> {
    return this.#written(() => this.#read(routes.backup, {}, {}, options, {}));
  }

  /** Asks until the file is there: each answer comes within the time of an answer. */
  async #written(ask: () => Promise<FileProgress>): Promise<FileView> {
    for (;;) {
      const { written } = await ask();
      if (written !== null) return written;
    }
  }

  /** Tells whichever node leads to hand over. Throws `not-leader` when none does, `leadership-kept`, `not-found`. */
  transferLeadership(request: TransferRequest, options?: ReadOptions): Promise<TransferView> {
    return this.#read(routes.transferLeadership, {}, {}, options, request);
  }

  /** What the asked node can prove against nodes that broke the rules. */
  evidence(options?: ReadOptions): Promise<EvidenceList> {
    return this.#read(routes.evidence, {}, {}, options);
  }

  /** One proof, by its id. Throws `not-found`. */
  evidenceRecord(id: string, options?: ReadOptions): Promise<EvidenceView> {
    return this.#read(routes.evidenceRecord, { id }, {}, options);
  }

  /** What the ledger was founded with, as the asked node says: compare its id with one from somebody you trust. */
  genesis(options?: ReadOptions): Promise<GenesisView> {
    return this.#read(routes.genesis, {}, {}, options);
  }

  status(options?: ReadOptions): Promise<StatusView> {
    return this.#read(routes.status, {}, {}, options);
  }

  /** Waits until a node says that submissions can be committed. Throws what was wrong last, after `timeoutMs`. */
  waitForReady(options: { timeoutMs: number; signal?: AbortSignal }): Promise<void> {
    return waitForReady(this.#nodes, options);
  }

  #read<R extends AnyRoute>(
    route: R,
    params: ParamsOf<R>,
    query: QueryInput<QueryOf<R>>,
    options: DecideOptions = {},
    body?: object,
  ): Promise<ReplyOf<R>> {
    return readAnywhere(this.#nodes, route, params, query, options, body);
  }
}

/** A block has up to a thousand transactions, and each may be executed again. */
const replayTimeoutMs = 60_000;
