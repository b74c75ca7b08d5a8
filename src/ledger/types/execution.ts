import type { CanonicalValue } from '../codec/index.ts';
import type { NodeOfConfiguration } from '../configuration.ts';

/** A key of the authenticated state: printable ASCII `<namespace>/<part>/…`, at most 256 characters. */
export type StateKey = string;

/** Point reads of the state as it stands at one place of one block. */
export interface StateView {
  /** The canonical bytes stored under the key, or undefined. */
  get(key: StateKey): Uint8Array | undefined;
}

export interface StateWriter extends StateView {
  /** Takes canonical bytes, at least one. */
  put(key: StateKey, value: Uint8Array): void;
  delete(key: StateKey): void;
}

/** What a rule may know of the block it runs in. There is no other clock than `timestamp`. */
export interface BlockContext {
  readonly ledgerId: Uint8Array;
  readonly height: number;
  /** Milliseconds since the Unix epoch: the block's certified time. */
  readonly timestamp: number;
}

/** A transaction's content, decoded from the bytes that travelled. */
export interface TransactionContent {
  readonly id: Uint8Array;
  readonly kind: string;
  /** The sender's inception key, 32 bytes: its DID. */
  readonly sender: Uint8Array;
  readonly validUntil: number;
  readonly payload: CanonicalValue;
  /** Length of the signed bytes. */
  readonly byteLength: number;
}

/** What one transaction came to. A refusal is data and has its place in the block. */
export type TransactionResult =
  | { readonly ok: true; readonly output: CanonicalValue }
  | { readonly ok: false; readonly code: string; readonly rule: string; readonly sentence: string };

/** An entry of a query index, derived from execution, not part of the state root. */
export interface IndexEntry {
  /** For instance `access:<subject hex>`. Printable ASCII, at most 128 characters. */
  readonly stream: string;
  readonly entry: Uint8Array;
}

export interface ExecutedTransaction {
  readonly result: TransactionResult;
  readonly index: readonly IndexEntry[];
}

/** The configuration as the rules keep it in the state, the nodes in the order that is encoded. */
export interface ConfigurationContent {
  readonly generation: number;
  readonly nodes: readonly NodeOfConfiguration[];
}

/** A node of a configuration that members found anew. */
export interface RecoveryNode extends NodeOfConfiguration {
  readonly member: string;
  /** `host:port`, as far as it is known. */
  readonly address?: string;
}

/** The nodes with which a ledger goes on after most of the former ones were lost (protocol.md §5, "Disaster"). */
export interface RecoveryContent {
  /** One more than the generation before. */
  readonly generation: number;
  readonly nodes: readonly RecoveryNode[];
}

/** One approved change of the configuration. It alters one node, so at most one voter (protocol.md §5). */
export interface ConfigurationStep {
  /** `add` as a learner; `promote` a learner; `demote` a voter; `remove` either. */
  readonly step: 'add' | 'promote' | 'demote' | 'remove';
  /** Ed25519 node key, 32 bytes. */
  readonly publicKey: Uint8Array;
}

/**
 * The ledger's only view of the rules. Synchronous and deterministic: the same state, transaction and context give the
 * same writes and result on every node, for ever.
 */
export interface RuleExecutor {
  /** Name of the rule set. */
  readonly ruleSet: string;
  /** Of the rules that genesis names: which others follow. Absent: these hold for ever. */
  readonly versions?: RuleVersions;
  /** The kinds of transaction this rule set knows. */
  readonly kinds: ReadonlySet<string>;
  /** Those of them whose transactions may have `largeTransactionBytesMax`, the others `transactionBytesMax`. */
  readonly largeKinds: ReadonlySet<string>;
  /** The Ed25519 key that signs for this sender now (its inception key until a rotation). */
  currentKey(state: StateView, sender: Uint8Array): Uint8Array;
  /**
   * Checks the shape of a transaction's payload without state. Undefined when it is well formed, else a sentence with the
   * path that is wrong. `isExecutedNext`: what was read of it may be kept for {@link execute}, which comes next.
   */
  checkPayload(content: Pick<TransactionContent, 'kind' | 'payload'>, isExecutedNext?: boolean): string | undefined;
  /** Runs one transaction. On a refusal the ledger drops every write it made. */
  execute(transaction: TransactionContent, state: StateWriter, block: BlockContext): ExecutedTransaction;
  /**
   * The latest time that something open in this state ends by itself (a break-glass, say), in milliseconds since the
   * Unix epoch. Until the chain's time has passed it, an idle leader keeps sealing empty blocks (protocol.md §4, "Time").
   */
  latestDeadline(state: StateView): number | undefined;
  /** The configuration in force. */
  configuration(state: StateView): ConfigurationContent;
  /** The first of the approved changes that wait for a block to enact them. */
  nextChange(state: StateView): ConfigurationStep | undefined;
  /** Enacts the change that {@link nextChange} tells. Runs after a block's transactions, only where a change waits. */
  enact(state: StateWriter, block: BlockContext): void;
  /**
   * Puts the nodes of a recovery in the place of all others, whose keys are retired; what waits and what is voted on is
   * dropped. False, and nothing is written, where the generation is not the next or a key was a node's before.
   */
  refound(state: StateWriter, recovery: RecoveryContent, block: BlockContext): boolean;
  /** Writes the state that the genesis declares (members, nodes, domains, parameters). */
  initialise(genesis: GenesisContent, state: StateWriter): void;
}

/** The versions of a ledger's rules, one after another. */
export interface RuleVersions {
  /** The version under which a block at this height runs, by the state of the block before it. */
  nameAt(state: StateView, height: number): string;
  /** The rules of that name, if this program has them. */
  get(ruleSet: string): RuleExecutor | undefined;
}

export interface GenesisMember {
  readonly name: string;
  /** Ed25519 governance key, 32 bytes. */
  readonly governanceKey: Uint8Array;
}

export interface GenesisNode {
  /** Ed25519 node key, 32 bytes. */
  readonly publicKey: Uint8Array;
  readonly member: string;
  readonly role: 'voter' | 'learner';
}

/** A custodian of records, as declared in genesis. */
export interface GenesisDomain {
  readonly name: string;
  /** The member that is its custodian. */
  readonly custodian: string;
  /** Rules of the domain, in the shape that the enrolment contract defines. */
  readonly policy: CanonicalValue;
}

export interface GenesisContent {
  readonly ledgerName: string;
  /** Milliseconds since the Unix epoch: the timestamp that the first block must exceed. */
  readonly createdAt: number;
  readonly members: readonly GenesisMember[];
  readonly nodes: readonly GenesisNode[];
  readonly domains: readonly GenesisDomain[];
  readonly parameters: readonly (readonly [name: string, value: CanonicalValue])[];
  readonly ruleSet: string;
}
