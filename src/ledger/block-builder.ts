import { assert, latin1Bytes } from '../base/index.ts';
import { leafHash, MerkleFrontier, merkleRoot } from '../crypto/portable.ts';
import type { Store } from '../storage/index.ts';
import { encodeCanonical } from './codec/index.ts';
import { type NodeConfiguration, nodeConfiguration } from './configuration.ts';
import { ledgerLimits } from './limits.ts';
import { encodeResult, type Receipt } from './results.ts';
import { type BlockChanges, ChainPoint } from './state/chain-point.ts';
import { hashOf } from './state/nodes.ts';
import { pageReader } from './state/parts.ts';
import { TransactionState } from './state/transaction-state.ts';
import { treeChanges, updateTree } from './state/tree.ts';
import { type StreamRecord, streamRecords } from './stream-records.ts';
import { bytesMaxOf } from './transaction.ts';
import type { BlockContext, RecoveryContent, RuleExecutor, StateKey, TransactionResult } from './types/execution.ts';
import type { VerifiedTransaction } from './verified-transaction.ts';

/** Why a transaction has no place in a block (protocol.md §3): a leader leaves it out, a follower refuses the block. */
export type Inadmissible =
  | 'expired'
  | 'too-far'
  | 'already-executed'
  | 'key-not-current'
  | 'signature-invalid'
  | 'kind-unknown'
  | 'too-large'
  | 'payload-invalid'
  | 'block-full';

/** The roots that a header states of what came of its transactions. */
export interface BlockRoots {
  readonly resultsRoot: Uint8Array;
  readonly stateRoot: Uint8Array;
  readonly historyRoot: Uint8Array;
}

/** What a block says that it changes in the configuration. */
export interface ConfigurationChange {
  /** Whether it enacts the first change that waits once its transactions ran. */
  readonly enactsChange: boolean;
  /** Of the first block after a recovery, instead: the nodes that it founds. */
  readonly recovery?: RecoveryContent | undefined;
}

/**
 * Executes one block's transactions in order on its parent's state. The leader seals through it, followers check
 * through it: there is one way to execute.
 */
export class BlockBuilder {
  readonly #store: Store;
  readonly #executor: RuleExecutor;
  readonly #parent: ChainPoint;
  readonly #context: BlockContext;
  readonly #state = new Map<StateKey, Uint8Array | undefined>();
  readonly #transactions: VerifiedTransaction[] = [];
  readonly #results: TransactionResult[] = [];
  readonly #streams: (readonly StreamRecord[])[] = [];
  readonly #ids = new Set<string>();
  #bytes = 0;

  constructor(store: Store, executor: RuleExecutor, parent: ChainPoint, context: BlockContext) {
    assert(context.height === parent.facts.height + 1, 'a block follows its parent');
    assert(context.timestamp > parent.facts.timestamp, 'time goes forward along a chain');
    this.#store = store;
    this.#executor = executor;
    this.#parent = parent;
    this.#context = context;
  }

  get transactions(): readonly VerifiedTransaction[] {
    return this.#transactions;
  }

  /** Executes one more transaction, or says why it cannot stand here and changes nothing. */
  add(transaction: VerifiedTransaction): Inadmissible | undefined {
    const refusal = this.#admit(transaction);
    if (refusal !== undefined) return refusal;
    const state = new TransactionState((key) => this.#read(key));
    const { result, index } = this.#executor.execute(transaction, state, this.#context);
    if (result.ok) this.#keep(state);
    this.#transactions.push(transaction);
    this.#results.push(result);
    this.#streams.push(result.ok ? streamRecords(index) : []);
    this.#ids.add(transaction.idHex);
    this.#bytes += transaction.byteLength;
    return undefined;
  }

  /** The configuration that the block founds or enacts after its transactions; undefined where it does not, or may not. */
  changeConfiguration({ enactsChange, recovery }: ConfigurationChange): NodeConfiguration | undefined {
    if (recovery !== undefined) return this.#refound(recovery);
    return enactsChange ? this.#enact() : undefined;
  }

  /** The first change that waits; where none does, nothing is changed. */
  #enact(): NodeConfiguration | undefined {
    const state = new TransactionState((key) => this.#read(key));
    if (this.#executor.nextChange(state) === undefined) return undefined;
    this.#executor.enact(state, this.#context);
    return this.#configurationIn(state);
  }

  /** Puts the nodes of a recovery in the place of all others; where they may not stand there, nothing is changed. */
  #refound(recovery: RecoveryContent): NodeConfiguration | undefined {
    const state = new TransactionState((key) => this.#read(key));
    if (!this.#executor.refound(state, recovery, this.#context)) return undefined;
    return this.#configurationIn(state);
  }

  #configurationIn(changed: TransactionState): NodeConfiguration {
    this.#keep(changed);
    const { generation, nodes } = this.#executor.configuration(changed);
    return nodeConfiguration(generation, nodes);
  }

  #keep({ changes }: TransactionState): void {
    changes.forEach((value, key) => {
      this.#state.set(key, value);
    });
  }

  #admit(transaction: VerifiedTransaction): Inadmissible | undefined {
    const { timestamp } = this.#context;
    if (this.#transactions.length >= ledgerLimits.blockTransactionsMax) return 'block-full';
    if (this.#bytes + transaction.byteLength > ledgerLimits.blockTransactionBytesMax) return 'block-full';
    if (transaction.validUntil < timestamp) return 'expired';
    if (transaction.validUntil > timestamp + ledgerLimits.validityWindowMs) return 'too-far';
    if (this.#ids.has(transaction.idHex) || this.#parent.hasExecuted(transaction)) return 'already-executed';
    if (!this.#executor.kinds.has(transaction.kind)) return 'kind-unknown';
    if (transaction.byteLength > bytesMaxOf(this.#executor, transaction.kind)) return 'too-large';
    if (this.#executor.checkPayload(transaction, true) !== undefined) return 'payload-invalid';
    const currentKey = this.#executor.currentKey({ get: (key) => this.#read(key) }, transaction.sender);
    if (transaction.isSignedBy(currentKey)) return undefined;
    return transaction.verifiedKey === undefined ? 'signature-invalid' : 'key-not-current';
  }

  #read(key: StateKey): Uint8Array | undefined {
    return this.#state.has(key) ? this.#state.get(key) : this.#parent.get(key);
  }

  /** Hashes everything once. The point is made with {@link point} when the block's own hash is known. */
  finish(): FinishedBlock {
    const idBuckets = this.#closeBuckets();
    const read = pageReader(this.#store, this.#parent.committed.origin.space);
    const tree = updateTree(this.#parent.facts.tree, treeChanges(this.#state), read);
    const resultBytes = this.#results.map(encodeResult);
    const roots: BlockRoots = {
      resultsRoot: merkleRoot(resultBytes.map((bytes) => leafHash(bytes))),
      stateRoot: latin1Bytes(hashOf(tree.root)),
      historyRoot: this.#parent.facts.history.root(),
    };
    return {
      roots,
      point: (block) => {
        const historyBefore = this.#parent.facts.history;
        const history = historyBefore.clone();
        history.append(leafHash(block.hash));
        const { height, timestamp } = this.#context;
        const { stateRoot } = roots;
        const facts = { ...block, height, timestamp, tree: tree.root, stateRoot, history, historyBefore, idBuckets };
        return new ChainPoint(this.#parent.committed, facts, {
          parent: this.#parent,
          changes: this.#changes(tree, resultBytes, block.hash),
        });
      },
    };
  }

  #changes(tree: BlockChanges['tree'], resultBytes: readonly Uint8Array[], blockHash: Uint8Array): BlockChanges {
    const { height, timestamp } = this.#context;
    const receipts: Receipt[] = this.#transactions.map(({ id }, index) => {
      const result = this.#results[index] as TransactionResult;
      return { id, height, index, timestamp, blockHash, result };
    });
    return { state: this.#state, tree, receipts, resultBytes, streams: this.#streams, ids: this.#ids };
  }

  /** Writes the executed ids' buckets into the state and drops those whose minute has passed. */
  #closeBuckets(): ReadonlyMap<number, MerkleFrontier> {
    const buckets = new Map(this.#parent.facts.idBuckets);
    const touched = new Set<number>();
    for (const { id, validUntil } of this.#transactions) {
      const minute = Math.floor(validUntil / ledgerLimits.idBucketMs);
      if (!touched.has(minute)) buckets.set(minute, buckets.get(minute)?.clone() ?? MerkleFrontier.empty());
      touched.add(minute);
      buckets.get(minute)?.append(leafHash(id));
    }
    for (const minute of touched) {
      const bucket = buckets.get(minute) as MerkleFrontier;
      this.#state.set(bucketKey(minute), encodeCanonical([bucket.size, bucket.root()]));
    }
    for (const minute of [...buckets.keys()]) {
      if ((minute + 1) * ledgerLimits.idBucketMs > this.#context.timestamp) continue;
      assert(!touched.has(minute), 'a transaction is executed within its window');
      buckets.delete(minute);
      this.#state.set(bucketKey(minute), undefined);
    }
    return buckets;
  }
}

export interface FinishedBlock {
  readonly roots: BlockRoots;
  /** The state after the block, once its hash is known. */
  readonly point: (block: {
    readonly hash: Uint8Array;
    readonly term: number;
    readonly configurationHash: Uint8Array;
  }) => ChainPoint;
}

/** Before the minute, in the keys of the executed ids' buckets. */
export const bucketKeyPrefix: StateKey = 'ledger/executed/';

/** Where the state keeps `[size, RFC 9162 root]` of the executed ids whose `validUntil` lies in this minute. */
export function bucketKey(minute: number): StateKey {
  return `${bucketKeyPrefix}${minute}`;
}
