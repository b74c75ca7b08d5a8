/**
 * `assent/verify`: receipts and their verification. Runs anywhere, with nothing but the receipt and what the verifier has
 * pinned (docs/verification.md).
 */
export { type Anchor, anchorOf, encodeCheckpoint, type Pinned } from './anchor.ts';
export {
  type AccessLogVerdict,
  accessLogKey,
  type ConsistencyVerdict,
  entryTimeOf,
  type LogEntry,
  logSizeOf,
  type StateVerdict,
  type TransactionVerdict,
} from './contents.ts';
export { type Cosignature, type CosignatureStatement, cosignatureMessage } from './cosignature.ts';
export {
  type AccessLogContent,
  type BlockBelow,
  type CheckpointContent,
  type CheckpointLink,
  type ConsistencyContent,
  cosignaturesMax,
  decodeReceipt,
  encodeReceipt,
  headerOf,
  type OpenedReceipt,
  openReceipt,
  type Receipt,
  type ReceiptContents,
  type ReceiptFrame,
  type ReceiptKind,
  type ReceiptOf,
  receiptBytesMax,
  receiptEntriesMax,
  receiptFromJson,
  receiptKinds,
  receiptToJson,
  type StateContent,
  type TransactionContent,
} from './receipt.ts';
export {
  type CertifiedBy,
  type ProvedPlace,
  type ProvedReceipt,
  type ReceiptFault,
  type ReceiptVerdict,
  type RefusedReceipt,
  verifyReceipt,
} from './verify.ts';
export type { CheckpointVerdict, Sighting, Witnesses } from './witnesses.ts';
