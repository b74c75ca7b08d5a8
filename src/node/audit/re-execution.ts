import { type AssentError, assert, readUint64, uint64Bytes } from '../../base/index.ts';
import type { Justification } from '../../consensus/index.ts';
import {
  type BlockRefusal,
  type BlockVerdict,
  type Genesis,
  genesisOperations,
  Ledger,
  type OpenedBlock,
  type Receipt,
  type RuleExecutor,
  SnapshotSink,
  type StateView,
  type UnverifiedTransaction,
  type VerifiedBlock,
} from '../../ledger/index.ts';
import { keyPrefixes, type Operation, prefixedKey, ScratchStore } from '../../storage/index.ts';
import { recoveryContent } from '../replica/recovery-record.ts';
import type { SignedMessage } from '../threads/verify-thread.ts';
import type { AssumedSignatures } from './assumed-signatures.ts';
import { type Check, ledgerFault } from './fault.ts';
import { type AuditStart, invalidFile } from './start.ts';

/** Rules, and the signatures that they ask about. */
export interface AuditRules {
  readonly executor: RuleExecutor;
  readonly signatures: AssumedSignatures;
}

/** Told of what each block's execution writes, as a node that commits the block does. */
export type OnCommit = (height: number, operations: readonly Operation[]) => void;

/** What executing further blocks reads again. The rest is only compared with what a node holds. */
const keptPrefixes: ReadonlySet<number> = new Set(
  (
    [
      ...(['state', 'treeNode', 'treePart', 'transactionPlace', 'blockHash'] as const),
      ...(['otherState', 'otherTreeNode', 'otherTreePart'] as const),
    ] as const
  ).map((name) => keyPrefixes[name]),
);

/** Executes a ledger from its genesis on, or from a snapshot on, in a store of its own. */
export class ReExecution {
  readonly #store: ScratchStore;
  readonly #ledger: Ledger;
  readonly #signatures: AssumedSignatures;
  readonly #onCommit: OnCommit | undefined;
  #transactions = 0;

  private constructor(
    store: ScratchStore,
    genesis: Genesis,
    { executor, signatures }: AuditRules,
    onCommit: OnCommit | undefined,
  ) {
    const ledger = new Ledger(store, genesis, executor, { checksReads: false });
    this.#store = store;
    this.#signatures = signatures;
    this.#ledger = ledger;
    this.#onCommit = onCommit;
  }

  static async begin(genesis: Genesis, rules: AuditRules, onCommit?: OnCommit): Promise<ReExecution> {
    const store = new ScratchStore();
    const operations = genesisOperations(store, genesis, rules.executor);
    await store.put(operations);
    onCommit?.(0, operations);
    return new ReExecution(store, genesis, rules, onCommit);
  }

  /** Begins with the state of a snapshot, each chunk of which is proved by its block's root. Throws `snapshot-invalid`. */
  static async since(
    { records }: AuditStart,
    genesis: Genesis,
    rules: AuditRules,
    onCommit?: OnCommit,
  ): Promise<ReExecution> {
    const store = new ScratchStore();
    await store.put(genesisOperations(store, genesis, rules.executor));
    const sink = await SnapshotSink.open(store, genesis.ledgerId, (operations) => store.put(operations));
    for await (const record of records()) {
      if (sink.manifest === undefined) await sink.begin(record);
      else await sink.accept(record);
    }
    if (!sink.isComplete) throw invalidFile('chunks are missing');
    await store.put(sink.install());
    return new ReExecution(store, genesis, rules, onCommit);
  }

  /** The value of the state under a key of the store, in whichever of its two places a node has its state. */
  stored(key: Uint8Array): Uint8Array | undefined {
    const own = Uint8Array.from(key);
    own[0] = keyPrefixes[this.#ledger.storedTrees.space.state];
    return this.#store.get(own);
  }

  get state(): StateView {
    return this.#ledger.state;
  }

  /** After the newest block. */
  get facts(): Ledger['applied'] {
    return this.#ledger.applied;
  }

  /** Transactions executed so far. */
  get transactions(): number {
    return this.#transactions;
  }

  /** The key that signs for each sender after the blocks executed so far. */
  keysOf(transactions: readonly UnverifiedTransaction[]): Uint8Array[] {
    const { executor, state } = this.#ledger;
    return transactions.map(({ sender }) => executor.currentKey(state, sender));
  }

  /**
   * Executes and compares every root, with what rules ask for taken for signed: answers what that was, for the caller to
   * check. Throws `verification-failed`, or `rule-set-missing`.
   */
  execute(block: VerifiedBlock, justification: Justification): readonly SignedMessage[] {
    const { header } = block.received;
    const recovery = recoveryContent(justification);
    const enactsChange = recovery === undefined && justification.configuration !== undefined;
    const execute = (): BlockVerdict => this.#ledger.execute(block, enactsChange, recovery);
    const { outcome, assumed } = this.#signatures.assuming(execute);
    if (outcome.ok) return assumed;
    // The chain may have refused one of them.
    const verdict = assumed.length === 0 ? outcome : execute();
    if (verdict.ok) return [];
    if (verdict.reason === 'rule-set-missing') this.#ledger.demandRulesAfter(header.parentHash);
    const [check, what] = sentences[verdict.reason];
    throw ledgerFault(header.height, check, what);
  }

  /** The executed block is the newest from now on. Answers what came of its transactions. */
  async commit({ hash, header }: OpenedBlock): Promise<readonly Receipt[]> {
    const { operations, receipts } = this.#ledger.commit(hash);
    this.#onCommit?.(header.height, operations);
    await this.#store.put(operations.filter(({ key }) => keptPrefixes.has(key[0] as number)));
    this.#ledger.settle(hash);
    this.#transactions += receipts.length;
    return receipts;
  }

  /** A block before those that are executed: remembered by its hash. */
  async pass({ hash, header }: OpenedBlock): Promise<void> {
    assert(header.height <= this.facts.height, 'a block above the snapshot is executed');
    await this.#store.put([{ type: 'put', key: prefixedKey('blockHash', hash), value: uint64Bytes(header.height) }]);
  }

  /** What is executed and not committed: blocks above those that a node has applied. */
  has(hash: Uint8Array): boolean {
    return this.#ledger.has(hash);
  }

  /** The height of a committed block. */
  heightOf(hash: Uint8Array): number | undefined {
    const bytes = this.#store.get(prefixedKey('blockHash', hash));
    return bytes === undefined ? undefined : readUint64(bytes);
  }

  async close(): Promise<void> {
    await this.#store.close();
  }
}

/** A signature that the chain's results take for valid does not verify. */
export function forgedFault(height: number): AssentError {
  const [check, what] = sentences['results-root'];
  return ledgerFault(height, check, what);
}

const execution = (what: string): readonly [Check, string] => ['execution', what];

const sentences: Readonly<Record<BlockRefusal, readonly [Check, string]>> = {
  expired: execution('a transaction stands in it after its time'),
  'too-far': execution('a transaction stands in it more than ten minutes before the end of its time'),
  'already-executed': execution('a transaction stands in the chain a second time'),
  'key-not-current': execution('a transaction is signed with a key that was not current at its place'),
  'signature-invalid': execution(
    'the signature of a transaction does not verify under the key that is current at its place',
  ),
  'kind-unknown': execution('a transaction is of a kind that its rules do not know'),
  'too-large': execution('a transaction is larger than its kind may be'),
  'payload-invalid': execution('a payload does not match the schema of its kind'),
  'block-full': execution('it holds more than a block may'),
  'parent-unknown': ['parent', 'it does not stand on the block before it'],
  ledger: ['parent', 'it is of another ledger'],
  height: ['parent', 'its height is not one above that of the block before it'],
  term: ['term', 'its term is lower than that of the block before it'],
  timestamp: ['term', 'its time is not after that of the block before it'],
  'rule-set-missing': execution('this program does not have the rules under which it runs'),
  'results-root': ['results-root', 'executing it comes to other results than its header names'],
  'state-root': ['state-root', 'executing it comes to another state than its header names'],
  'history-root': ['history-root', 'its header names another history than the blocks before it'],
  configuration: ['configuration', 'executing it comes to another configuration than its header names'],
};
