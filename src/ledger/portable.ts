/** The part of the ledger that runs anywhere, browsers included: encoding, transactions, headers, and the types. */
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
export type { Genesis } from './genesis.ts';
export { type BlockHeader, decodeHeader, encodeHeader } from './header.ts';
export { ledgerLimits } from './limits.ts';
export {
  approvalThreshold,
  approvalThresholdParameter,
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
export {
  bytesMaxOf,
  encodeSignedTransaction,
  encodeTransactionBody,
  transactionMessage,
  UnverifiedTransaction,
  VerifiedTransaction,
} from './transaction.ts';
export type * from './types/execution.ts';
