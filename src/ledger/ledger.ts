import { AssentError, assert, present } from '../base/index.ts';
import { sha256Latin1 } from '../crypto/portable.ts';
import type { Operation, Store } from '../storage/index.ts';
import type { OpenedBlock } from './block.ts';
import type { Inadmissible } from './block-builder.ts';
import { BlockExecution } from './chain/block-execution.ts';
import { BlockSealing } from './chain/block-sealing.ts';
import { type CertifiedListener, Chain } from './chain/chain.ts';
import type { ChainContext } from './chain/context.ts';
import { RulesInForce } from './chain/rules-in-force.ts';
import { StoredChain } from './chain/stored-chain.ts';
import { commitOperations, readApplied } from './chain-store.ts';
import type { NodeConfiguration } from './configuration.ts';
import type { Genesis } from './genesis.ts';
import { hasHistoryNodes, historyBeginning, historyConsistency, historyPath } from './history.ts';
import type { Receipt } from './results.ts';
import type { ChainPoint } from './state/chain-point.ts';
import type { TreeParts } from './state/parts.ts';
import { isKnownAbsent, OpenedPages } from './state/tree-walk.ts';
import { holdsValue, type StoredTrees } from './stored-checks.ts';
import type { StreamOptions } from './streams.ts';
import type { ConfigurationStep, RecoveryContent, RuleExecutor, StateKey, StateView } from './types/execution.ts';
import type { SealInput, Sealing, SealPlace } from './types/sealing.ts';
import type { BlockVerdict, Execution } from './types/verdict.ts';
import type { VerifiedBlock } from './verified-block.ts';
import type { VerifiedTransaction } from './verified-transaction.ts';

/**
 * The chain of executed blocks: those that are committed, in the store, and those that are not, as overlays by hash.
 * Synchronous; what it wants written it gives as operations.
 */
export class Ledger {
  readonly genesis: Genesis;
  readonly #store: Store;
  readonly #checksReads: boolean;
  readonly #rules: RulesInForce;
  readonly #chain: Chain;
  readonly #stored: StoredChain;
  readonly #context: ChainContext;
  #parts: TreeParts;
  /** Whether the nodes of the history's tree go on from the applied block; else the next commit begins them. */
  #hasHistory: boolean;

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
    this.#store = store;
    this.#checksReads = checksReads;
    const { point, parts, pastFrom } = readApplied(store);
    this.#rules = new RulesInForce(executor);
    this.#chain = new Chain(point);
    this.#stored = new StoredChain(store, this.#chain, pastFrom);
    this.#context = { ledgerId: genesis.ledgerId, store, chain: this.#chain, rules: this.#rules };
    this.#parts = parts;
    this.#hasHistory = hasHistoryNodes(store, point.facts.height);
    this.#guard();
  }

  #guard(): void {
    const pages = new OpenedPages();
    if (!this.#checksReads) return;
    this.#chain.applied.committed.guard({
      isKnownAbsent: (key) => isKnownAbsent(this.#chain.applied.facts.tree, sha256Latin1(key)),
      isTrue: (key, value) => holdsValue(this.#store, this.storedTrees, key, value, pages),
    });
  }

  /** The trees with which what is in the store now may agree: a batch on its way may be there already. */
  get storedTrees(): StoredTrees {
    return { space: this.#chain.applied.committed.origin.space, newestFirst: this.#chain.committedTrees };
  }

  /**
   * Forgets all that is not durable and begins again with what the store holds by now: after a snapshot was installed.
   * Nothing may be on its way to the store. Throws `storage-damaged`.
   */
  reload(): void {
    const { point, parts, pastFrom } = readApplied(this.#store);
    this.#chain.beginAgain(point);
    this.#stored.beginAgain(pastFrom);
    this.#parts = parts;
    this.#hasHistory = hasHistoryNodes(this.#store, point.facts.height);
    this.#guard();
  }

  get ledgerId(): Uint8Array {
    return this.genesis.ledgerId;
  }

  /** The newest block whose effects are durable here: what reads are answered from that look into the store. */
  get applied(): ChainPoint['facts'] {
    return this.#chain.applied.facts;
  }

  /**
   * The first block that is kept: 1, the one whose snapshot this ledger began with, or the one above those that were
   * pruned.
   */
  get firstBlockHeight(): number {
    return this.#stored.firstBlockHeight;
  }

  /**
   * 0, or the block whose snapshot this ledger began with. Of that one there is the block only; receipts and index streams
   * are complete from the next on.
   */
  get originHeight(): number {
    return this.#stored.originHeight;
  }

  /** Whether this ledger began with its first block, and so has all index streams. */
  get isWhole(): boolean {
    return this.originHeight === 0;
  }

  /** Whether it has all receipts. */
  get hasAllReceipts(): boolean {
    return this.isWhole && this.prunedThrough === 0;
  }

  /** Blocks up to here were pruned, with their receipts and the past before them; 0 where none were. */
  get prunedThrough(): number {
    return this.#stored.prunedThrough;
  }

  /** Reads nothing of the blocks up to this height any more. That this is so is durable already. */
  prune(through: number): void {
    this.#stored.prune(through);
  }

  /** Height of the newest block that {@link commit} gave out; its batch may still be on its way to the disk. */
  get committedHeight(): number {
    return this.#chain.committed.facts.height;
  }

  /** The rules of the block that follows {@link applied}; those of that block itself where this program lacks them. */
  get executor(): RuleExecutor {
    return this.#rules.afterOrOf(this.#chain.applied);
  }

  /**
   * That this program has the rules of the block which follows an executed one, the applied one unless stated. Throws
   * `rule-set-missing`.
   */
  demandRulesAfter(hash: Uint8Array = this.applied.hash): void {
    this.#rules.demandAfter(this.#chain.at(hash));
  }

  /** State as of {@link applied}. */
  get state(): StateView {
    return this.#chain.applied;
  }

  /**
   * The newest block that is known to be final, its state, and the rules of the block that follows: a majority has synced
   * it, this node perhaps not yet. What is in the store beside the state (blocks, receipts, proofs) may not be there yet.
   */
  get certified(): { readonly facts: ChainPoint['facts']; readonly state: StateView; readonly executor: RuleExecutor } {
    const point = this.#chain.certified;
    return { facts: point.facts, state: point, executor: this.#rules.afterOrOf(point) };
  }

  get certifiedHeight(): number {
    return this.#chain.certified.facts.height;
  }

  /** Has one listener told of every change of {@link certified}, as soon as it can be read. */
  onCertified(listener: CertifiedListener): void {
    this.#chain.onCertified(listener);
  }

  /** A certificate covers this executed block, and with it all below it. */
  certify(hash: Uint8Array): void {
    this.#chain.certify(hash);
  }

  /**
   * The first block whose state can still be read: that of genesis, of the snapshot with which this ledger began, or of
   * the newest block that an earlier version wrote, which kept no past.
   */
  get pastFrom(): number {
    return this.#stored.pastFrom;
  }

  /**
   * A value of the state as it stood after the committed block at this height. Throws `history-not-kept`, or
   * `block-unknown` above {@link applied}.
   */
  valueAt(height: number, key: StateKey): ReturnType<StoredChain['valueAt']> {
    return this.#stored.valueAt(height, key);
  }

  /** Whether the block was executed here and can be built upon. */
  has(hash: Uint8Array): boolean {
    return this.#chain.find(hash) !== undefined;
  }

  /** The time of an executed block, milliseconds since the Unix epoch. */
  timestampOf(hash: Uint8Array): number | undefined {
    return this.#chain.find(hash)?.facts.timestamp;
  }

  /** Whether an open deadline lies after the block's time (protocol.md §4, "Time"). */
  awaitsDeadline(hash: Uint8Array): boolean {
    const point = this.#chain.find(hash);
    return point !== undefined && this.#rules.awaitsDeadline(point);
  }

  /** The change of the configuration that a child of this executed block can enact. Reads the state once a block. */
  pendingChange(hash: Uint8Array): ConfigurationStep | undefined {
    return this.#rules.pendingChange(this.#chain.at(hash));
  }

  /** The configuration in force after this block: the applied one, or an executed one that is not settled. */
  configurationOf(hash: Uint8Array): NodeConfiguration {
    return this.#rules.configurationOf(this.#chain.at(hash));
  }

  /**
   * Executes candidates on the parent until they end or the block is full, and leaves out what has no place. Where it is
   * done in slices, the parent has to be in this node's chain still whenever it goes on.
   */
  beginSeal(
    place: SealPlace,
    candidates: Iterable<VerifiedTransaction>,
    onLeftOut: (transaction: VerifiedTransaction, reason: Inadmissible) => void,
  ): Sealing {
    return new BlockSealing(this.#context, place, { candidates, onLeftOut });
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
    return new BlockExecution(this.#context, block, { enactsChange, recovery });
  }

  /** Forgets a block that left the chain. */
  discard(hash: Uint8Array): void {
    this.#chain.discard(hash);
  }

  /** The results of an executed block that is not settled. */
  receiptsOf(hash: Uint8Array): readonly Receipt[] {
    return this.#chain.at(hash).changes.receipts;
  }

  /** The batch that commits this block: the child of the one committed before. */
  commit(hash: Uint8Array): { readonly operations: Operation[]; readonly receipts: readonly Receipt[] } {
    const point = this.#chain.commit(hash);
    const operations = commitOperations(point, this.#parts, this.pastFrom);
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
    this.#parts.settle(this.#chain.settle(hash).facts.tree);
  }

  /** Receipts that turned out damaged are not answered until they are repaired. Bounded by who finds them. */
  withhold(ids: readonly Uint8Array[]): void {
    this.#stored.withhold(ids);
  }

  /** They are whole again. */
  release(ids: readonly Uint8Array[]): void {
    this.#stored.release(ids);
  }

  /** Where a transaction stands and what it came to; undefined also where that is history that this ledger does not have. */
  receipt(id: Uint8Array): Receipt | undefined {
    return this.#stored.receipt(id);
  }

  /** The same of a transaction at hand: for a new one, without a look at the store. */
  receiptOf(transaction: VerifiedTransaction): Receipt | undefined {
    return this.#chain.receiptOf(transaction);
  }

  /** Whether it was executed in a durable block, also where its receipt is history that this ledger does not have. */
  hasExecuted(transaction: VerifiedTransaction): boolean {
    return this.#chain.hasExecuted(transaction);
  }

  /** A committed block; undefined below {@link firstBlockHeight}. Throws `storage-damaged`. */
  block(height: number): OpenedBlock | undefined {
    return this.#stored.block(height);
  }

  blockByHash(hash: Uint8Array): OpenedBlock | undefined {
    return this.#stored.blockByHash(hash);
  }

  /**
   * What stands under the key after the newest committed block, or that nothing does, proved in that block's `stateRoot`.
   * The block's batch may still be on its way to the disk: only in this tree no page is about to be replaced. Throws
   * `storage-damaged`.
   */
  prove(key: StateKey): ReturnType<StoredChain['prove']> {
    return this.#stored.prove(key);
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
  stream(name: string, options: StreamOptions): ReturnType<StoredChain['stream']> {
    return this.#stored.stream(name, options);
  }
}
