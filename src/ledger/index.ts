/**
 * The ledger: transactions, blocks, their one canonical encoding, execution on overlays before acknowledging, and the
 * atomic commit. Promises that the same chain gives the same roots on every node, and that a transaction is executed at
 * most once. Synchronous; the rules come in through the port `RuleExecutor`.
 */
export * from './archive/index.ts';
export { genesisOperations, isBegun } from './beginning.ts';
export {
  decodeBlock,
  decodeSignedHeader,
  decodeTransactions,
  encodeBlock,
  encodeSignedHeader,
  type OpenedBlock,
  openBlock,
  type ReceivedBlock,
  type SignedHeaderParts,
} from './block.ts';
export type { Inadmissible } from './block-builder.ts';
export { resultsOperations } from './block-results.ts';
export type { StateChanges } from './chain/chain.ts';
export {
  deleteBlock,
  putBlock,
  readAppliedPlace,
  readBlock,
  receiptOperations,
} from './chain-store.ts';
export {
  type CanonicalValue,
  type CodecLimits,
  checkCanonical,
  codecLimits,
  decodeCanonical,
  encodeCanonical,
} from './codec/index.ts';
export {
  type NodeConfiguration,
  type NodeOfConfiguration,
  nodeConfiguration,
  openConfiguration,
} from './configuration.ts';
export {
  approvalThreshold,
  createGenesis,
  type Genesis,
  genesisFromText,
  genesisToText,
  openGenesis,
} from './genesis.ts';
export { type BlockHeader, decodeHeader, encodeHeader } from './header.ts';
export { Ledger } from './ledger.ts';
export { ledgerLimits } from './limits.ts';
export { type PastProof, PastProofs } from './past/past-proofs.ts';
export { type LoadPast, PastState, PastValues } from './past/past-state.ts';
export type { PastValue } from './past/past-value.ts';
export { PruneSweep, prunedRanges } from './pruning/prune-sweep.ts';
export { type Pruned, putPruned, readPruned } from './pruning/pruned.ts';
export {
  checkRecovery,
  encodeRecovery,
  encodeRecoveryStatement,
  invalidRecovery,
  openRecovery,
  problemOfRecovery,
  type RecoveryBase,
  type RecoverySignature,
  type RecoveryStatement,
  recoveryBytesMax,
  recoveryConfiguration,
  recoveryMessage,
  type SignedRecovery,
} from './recovery.ts';
export { decodeReceipt, encodeResult, type Receipt } from './results.ts';
export { SnapshotChunks } from './snapshot/chunks.ts';
export { type SnapshotLimits, snapshotLimits } from './snapshot/format.ts';
export { openManifest, type SnapshotManifest, type SnapshotProofs } from './snapshot/manifest.ts';
export { SnapshotSink, type WriteBatch } from './snapshot/sink.ts';
export { SnapshotSource, type SnapshotSourceOptions } from './snapshot/source.ts';
export type { StateProof } from './state-proof.ts';
export {
  checkedBlock,
  checkPages,
  checkReceipts,
  expectedValue,
  holdsValue,
  isInPart,
  pageGroups,
  partFrom,
  putValue,
  type StoredTrees,
  storedValue,
} from './stored-checks.ts';
export { differenceOfApplied, type StoredSummary, walkStored } from './stored-content.ts';
export { type StoredLeaf, storedKeys, storedLeaves } from './stored-keys.ts';
export { streamRecords } from './stream-records.ts';
export type { StreamEntry, StreamOptions } from './streams.ts';
export {
  bytesMaxOf,
  encodeSignedTransaction,
  encodeTransactionBody,
  transactionIdOf,
  transactionMessage,
  UnverifiedTransaction,
} from './transaction.ts';
export type {
  BlockContext,
  ConfigurationContent,
  ConfigurationStep,
  ExecutedTransaction,
  GenesisContent,
  GenesisDomain,
  GenesisMember,
  GenesisNode,
  IndexEntry,
  RecoveryContent,
  RecoveryNode,
  RuleExecutor,
  StateKey,
  StateView,
  StateWriter,
  TransactionContent,
  TransactionResult,
} from './types/execution.ts';
export type { Draft, SealInput, Sealing } from './types/sealing.ts';
export type { MayGoOn } from './types/slices.ts';
export type { BlockRefusal, BlockVerdict, Execution } from './types/verdict.ts';
export { checkHeaderSignature, VerifiedBlock } from './verified-block.ts';
export { VerifiedTransaction } from './verified-transaction.ts';
