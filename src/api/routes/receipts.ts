import type { ErrorCode } from '../../base/index.ts';
import type { Nothing, Route } from '../route.ts';
import {
  type CheckpointList,
  type CheckpointParams,
  type CheckpointQuery,
  type CosignatureBody,
  type CosignatureParams,
  type CosignatureReply,
  checkpointList,
  checkpointParams,
  checkpointQuery,
  cosignatureBody,
  cosignatureParams,
  cosignatureReply,
} from '../schemas/checkpoints.ts';
import {
  type AccessReceiptQuery,
  accessReceiptQuery,
  type ConsistencyReceiptQuery,
  consistencyReceiptQuery,
  type ReceiptFileView,
  type ReceiptQuery,
  receiptFileView,
  receiptQuery,
  type StateReceiptQuery,
  stateReceiptQuery,
} from '../schemas/receipts.ts';
import { didParams, type SubjectParams } from '../schemas/subjects.ts';
import { type TransactionParams, transactionParams } from '../schemas/transactions.ts';
import { jsonBody } from './common.ts';

/** What whoever makes a receipt may answer. */
const receiptErrors: readonly ErrorCode[] = [
  'block-unknown',
  'history-not-kept',
  'receipt-too-large',
  'storage-damaged',
];

/** What can be verified without asking a node again. */
export interface ReceiptRoutes {
  readonly transactionReceipt: Route<TransactionParams, ReceiptQuery, never, ReceiptFileView>;
  readonly stateReceipt: Route<Nothing, StateReceiptQuery, never, ReceiptFileView>;
  readonly consistencyReceipt: Route<Nothing, ConsistencyReceiptQuery, never, ReceiptFileView>;
  readonly accessReceipt: Route<SubjectParams, AccessReceiptQuery, never, ReceiptFileView>;
  readonly checkpoints: Route<Nothing, Nothing, never, CheckpointList>;
  readonly checkpoint: Route<CheckpointParams, CheckpointQuery, never, ReceiptFileView>;
  readonly cosign: Route<CosignatureParams, Nothing, CosignatureBody, CosignatureReply>;
}

export const receiptRoutes: ReceiptRoutes = {
  transactionReceipt: {
    operation: 'getTransactionReceipt',
    method: 'GET',
    path: '/v1/receipts/transactions/{id}',
    summary: 'A receipt: that the transaction stands in a certified block with its result, to be verified offline.',
    params: transactionParams,
    query: receiptQuery,
    reply: { mediaType: 'application/json', schema: receiptFileView },
    readsLedger: true,
    errors: ['transaction-unknown', ...receiptErrors],
  },
  stateReceipt: {
    operation: 'getStateReceipt',
    method: 'GET',
    path: '/v1/receipts/state',
    summary:
      'A receipt: what stands under a key of the state after the newest block, or after the one at a height, or that nothing does.',
    query: stateReceiptQuery,
    reply: { mediaType: 'application/json', schema: receiptFileView },
    readsLedger: true,
    errors: receiptErrors,
  },
  consistencyReceipt: {
    operation: 'getConsistencyReceipt',
    method: 'GET',
    path: '/v1/receipts/consistency',
    summary: 'A receipt: that an older block and its history are the beginning of the history of a newer one.',
    query: consistencyReceiptQuery,
    reply: { mediaType: 'application/json', schema: receiptFileView },
    readsLedger: true,
    errors: receiptErrors,
  },
  accessReceipt: {
    operation: 'getAccessReceipt',
    method: 'GET',
    path: '/v1/receipts/access/{did}',
    summary:
      "A receipt: every entry of the subject's access log in a time, and that there are no others, as of the newest block or of the one at a height.",
    params: didParams,
    query: accessReceiptQuery,
    reply: { mediaType: 'application/json', schema: receiptFileView },
    readsLedger: true,
    errors: receiptErrors,
  },
  checkpoints: {
    operation: 'listCheckpoints',
    method: 'GET',
    path: '/v1/checkpoints',
    summary: 'The newest heights that witnesses cosigned, with the cosignatures that the node has.',
    reply: { mediaType: 'application/json', schema: checkpointList },
    readsLedger: true,
    errors: [],
  },
  checkpoint: {
    operation: 'getCheckpoint',
    method: 'GET',
    path: '/v1/checkpoints/{reference}',
    summary:
      'A receipt of a block, with the cosignatures of it: of this height, or the latest that has enough of them.',
    params: checkpointParams,
    query: checkpointQuery,
    reply: { mediaType: 'application/json', schema: receiptFileView },
    readsLedger: true,
    errors: ['not-found', ...receiptErrors],
  },
  cosign: {
    operation: 'cosignCheckpoint',
    method: 'POST',
    path: '/v1/checkpoints/{height}/cosignatures',
    summary:
      'Hand in a cosignature: of a member, or of a witness that the operator named. The newest eight of each are kept.',
    params: cosignatureParams,
    bodies: [jsonBody('The cosignature.', cosignatureBody)],
    reply: { mediaType: 'application/json', schema: cosignatureReply },
    readsLedger: true,
    errors: [
      'block-unknown',
      'checkpoint-contradicted',
      'signature-invalid',
      'witness-unknown',
      'storage-failed',
      'storage-full',
    ],
  },
};
