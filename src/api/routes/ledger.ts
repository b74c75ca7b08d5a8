import type { ErrorCode } from '../../base/index.ts';
import type { Nothing, Route } from '../route.ts';
import {
  type BlockPage,
  type BlockParams,
  type BlocksQuery,
  type BlockView,
  blockPage,
  blockParams,
  blocksQuery,
  blockView,
  type RawBlockPage,
  type RawBlocksQuery,
  rawBlockPage,
  rawBlocksQuery,
} from '../schemas/blocks.ts';
import { type InForceView, inForceView } from '../schemas/in-force.ts';
import {
  type ReachParams,
  type ReachQuery,
  type ReachView,
  reachParams,
  reachQuery,
  reachView,
} from '../schemas/reach.ts';
import {
  type ExplainQuery,
  explainQuery,
  type TransactionExplanation,
  transactionExplanation,
} from '../schemas/replay.ts';
import {
  type TransactionPage,
  type TransactionsQuery,
  transactionPage,
  transactionsQuery,
} from '../schemas/transaction-rows.ts';
import {
  type SubmitQuery,
  type SubmitReply,
  submitQuery,
  submitReply,
  type TransactionParams,
  type TransactionReply,
  transactionParams,
  transactionQuery,
  transactionReply,
  type WaitQuery,
} from '../schemas/transactions.ts';
import { requestLimits, transactionMediaType, transactionsMediaType } from './common.ts';

const ingressErrors: readonly ErrorCode[] = [
  'encoding-invalid',
  'encoding-too-large',
  'transaction-malformed',
  'transaction-too-large',
  'transaction-kind-unknown',
  'transaction-payload-invalid',
  'signature-invalid',
  'key-not-current',
  'window-expired',
  'window-too-far',
  'no-quorum',
  'outcome-unknown',
  'clock-fault',
  'recovering',
  'storage-full',
  'storage-failed',
];

/** Transactions, and the blocks that hold them. */
export interface LedgerRoutes {
  readonly submit: Route<Nothing, SubmitQuery, Uint8Array, SubmitReply>;
  readonly transaction: Route<TransactionParams, WaitQuery, never, TransactionReply>;
  readonly transactions: Route<Nothing, TransactionsQuery, never, TransactionPage>;
  readonly explain: Route<TransactionParams, ExplainQuery, never, TransactionExplanation>;
  readonly block: Route<BlockParams, Nothing, never, BlockView>;
  readonly blocks: Route<Nothing, BlocksQuery, never, BlockPage>;
  readonly inForce: Route<ReachParams, ReachQuery, never, InForceView>;
  readonly reach: Route<ReachParams, ReachQuery, never, ReachView>;
  readonly rawBlocks: Route<Nothing, RawBlocksQuery, never, RawBlockPage>;
}

export const ledgerRoutes: LedgerRoutes = {
  submit: {
    operation: 'submitTransactions',
    method: 'POST',
    path: '/v1/transactions',
    summary:
      'Submit signed transactions. A single one that is not taken ends with the error; in a batch each has its own outcome. Answered when the commit is in force: no node decides by itself without it any more; with wait=committed as soon as it is certified; 202 when wait=none; with wait=everywhere once every node applied it, or with those that have not.',
    query: submitQuery,
    bodies: [
      {
        mediaType: transactionMediaType,
        description: 'One signed transaction (docs/protocol.md, "Transactions").',
        bytesMax: requestLimits.transactionBytesMax,
      },
      {
        mediaType: transactionsMediaType,
        description: 'A canonical msgpack array of up to 1,000 signed transactions, each as binary.',
        bytesMax: requestLimits.batchBytesMax,
      },
    ],
    reply: { mediaType: 'application/json', schema: submitReply },
    statuses: [200, 202],
    errors: ingressErrors,
  },
  transaction: {
    operation: 'getTransaction',
    method: 'GET',
    path: '/v1/transactions/{id}',
    summary: 'A committed transaction and its receipt. With wait=committed, waits for it up to timeoutMs.',
    params: transactionParams,
    query: transactionQuery,
    reply: { mediaType: 'application/json', schema: transactionReply },
    readsLedger: true,
    errors: ['transaction-unknown', 'history-not-kept'],
  },
  transactions: {
    operation: 'listTransactions',
    method: 'GET',
    path: '/v1/transactions',
    summary:
      'Committed transactions by subject, agent, organisation, kind, consent and time; of a batch of accesses, each access.',
    query: transactionsQuery,
    reply: { mediaType: 'application/json', schema: transactionPage },
    readsLedger: true,
    errors: ['history-not-kept', 'storage-damaged'],
  },
  explain: {
    operation: 'explainTransaction',
    method: 'GET',
    path: '/v1/transactions/{id}/explain',
    summary:
      'A committed transaction, executed once more at its place: which rules it met, what each saw, how its decisions came about.',
    params: transactionParams,
    query: explainQuery,
    reply: { mediaType: 'application/json', schema: transactionExplanation },
    readsLedger: true,
    errors: ['transaction-unknown', 'history-not-kept', 'rule-set-unknown'],
  },
  block: {
    operation: 'getBlock',
    method: 'GET',
    path: '/v1/blocks/{reference}',
    summary: 'A committed block by height or hash, or the head.',
    params: blockParams,
    reply: { mediaType: 'application/json', schema: blockView },
    readsLedger: true,
    errors: ['block-unknown', 'history-not-kept'],
  },
  blocks: {
    operation: 'listBlocks',
    method: 'GET',
    path: '/v1/blocks',
    summary: 'Headers of committed blocks, ascending.',
    query: blocksQuery,
    reply: { mediaType: 'application/json', schema: blockPage },
    readsLedger: true,
    errors: ['history-not-kept'],
  },
  inForce: {
    operation: 'inForce',
    method: 'GET',
    path: '/v1/blocks/{height}/in-force',
    summary:
      'Whether a block is in force: no node decides by itself without it any more. Waits for that, up to timeoutMs; says which nodes have not said that they decide on it.',
    params: reachParams,
    query: reachQuery,
    reply: { mediaType: 'application/json', schema: inForceView },
    errors: [],
  },
  reach: {
    operation: 'getBlockReach',
    method: 'GET',
    path: '/v1/blocks/{height}/reach',
    summary:
      'Which nodes have applied a block, as they say themselves: what it revokes is revoked there. Waits for all of them, up to timeoutMs.',
    params: reachParams,
    query: reachQuery,
    reply: { mediaType: 'application/json', schema: reachView },
    errors: [],
  },
  rawBlocks: {
    operation: 'listRawBlocks',
    method: 'GET',
    path: '/v1/raw-blocks',
    summary:
      'Committed blocks as they travelled, ascending, about 1 MiB a page: all that it takes to verify the ledger.',
    query: rawBlocksQuery,
    reply: { mediaType: 'application/json', schema: rawBlockPage },
    readsLedger: true,
    errors: ['history-not-kept'],
  },
};
