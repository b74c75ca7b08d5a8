import { AssentError, assert, equalBytes, latin1Bytes, present, toHex } from '../base/index.ts';
import { leafHash, MerkleFrontier, merkleRoot, type Signer, sha256, sha256Latin1 } from '../crypto/portable.ts';
import type { Operation, Store } from '../storage/index.ts';
import { encodeBlock, type OpenedBlock } from './block.ts';
import { BlockBuilder, type BlockRoots, type Inadmissible } from './block-builder.ts';
import { commitOperations, hasApplied, heightOfBlock, readApplied, readBlock } from './chain-store.ts';
import { type NodeConfiguration, nodeConfiguration } from './configuration.ts';
import type { Genesis } from './genesis.ts';
import { type BlockHeader, encodeHeader, headerHash, headerMessage } from './header.ts';
import { hasHistoryNodes, historyBeginning, historyConsistency, historyPath } from './history.ts';
import { pastValueAt } from './past/past-value.ts';
import { readPruned } from './pruning/pruned.ts';
import type { Receipt } from './results.ts';
import { ChainPoint } from './state/chain-point.ts';
import { type Child, hashOf } from './state/nodes.ts';
import { pageReader, TreeParts } from './state/parts.ts';
import { proveState } from './state/prove.ts';
import { readReceipt } from './state/receipts.ts';
import { StateCache } from './state/state-cache.ts';
import { genesisOrigin } from './state/state-space.ts';
import { TransactionState } from './state/transaction-state.ts';
import { treeChanges, updateTree } from './state/tree.ts';
import { isKnownAbsent, OpenedPages } from './state/tree-walk.ts';
import type { StateProof } from './state-proof.ts';
import { holdsValue, type StoredTrees } from './stored-checks.ts';
import { readStream, type StreamOptions } from './streams.ts';
import type { ConfigurationStep, RecoveryContent, RuleExecutor, StateKey, StateView } from './types/execution.ts';
import type { VerifiedBlock } from './verified-block.ts';
import type { VerifiedTransaction } from './verified-transaction.ts';

/** Where a leader's block stands. */
export interface SealPlace {
  readonly parentHash: Uint8Array;
  /** Milliseconds since the Unix epoch, above the parent's. */
  readonly timestamp: number;
}

export interface SealInput {
  readonly term: number;
  /** Whether the block enacts the first change of the configuration that waits once its transactions ran. */
  readonly enactsChange: boolean;
  /** Of the first block after a recovery, instead: the nodes that it founds. */
  readonly recovery?: RecoveryContent;
  /** Bytes of the justification; of a block that enacts a change they depend on the configuration in force after it. */
  readonly justification: (configuration: NodeConfiguration | undefined) => Uint8Array;
}

/** A block that is executed and not yet signed: consensus accepts its reference first (protocol.md §4). */
export interface Draft {
  readonly header: BlockHeader;
  readonly hash: Uint8Array;
  readonly transactions: readonly VerifiedTransaction[];
  /** The new configuration, in force after this block; undefined when the block enacts no change. */
  readonly configuration: NodeConfiguration | undefined;
  /** Signs the header and gives the block as it travels. */
  sign(signer: Signer): OpenedBlock;
}

/** Whether another transaction may be executed before others have their turn on this thread. */
export type MayGoOn = () => boolean;

/** A leader's block that is being executed. It is no part of the ledger until it is finished and accepted. */
export interface Sealing {
  /** Executed so far. */
  readonly transactions: readonly VerifiedTransaction[];
  /** Executes one candidate at least, and as many as it may. False while there are more. */
  step(mayGoOn: MayGoOn): boolean;
  /** What is executed becomes a block. */
  finish(input: SealInput, proposer: Uint8Array): { draft: Draft; accept: () => void };
}

/** A received block that is being executed. It is no part of the ledger until its verdict is good. */
export interface Execution {
  /** Executes one transaction at least, and as many as it may. Undefined while there is more to do. */
  step(mayGoOn: MayGoOn): BlockVerdict | undefined;
}

/** Why a follower refuses a block: stable names, used in refusals, logs and metrics. */
export type BlockRefusal =
  | Inadmissible
  | 'ledger'
  | 'parent-unknown'
  | 'height'
  | 'term'
  | 'timestamp'
  | 'rule-set-missing'
  | 'results-root'
  | 'state-root'
  | 'history-root'
  | 'configuration';

export type BlockVerdict = { readonly ok: true } | { readonly ok: false; readonly reason: BlockRefusal };

/** Whether the genesis batch is in the store. */
export function isBegun(store: Store): boolean {
  return hasApplied(store);
}

/** The first batch of an empty store: the state that the genesis declares, as point 0. */
export function genesisOperations(store: Store, genesis: Genesis, executor: RuleExecutor): Operation[] {
  assert(!isBegun(store), 'genesis is applied to an empty store');
  const state = new TransactionState(() => undefined);
  executor.initialise(genesis.content, state);
  assert(
    equalBytes(configurationIn(executor, state).hash, genesis.configuration.hash),
    'the rules keep the configuration that the genesis declares',
  );
  const tree = updateTree(undefined, treeChanges(state.changes), () => undefined);
  const historyBefore = MerkleFrontier.empty();
  const history = historyBefore.clone();
  history.append(leafHash(genesis.ledgerId));
  const facts = {
    height: 0,
    term: 0,
    hash: genesis.ledgerId,
    timestamp: genesis.content.createdAt,
    configurationHash: genesis.configuration.hash,
    tree: tree.root,
    stateRoot: latin1Bytes(hashOf(tree.root)),
    history,
    historyBefore,
    idBuckets: new Map(),
  };
  const cache = new StateCache(store, genesisOrigin, Number.NEGATIVE_INFINITY);
  const nothing = new ChainPoint(cache, { ...facts, tree: undefined });
  const point = new ChainPoint(cache, facts, {
    parent: nothing,
    changes: { state: state.changes, tree, receipts: [], resultBytes: [], streams: [], ids: new Set() },
  });
  return commitOperations(point, TreeParts.empty(genesisOrigin.space), 0);
}

/**
 * The chain of executed blocks: those that are committed, in the store, and those that are not, as overlays by hash.
 * Synchronous; what it wants written it gives as operations.
 */
export class Ledger {
  readonly genesis: Genesis;
  /** Of genesis. */
  readonly #rules: RuleExecutor;
  /** Asked for with every transaction that comes in, and with every decision. */
  readonly #executors = new WeakMap<ChainPoint, RuleExecutor>();
  readonly #store: Store;
  readonly #checksReads: boolean;
  readonly #points = new Map<string, ChainPoint>();
  readonly #withheld = new Set<string>();
  #parts: TreeParts;
  #pastFrom: number;
  /** Whether the nodes of the history's tree go on from the applied block; else the next commit begins them. */
  #hasHistory: boolean;
  #prunedThrough: number;
  #applied: ChainPoint;
  /** A leader asks at every turn what may wait for its next block. */
  #pending: { readonly point: ChainPoint; readonly change: ConfigurationStep | undefined } | undefined;
  /** The newest committed point; ahead of `#applied` while its batch is being written. */
  #committed: ChainPoint;
  /** The newest point that a certificate covers; ahead of `#committed` while the block itself is being written. */
  #certified: ChainPoint;

  /**
   * Opens what {@link genesisOperations} began. `checksReads`: whether values that come from the store are held against
   * the state tree; not where nobody else could have changed it. Throws `storage-damaged`, or `genesis-invalid` for
   * another rule set.
   */
  constructor(
    store: Store,
    genesis: Genesis,
    executor: RuleExecutor,
    { checksReads = true }: { readonly checksReads?: boolean } = {},
  ) {
    if (executor.ruleSet !== genesis.content.ruleSet) {
      throw new AssentError(
        'genesis-invalid',
        `the ledger runs under the rule set ${genesis.content.ruleSet}; this version has ${executor.ruleSet}`,
      );
    }
    this.genesis = genesis;
    this.#checksReads = checksReads;
    this.#rules = executor;
    this.#store = store;
    const { point, parts, pastFrom } = readApplied(store);
    this.#applied = point;
    this.#parts = parts;
    this.#hasHistory = hasHistoryNodes(store, point.facts.height);
    this.#prunedThrough = readPruned(store).through;
    this.#pastFrom = Math.max(pastFrom, this.#prunedThrough);
    this.#committed = this.#applied;
    this.#certified = this.#applied;
    this.#points.set(toHex(this.#applied.facts.hash), this.#applied);
    this.#guard();
  }

  #guard(): void {
    const pages = new OpenedPages();
    if (!this.#checksReads) return;
    this.#applied.committed.guard({
      isKnownAbsent: (key) => isKnownAbsent(this.#applied.facts.tree, sha256Latin1(key)),
      isTrue: (key, value) => holdsValue(this.#store, this.storedTrees, key, value, pages),
    });
  }

  /** The trees with which what is in the store now may agree: a batch on its way may be there already. */
  get storedTrees(): StoredTrees {
    const newestFirst: Child[] = [];
    for (let point: ChainPoint | undefined = this.#committed; point !== undefined; point = point.parent) {
      newestFirst.push(point.facts.tree);
      if (point === this.#applied) break;
    }
    return { space: this.#applied.committed.origin.space, newestFirst };
  }

  /**
   * Forgets all that is not durable and begins again with what the store holds by now: after a snapshot was installed.
   * Nothing may be on its way to the store. Throws `storage-damaged`.
   */
  reload(): void {
    const { point, parts, pastFrom } = readApplied(this.#store);
    this.#applied = point;
    this.#parts = parts;
    this.#hasHistory = hasHistoryNodes(this.#store, point.facts.height);
    this.#prunedThrough = readPruned(this.#store).through;
    this.#pastFrom = Math.max(pastFrom, this.#prunedThrough);
    this.#committed = point;
    this.#certified = point;
    this.#points.clear();
    this.#points.set(toHex(point.facts.hash), point);
    this.#guard();
  }

  get ledgerId(): Uint8Array {
    return this.genesis.ledgerId;
  }

  /** The newest block whose effects are durable here: what reads are answered from that look into the store. */
  get applied(): ChainPoint['facts'] {
    return this.#applied.facts;
  }

  /**
   * The first block that is kept: 1, the one whose snapshot this ledger began with, or the one above those that were
   * pruned.
   */
  get firstBlockHeight(): number {
    return Math.max(1, this.originHeight, this.#prunedThrough + 1);
  }

  /**
   * 0, or the block whose snapshot this ledger began with. Of that one there is the block only; receipts and index streams
   * are complete from the next on.
   */
  get originHeight(): number {
    return this.#applied.committed.origin.height;
  }

  /** Whether this ledger began with its first block, and so has all index streams. */
  get isWhole(): boolean {
    return this.originHeight === 0;
  }

  /** Whether it has all receipts. */
  get hasAllReceipts(): boolean {
    return this.isWhole && this.#prunedThrough === 0;
  }

  /** Blocks up to here were pruned, with their receipts and the past before them; 0 where none were. */
  get prunedThrough(): number {
    return this.#prunedThrough;
  }

  /** Reads nothing of the blocks up to this height any more. That this is so is durable already. */
  prune(through: number): void {
    assert(through < this.#applied.facts.height, 'the newest block is kept');
    this.#prunedThrough = Math.max(this.#prunedThrough, through);
    this.#pastFrom = Math.max(this.#pastFrom, through);
  }

  /** Height of the newest block that {@link commit} gave out; its batch may still be on its way to the disk. */
  get committedHeight(): number {
    return this.#committed.facts.height;
  }

  /** The rules of the block that follows {@link applied}; those of that block itself where this program lacks them. */
  get executor(): RuleExecutor {
    return this.#executorAt(this.#applied);
  }

  #executorAt(point: ChainPoint): RuleExecutor {
    let executor = this.#executors.get(point);
    if (executor === undefined) {
      executor = this.#rulesAfter(point) ?? this.#rulesOf(point);
      this.#executors.set(point, executor);
    }
    return executor;
  }

  /** The rules under which the block ran. */
  #rulesOf(point: ChainPoint): RuleExecutor {
    const { versions } = this.#rules;
    return versions?.get(versions.nameAt(point, point.facts.height)) ?? this.#rules;
  }

  /** The rules of the block that follows. */
  #rulesAfter(point: ChainPoint): RuleExecutor | undefined {
    const { versions } = this.#rules;
    return versions === undefined ? this.#rules : versions.get(versions.nameAt(point, point.facts.height + 1));
  }

  /**
   * That this program has the rules of the block which follows an executed one, the applied one unless stated. Throws
   * `rule-set-missing`.
   */
  demandRulesAfter(hash: Uint8Array = this.applied.hash): void {
    const point = this.#pointOf(hash);
    if (this.#rulesAfter(point) !== undefined) return;
    const height = point.facts.height + 1;
    const name = this.#rules.versions?.nameAt(point, height) ?? '';
    throw new AssentError(
      'rule-set-missing',
      `Block ${height} runs under the rules ${name}, which this program does not have: the node stops before that block.`,
      { height, ruleSet: name },
    );
  }

  /** State as of {@link applied}. */
  get state(): StateView {
    return this.#applied;
  }

  /**
   * The newest block that is known to be final, its state, and the rules of the block that follows: a majority has synced
   * it, this node perhaps not yet. What is in the store beside the state (blocks, receipts, proofs) may not be there yet.
   */
  get certified(): { readonly facts: ChainPoint['facts']; readonly state: StateView; readonly executor: RuleExecutor } {
    const point = this.#certified;
    return { facts: point.facts, state: point, executor: this.#executorAt(point) };
  }

  get certifiedHeight(): number {
    return this.#certified.facts.height;
  }

  /** A certificate covers this executed block, and with it all below it. */
  certify(hash: Uint8Array): void {
    const point = this.#pointOf(hash);
    assert(point.facts.height >= this.#certified.facts.height, 'what is certified stays');
    this.#certified = point;
  }

  /**
   * The first block whose state can still be read: that of genesis, of the snapshot with which this ledger began, or of
   * the newest block that an earlier version wrote, which kept no past.
   */
  get pastFrom(): number {
    return this.#pastFrom;
  }

  /**
   * A value of the state as it stood after the committed block at this height. Throws `history-not-kept`, or
   * `block-unknown` above {@link applied}.
   */
  valueAt(height: number, key: StateKey): ReturnType<typeof pastValueAt> {
    return pastValueAt(this.#store, () => ({ applied: this.#applied, pastFrom: this.#pastFrom }), height, key);
  }

  /** Whether the block was executed here and can be built upon. */
  has(hash: Uint8Array): boolean {
    return this.#points.has(toHex(hash));
  }

  /** The time of an executed block, milliseconds since the Unix epoch. */
  timestampOf(hash: Uint8Array): number | undefined {
    return this.#points.get(toHex(hash))?.facts.timestamp;
  }

  /** Whether an open deadline lies after the block's time (protocol.md §4, "Time"). */
  awaitsDeadline(hash: Uint8Array): boolean {
    const point = this.#points.get(toHex(hash));
    const deadline = point === undefined ? undefined : this.#rulesOf(point).latestDeadline(point);
    return point !== undefined && deadline !== undefined && deadline >= point.facts.timestamp;
  }

  /** The change of the configuration that a child of this executed block can enact. Reads the state once a block. */
  pendingChange(hash: Uint8Array): ConfigurationStep | undefined {
    const point = this.#pointOf(hash);
    if (this.#pending?.point !== point) this.#pending = { point, change: this.#rulesOf(point).nextChange(point) };
    return this.#pending.change;
  }

  /** The configuration in force after this block: the applied one, or an executed one that is not settled. */
  configurationOf(hash: Uint8Array): NodeConfiguration {
    const point = this.#pointOf(hash);
    return configurationIn(this.#rulesOf(point), point);
  }

  #pointOf(hash: Uint8Array): ChainPoint {
    return present(this.#points.get(toHex(hash)), 'a block is executed before its state is asked for');
  }

  /**
   * Executes candidates on the parent until they end or the block is full, and leaves out what has no place. Where it is
   * done in slices, the parent has to be in this node's chain still whenever it goes on.
   */
  beginSeal(
    { parentHash, timestamp }: SealPlace,
    candidates: Iterable<VerifiedTransaction>,
    onLeftOut: (transaction: VerifiedTransaction, reason: Inadmissible) => void,
  ): Sealing {
    const parent = present(this.#points.get(toHex(parentHash)), 'a leader seals on a block it executed');
    const height = parent.facts.height + 1;
    const rules = present(this.#rulesAfter(parent), 'a leader seals under rules that it has');
    const builder = new BlockBuilder(this.#store, rules, parent, {
      ledgerId: this.ledgerId,
      height,
      timestamp,
    });
    const waiting = candidates[Symbol.iterator]();
    return {
      transactions: builder.transactions,
      step: (mayGoOn) => {
        for (let next = waiting.next(); next.done !== true; next = waiting.next()) {
          const reason = builder.add(next.value);
          if (reason !== undefined) onLeftOut(next.value, reason);
          if (reason === 'block-full') return true;
          if (!mayGoOn()) return false;
        }
        return true;
      },
      finish: (input, proposer) => this.#draft(builder, parent, { ...input, timestamp }, proposer),
    };
  }

  /** {@link beginSeal} in one go. */
  seal(
    { parentHash, timestamp, ...input }: SealPlace & SealInput,
    proposer: Uint8Array,
    candidates: Iterable<VerifiedTransaction>,
    onLeftOut: (transaction: VerifiedTransaction, reason: Inadmissible) => void,
  ): ReturnType<Sealing['finish']> {
    const sealing = this.beginSeal({ parentHash, timestamp }, candidates, onLeftOut);
    const isWhole = sealing.step(() => true);
    assert(isWhole, 'nothing else had its turn');
    return sealing.finish(input, proposer);
  }

  #draft(
    builder: BlockBuilder,
    parent: ChainPoint,
    input: SealInput & { readonly timestamp: number },
    proposer: Uint8Array,
  ): { draft: Draft; accept: () => void } {
    const configuration = changeOf(builder, input);
    assert(
      configuration !== undefined || (!input.enactsChange && input.recovery === undefined),
      'a leader enacts what waits, and a recovery that the nodes accepted',
    );
    const configurationHash = configuration?.hash ?? parent.facts.configurationHash;
    const justification = input.justification(configuration);
    const { roots, point } = builder.finish();
    const { transactions } = builder;
    const header: BlockHeader = {
      ledgerId: this.ledgerId,
      height: parent.facts.height + 1,
      term: input.term,
      parentHash: parent.facts.hash,
      timestamp: input.timestamp,
      proposer,
      transactionsRoot: merkleRoot(transactions.map((transaction) => transaction.leaf)),
      transactionCount: transactions.length,
      ...roots,
      configurationHash,
      justificationHash: sha256(justification),
    };
    const headerBytes = encodeHeader(header);
    const hash = headerHash(headerBytes);
    const hashHex = toHex(hash);
    const draft: Draft = {
      header,
      hash,
      transactions,
      configuration,
      sign: (signer) => {
        const headerSignature = signer.sign(headerMessage(this.ledgerId, headerBytes));
        const transactionBytes = transactions.map((transaction) => transaction.bytes);
        const bytes = encodeBlock({ headerBytes, headerSignature, justification, transactions: transactionBytes });
        return { bytes, headerBytes, headerSignature, header, hash, hashHex, justification, transactionBytes };
      },
    };
    const sealed = point({ hash, term: input.term, configurationHash });
    return { draft, accept: () => this.#points.set(hashHex, sealed) };
  }

  /** {@link beginExecution} in one go. */
  execute(block: VerifiedBlock, enactsChange: boolean, recovery?: RecoveryContent): BlockVerdict {
    const verdict = this.beginExecution(block, enactsChange, recovery).step(() => true);
    return present(verdict, 'nothing else had its turn');
  }

  /**
   * Executes a received block on its parent and compares every root. Refuses, with the reason, what it cannot reproduce.
   * `enactsChange`: whether the block's justification says that it enacts a change of the configuration; `recovery`: the
   * nodes that it founds, where it says that instead.
   */
  beginExecution(block: VerifiedBlock, enactsChange: boolean, recovery?: RecoveryContent): Execution {
    let builder: BlockBuilder | undefined;
    let next = 0;
    return {
      step: (mayGoOn) => {
        // What it stands on may have left the chain since the last step.
        const opening = this.#openBlock(block, enactsChange, recovery);
        if (!(opening instanceof ChainPoint)) return opening;
        builder ??= this.#builderOn(opening, block);
        if (builder === undefined) return refuse('rule-set-missing');
        const { transactions } = block;
        for (let isFirst = true; next < transactions.length; isFirst = false) {
          if (!isFirst && !mayGoOn()) return undefined;
          const reason = builder.add(present(transactions[next], 'one of the block'));
          if (reason !== undefined) return refuse(reason);
          next += 1;
          // The roots take as long as some transactions do.
          if (next === transactions.length && !mayGoOn()) return undefined;
        }
        return this.#judge(builder, opening, block, { enactsChange, recovery });
      },
    };
  }

  /** The point that the block stands on, or the verdict that is clear already. */
  #openBlock(
    block: VerifiedBlock,
    enactsChange: boolean,
    recovery: RecoveryContent | undefined,
  ): ChainPoint | BlockVerdict {
    const { header, hashHex } = block.received;
    if (this.#points.has(hashHex)) return { ok: true };
    const parent = this.#points.get(toHex(header.parentHash));
    if (parent === undefined) return refuse('parent-unknown');
    if (!equalBytes(header.ledgerId, this.ledgerId)) return refuse('ledger');
    if (header.height !== parent.facts.height + 1) return refuse('height');
    if (header.term < parent.facts.term) return refuse('term');
    if (header.timestamp <= parent.facts.timestamp) return refuse('timestamp');
    const isUnchanged = equalBytes(header.configurationHash, parent.facts.configurationHash);
    if (!enactsChange && recovery === undefined && !isUnchanged) return refuse('configuration');
    return parent;
  }

  #builderOn(parent: ChainPoint, { received: { header } }: VerifiedBlock): BlockBuilder | undefined {
    const rules = this.#rulesAfter(parent);
    const { ledgerId } = this;
    const { height, timestamp } = header;
    return rules && new BlockBuilder(this.#store, rules, parent, { ledgerId, height, timestamp });
  }

  /** Holds what came of the block against its header. */
  #judge(
    builder: BlockBuilder,
    parent: ChainPoint,
    block: VerifiedBlock,
    { enactsChange, recovery }: { readonly enactsChange: boolean; readonly recovery: RecoveryContent | undefined },
  ): BlockVerdict {
    const { header, hash, hashHex } = block.received;
    const { term, configurationHash } = header;
    const isUnchanged = equalBytes(configurationHash, parent.facts.configurationHash);
    const change = { enactsChange, ...(recovery !== undefined && { recovery }) };
    const after = changeOf(builder, change)?.hash ?? (isUnchanged && !enactsChange ? configurationHash : nothing);
    if (!equalBytes(after, configurationHash)) return refuse('configuration');
    const { roots, point } = builder.finish();
    const difference = firstDifference(roots, header);
    if (difference !== undefined) return refuse(difference);
    this.#points.set(hashHex, point({ hash, term, configurationHash }));
    return { ok: true };
  }

  /** Forgets a block that left the chain. */
  discard(hash: Uint8Array): void {
    const point = this.#points.get(toHex(hash));
    if (point === undefined) return;
    for (let kept: ChainPoint | undefined = this.#certified; kept !== undefined; kept = kept.parent)
      assert(point !== kept, 'a certified block never leaves the chain');
    this.#points.delete(toHex(hash));
  }

  /** The results of an executed block that is not settled. */
  receiptsOf(hash: Uint8Array): readonly Receipt[] {
    return present(this.#points.get(toHex(hash)), 'a block is executed before it is committed').changes.receipts;
  }

  /** The batch that commits this block: the child of the one committed before. */
  commit(hash: Uint8Array): { readonly operations: Operation[]; readonly receipts: readonly Receipt[] } {
    const point = present(this.#points.get(toHex(hash)), 'a block is executed before it is committed');
    assert(point.facts.height === this.#committed.facts.height + 1, 'blocks are committed one after another');
    assert(point.parent === this.#committed, 'a committed block extends the committed chain');
    this.#committed = point;
    if (point.facts.height > this.#certified.facts.height) this.#certified = point;
    const operations = commitOperations(point, this.#parts, this.#pastFrom);
    if (!this.#hasHistory) {
      const before = present(point.facts.historyBefore, 'a block that is written now knows the history before it');
      const isLacking = ({ key }: Operation): boolean => this.#store.get(key) === undefined;
      operations.push(...historyBeginning(before).filter(isLacking));
      this.#hasHistory = true;
    }
    return { operations, receipts: point.changes.receipts };
  }

  /** The commit's batch is durable: reads see it from now on. */
  settle(hash: Uint8Array): void {
    const point = present(this.#points.get(toHex(hash)), 'a block is committed before it is settled');
    assert(point.facts.height === this.#applied.facts.height + 1, 'blocks settle one after another');
    this.#applied = point;
    // Nothing can be built on the block before, nor on the branches that this one won over.
    for (const [key, other] of this.#points)
      if (other !== point && other.facts.height <= point.facts.height) this.#points.delete(key);
    point.settle();
    this.#parts.settle(point.facts.tree);
  }

  /** Receipts that turned out damaged are not answered until they are repaired. Bounded by who finds them. */
  withhold(ids: readonly Uint8Array[]): void {
    for (const id of ids) this.#withheld.add(toHex(id));
  }

  /** They are whole again. */
  release(ids: readonly Uint8Array[]): void {
    for (const id of ids) this.#withheld.delete(toHex(id));
  }

  /** Where a transaction stands and what it came to; undefined also where that is history that this ledger does not have. */
  receipt(id: Uint8Array): Receipt | undefined {
    if (this.#withheld.size > 0 && this.#withheld.has(toHex(id)))
      throw new AssentError(
        'storage-damaged',
        'the stored receipt of this transaction is damaged, and is being repaired',
      );
    const receipt = readReceipt(this.#store, id);
    // What is being pruned is gone for every reader at once.
    return receipt !== undefined && receipt.height <= this.#prunedThrough ? undefined : receipt;
  }

  /** The same of a transaction at hand: for a new one, without a look at the store. */
  receiptOf(transaction: VerifiedTransaction): Receipt | undefined {
    return this.#applied.committed.receipt(transaction);
  }

  /** Whether it was executed in a durable block, also where its receipt is history that this ledger does not have. */
  hasExecuted(transaction: VerifiedTransaction): boolean {
    return this.#applied.committed.hasExecuted(transaction);
  }

  /** A committed block; undefined below {@link firstBlockHeight}. Throws `storage-damaged`. */
  block(height: number): OpenedBlock | undefined {
    const isKept = height >= this.firstBlockHeight && height <= this.#applied.facts.height;
    const block = isKept ? readBlock(this.#store, height) : undefined;
    // Its place was recorded with its effects: another block, however well formed, has none.
    if (block !== undefined && heightOfBlock(this.#store, block.hash) !== height)
      throw new AssentError('storage-damaged', `the stored block ${height} is not the one of the chain`, { height });
    return block;
  }

  blockByHash(hash: Uint8Array): OpenedBlock | undefined {
    const height = heightOfBlock(this.#store, hash);
    return height === undefined ? undefined : this.block(height);
  }

  /**
   * What stands under the key after the newest committed block, or that nothing does, proved in that block's `stateRoot`.
   * The block's batch may still be on its way to the disk: only in this tree no page is about to be replaced. Throws
   * `storage-damaged`.
   */
  prove(key: StateKey): {
    readonly height: number;
    readonly value: Uint8Array | undefined;
    readonly proof: StateProof;
  } {
    const { facts, committed } = this.#committed;
    const proof = proveState(facts.tree, key, pageReader(this.#store, committed.origin.space));
    return { height: facts.height, value: this.#committed.get(key), proof };
  }

  /**
   * The path of a block's hash in the `historyRoot` of a later one, which is at most one above {@link applied}. Throws
   * `history-not-kept`.
   */
  historyPath(height: number, above: number): Uint8Array[] {
    return historyPath(this.#store, height, above);
  }

  /** The RFC 9162 proof that one block's history is the beginning of another's. Throws as {@link historyPath}. */
  historyConsistency(older: number, newer: number): Uint8Array[] {
    return historyConsistency(this.#store, older, newer);
  }

  /** Entries of an index stream after the cursor, oldest first, or newest first before it. At most `limit`. */
  stream(name: string, options: StreamOptions): ReturnType<typeof readStream> {
    return readStream(this.#store, name, this.#applied.committed.origin, options);
  }
}

const nothing = new Uint8Array();

/** The configuration that the block founds or enacts after its transactions, if it does and may. */
function changeOf(
  builder: BlockBuilder,
  { enactsChange, recovery }: Pick<SealInput, 'enactsChange' | 'recovery'>,
): NodeConfiguration | undefined {
  if (recovery !== undefined) return builder.refound(recovery);
  return enactsChange ? builder.enact() : undefined;
}

function configurationIn(executor: RuleExecutor, state: StateView): NodeConfiguration {
  const { generation, nodes } = executor.configuration(state);
  return nodeConfiguration(generation, nodes);
}

function firstDifference(roots: BlockRoots, header: BlockHeader): BlockRefusal | undefined {
  if (!equalBytes(roots.resultsRoot, header.resultsRoot)) return 'results-root';
  if (!equalBytes(roots.stateRoot, header.stateRoot)) return 'state-root';
  if (!equalBytes(roots.historyRoot, header.historyRoot)) return 'history-root';
  return undefined;
}

function refuse(reason: BlockRefusal): BlockVerdict {
  return { ok: false, reason };
}
