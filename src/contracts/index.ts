/**
 * The rules of the ledger: an engine in which a contract is one file (typed state, typed payload, named rules with
 * codes and sentences), and the built-in contracts. Synchronous, deterministic and portable: the same state,
 * transaction and block give the same writes and result on every node, and a browser reads the same schemas.
 */
export {
  type Catalogue,
  catalogueOf,
  jsonOf,
  jsonSchemaOf,
  type RuleCode,
  valueFromJson,
} from './engine/catalogue.ts';
export {
  type ApplyContext,
  type Contract,
  type ContractDefinition,
  ContractError,
  defineContract,
  type KindDefinition,
  type Rule,
  type RuleContext,
  type VerifySignature,
  type WritableState,
} from './engine/contract.ts';
export { createRuleExecutor, type RuleExecutorOptions, type TracingRuleExecutor } from './engine/executor.ts';
export {
  blob,
  bytes,
  commitment,
  did,
  eventId,
  name,
  type TextLeaf,
  textLeaf,
  timestamp,
  transactionId,
} from './engine/leaves.ts';
export { type Limits, limits } from './engine/session.ts';
export { type StateRecord, stateRecord } from './engine/state-record.ts';
export { type Explanation, explainTransaction, type RuleTrace, ScratchState, Trace } from './engine/trace.ts';
export { type Decoded, SchemaError, type WireCodec, WireError, wireCodec } from './engine/wire.ts';
