/** The part of the ledger that runs anywhere, browsers included: encoding, transactions, headers, and the types. */
export {
  type CanonicalValue,
  type CodecLimits,
  checkCanonical,
  codecLimits,
  decodeCanonical,
  encodeArrayHead,
  encodeCanonical,
  encodeElements,
  encodeLayers,
  encodeRuns,
  type LayerRun,
} from './codec/index.ts';
export {
  type NodeConfiguration,
  type NodeOfConfiguration,
  nodeConfiguration,
  openConfiguration,
} from './configuration.ts';
export { approvalThreshold, approvalThresholdParameter, type Genesis, openGenesis } from './genesis.ts';
export { type BlockHeader, decodeHeader, encodeHeader } from './header.ts';
export { ledgerLimits } from './limits.ts';
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
  recoveryConfiguration,
  recoveryMessage,
  type SignedRecovery,
} from './recovery.ts';
export { encodeResult, openResult, type ResultContent } from './results.ts';
export { type StateLeaf, type StateProof, stateProofSiblingsMax, verifyState } from './state-proof.ts';
export {
  bytesMaxOf,
  encodeSignedTransaction,
  encodeTransactionBody,
  transactionMessage,
  UnverifiedTransaction,
} from './transaction.ts';
export type * from './types/execution.ts';
export { VerifiedTransaction } from './verified-transaction.ts';
