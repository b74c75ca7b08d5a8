/** The one place where this room meets the ledger: types of the port, and the canonical encoding. */
export {
  type BlockContext,
  type CanonicalValue,
  decodeCanonical,
  type ExecutedTransaction,
  encodeCanonical,
  type GenesisContent,
  type GenesisDomain,
  type GenesisMember,
  type IndexEntry,
  ledgerLimits,
  type RuleExecutor,
  type StateKey,
  type StateView,
  type StateWriter,
  type TransactionContent,
  type TransactionResult,
} from '../ledger/portable.ts';
