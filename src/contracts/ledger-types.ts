/** The one place where this room meets the ledger: types of the port, and the canonical encoding. */
export {
  type CanonicalValue,
  decodeCanonical,
  encodeCanonical,
} from '../ledger/codec/index.ts';
export type {
  BlockContext,
  ExecutedTransaction,
  GenesisContent,
  GenesisDomain,
  GenesisMember,
  IndexEntry,
  RuleExecutor,
  StateKey,
  StateView,
  StateWriter,
  TransactionContent,
  TransactionResult,
} from '../ledger/types/execution.ts';
