import { AssentError, assert, equalBytes, present, toHex } from '../../base/index.ts';
import type { Justification } from '../../consensus/index.ts';
import { verifySignature } from '../../crypto/index.ts';
import {
  decodeTransactions,
  type Genesis,
  type OpenedBlock,
  openBlock,
  type ReceivedBlock,
  type UnverifiedTransaction,
  VerifiedBlock,
  VerifiedTransaction,
} from '../../ledger/index.ts';
import type { DataDirectory } from '../../storage/index.ts';
import { createExecutor } from '../rules.ts';
import type { SignedMessage } from '../threads/verify-thread.ts';
import { AssumedSignatures } from './assumed-signatures.ts';
import { type ChainPlace, ChainRules } from './chain-rules.ts';
import { type ChainChange, checkConsensusRecords } from './consensus-records.ts';
import { ledgerFault, readOrFault, storedFault } from './fault.ts';
import { forgedFault, type OnCommit, ReExecution } from './re-execution.ts';
import { groupSignatures, SignaturePool } from './signatures.ts';
import type { BlockSource, SourceBlock } from './source.ts';
import { type AuditStart, demandReach, openStart, type Since, type SinceVerdict, sinceVerdict } from './start.ts';
import { damageAsFault, StoredContent } from './stored.ts';

/** Blocks, and signatures in them, that are read ahead of the one that is executed. */
const aheadBlocksMax = 512;
const aheadSignaturesMax = 8192;

export interface AuditOptions {
  readonly genesis: Genesis;
  readonly source: BlockSource;
  /** A stopped node's directory, whose other content is verified, too. */
  readonly directory?: DataDirectory;
  /** What to begin with; the genesis unless given. */
  readonly since?: Since;
  readonly onProgress?: (progress: AuditProgress) => void;
  /**
   * Of the blocks, the share whose transactions' signatures are checked, from 0 to 1; all unless given. Which blocks these
   * are follows from their hashes. All else is checked of every block.
   */
  readonly sample?: number;
  /** Threads for signatures; as many as the machine has cores unless given. */
  readonly threads?: number;
}

export interface AuditProgress {
  readonly height: number;
  readonly heightMax: number;
  readonly transactions: number;
}

/** What was verified, and with what end. */
export interface AuditVerdict {
  readonly ledgerId: string;
  readonly source: string;
  readonly height: number;
  readonly headHash: string;
  /** Time of the newest block, milliseconds since the Unix epoch. */
  readonly timestamp: number;
  readonly stateRoot: string;
  /** A majority certified the blocks up to here. */
  readonly certifiedHeight: number;
  /** Those that were executed. */
  readonly transactions: number;
  /** Of these, as many had their signatures checked as senders. */
  readonly signaturesChecked: number;
  /** Blocks whose header's signature the source does not have: who sealed them was not checked. */
  readonly unsignedHeaders: number;
  /** Changes of the configuration. */
  readonly configurationChanges: number;
  /** Of a verification that did not begin with the genesis. */
  readonly since?: SinceVerdict;
  /** Of a directory: how many entries beside the blocks are what the blocks come to. */
  readonly storedEntries?: number;
  /** Of a directory: the newest block whose effects the node had applied. */
  readonly appliedHeight?: number;
}

interface Ahead {
  readonly block: ReceivedBlock;
  readonly justification: Justification;
  readonly verified: Promise<readonly VerifiedTransaction[]>;
}

/**
 * Verifies a whole ledger from its genesis, or what came after a checkpoint: form, hashes and links of every block, who sealed and who certified it, every
 * signature under the key that was current at its place, and the execution of every transaction with all the roots that
 * come of it. Of a directory also all that a node keeps beside the blocks. Throws `verification-failed` for the first
 * block that is wrong, with what is wrong.
 */
export async function auditLedger(options: AuditOptions): Promise<AuditVerdict> {
  const start = options.since && (await openStart(options.since, options.genesis));
  return new Audit(options, start).run();
}

class Audit {
  readonly #options: AuditOptions;
  readonly #start: AuditStart | undefined;
  readonly #rules: ChainRules;
  readonly #changes: ChainChange[];
  #unsignedHeaders = 0;
  #signaturesChecked = 0;
  #execution: ReExecution | undefined;
  #stored: StoredContent | undefined;
  #pool: SignaturePool | undefined;
  /** By block, in their order. */
  readonly #assumed: { readonly height: number; readonly count: number; readonly areValid: Promise<boolean> }[] = [];
  #assumedCount = 0;

  constructor(options: AuditOptions, start: AuditStart | undefined) {
    this.#options = options;
    this.#start = start;
    this.#changes = [...(start?.changes ?? [])];
    this.#rules = new ChainRules(options.genesis, verifySignature, (height) => this.#checkedPlace(height), start);
  }

  async run(): Promise<AuditVerdict> {
    const { genesis, directory, source, threads } = this.#options;
    const start = this.#start;
    if (start !== undefined) demandReach(start, source);
    else if (source.firstHeight !== 1)
      throw new AssentError(
        'history-not-kept',
        `${source.name} has its blocks from ${source.firstHeight} on: it cannot be verified from genesis.`,
        { firstBlockHeight: source.firstHeight },
      );
    try {
      if (directory !== undefined)
        this.#stored = await damageAsFault('tree', () => StoredContent.open(directory.store, this.#executedAbove));
      const stored = this.#stored;
      if (start !== undefined && stored !== undefined) demandReach(start, { ...source, height: stored.summary.height });
      const take: OnCommit | undefined = stored && ((height, operations) => stored.take(height, operations));
      const signatures = new AssumedSignatures();
      const rules = { executor: createExecutor(signatures.verify), signatures };
      this.#execution = await (start === undefined
        ? ReExecution.begin(genesis, rules, take)
        : ReExecution.since(start, genesis, rules, take));
      this.#pool = new SignaturePool(genesis.ledgerId, threads);
      try {
        await this.#runThrough(this.#execution, this.#pool);
      } finally {
        // A block before the one that turned out wrong may be wrong, too.
        while (this.#assumed.length > 0) await this.#settleAssumed(this.#pool);
      }
      return await this.#conclude(this.#execution);
    } finally {
      await this.#pool?.stop();
      await this.#stored?.close();
      await this.#execution?.close();
    }
  }

  /** Blocks up to here are not executed: 0, or that of the snapshot. */
  get #executedAbove(): number {
    return this.#start?.manifest.block.header.height ?? 0;
  }

  /** Reads ahead, so that the other cores have signatures to check while this one executes. */
  async #runThrough(execution: ReExecution, pool: SignaturePool): Promise<void> {
    const { source } = this.#options;
    const ahead: Ahead[] = [];
    let signatures = 0;
    const executeFirst = async (): Promise<void> => {
      const first = ahead.shift() as Ahead;
      // What is held back to fill a group may be what is waited for.
      if (signatures < groupSignatures) pool.flush();
      signatures -= first.block.transactions.length;
      try {
        await this.#execute(execution, pool, first);
      } catch (error) {
        // Nothing stands on it.
        ahead.length = 0;
        throw error;
      }
    };
    try {
      for await (const found of source.blocks(this.#rules.tip.height + 1, source.height)) {
        const next = await this.#open(found, execution, pool);
        ahead.push(next);
        signatures += next.block.transactions.length;
        while (ahead.length > aheadBlocksMax || signatures > aheadSignaturesMax) await executeFirst();
      }
    } finally {
      // Also where one that was read ahead is wrong: those before it may be wrong, too.
      while (ahead.length > 0) await executeFirst();
    }
    const { height } = this.#rules.tip;
    if (height < source.height) throw ledgerFault(height + 1, 'missing-block', 'it is missing');
  }

  async #open({ bytes, isSigned }: SourceBlock, execution: ReExecution, pool: SignaturePool): Promise<Ahead> {
    if (!isSigned) this.#unsignedHeaders += 1;
    const height = this.#rules.tip.height + 1;
    const block = readOrFault(height, 'form', () => decodeTransactions(openBlock(bytes)));
    const justification = await this.#rules.check(block, isSigned);
    const { configuration } = this.#rules;
    if (justification.configuration !== undefined) this.#changes.push({ height, configuration });
    if (height <= this.#executedAbove) {
      const { manifest } = this.#start as AuditStart;
      if (height === this.#executedAbove && !equalBytes(block.hash, manifest.block.hash))
        throw ledgerFault(height, 'checkpoint', 'the snapshot is of another block');
      return { block, justification, verified: Promise.resolve([]) };
    }
    const isChecked = isInSample(block.hash, this.#options.sample ?? 1);
    if (isChecked) this.#signaturesChecked += block.transactions.length;
    const verified = isChecked
      ? pool.check(block.transactions, execution.keysOf(block.transactions))
      : Promise.resolve(block.transactions.map((transaction) => this.#unchecked(transaction)));
    // Told when its turn comes; that of a block before it may fail first.
    verified.catch(() => undefined);
    return { block, justification, verified };
  }

  /** Its block is not in the sample: taken for signed by whoever could sign. */
  #unchecked(transaction: UnverifiedTransaction): VerifiedTransaction {
    return VerifiedTransaction.toBeChecked(transaction, this.#options.genesis.ledgerId, () => true);
  }

  async #execute(
    execution: ReExecution,
    pool: SignaturePool,
    { block, justification, verified }: Ahead,
  ): Promise<void> {
    const transactions = await verified;
    const { height } = block.header;
    if (height <= this.#executedAbove) {
      await execution.pass(block);
      this.#progress(execution, height);
      return;
    }
    const assumed = execution.execute(new VerifiedBlock(block, transactions), justification);
    if (assumed.length > 0) await this.#assume(height, assumed, pool);
    const appliedHeight = this.#stored?.summary.height ?? Number.MAX_SAFE_INTEGER;
    // Above what the node had applied nothing of it is stored yet: the block is executed on the one below alone.
    if (height <= appliedHeight) {
      const receipts = await execution.commit(block);
      this.#stored?.takeIndexed(block, receipts, execution.state);
    }
    if (height % 256 === 0) await this.#stored?.settle();
    this.#progress(execution, height);
  }

  /** Other cores check what the execution took for signed; its block is proved when they have. */
  async #assume(height: number, assumed: readonly SignedMessage[], pool: SignaturePool): Promise<void> {
    const areValid = pool.areValid(assumed);
    // Told when its turn comes.
    areValid.catch(() => undefined);
    this.#assumed.push({ height, count: assumed.length, areValid });
    this.#assumedCount += assumed.length;
    while (this.#assumedCount > aheadSignaturesMax) await this.#settleAssumed(pool);
  }

  async #settleAssumed(pool: SignaturePool): Promise<void> {
    const oldest = present(this.#assumed.shift(), 'something was assumed');
    this.#assumedCount -= oldest.count;
    // What is held back to fill a group may be what is waited for.
    if (this.#assumedCount < groupSignatures) pool.flush();
    if (!(await oldest.areValid)) throw forgedFault(oldest.height);
  }

  #progress({ transactions }: ReExecution, height: number): void {
    const { source, onProgress } = this.#options;
    onProgress?.({ height, heightMax: source.height, transactions });
  }

  async #conclude(execution: ReExecution): Promise<AuditVerdict> {
    const { genesis, source, directory } = this.#options;
    const { certificate } = source;
    const rules = this.#rules;
    if (certificate !== undefined) await rules.checkCertificate(certificate);
    const stored = await this.#concludeStored(execution);
    const { tip } = rules;
    assert(execution.has(tip.hash) || tip.height === 0, 'the newest block was executed');
    return {
      ledgerId: toHex(genesis.ledgerId),
      source: source.name,
      height: tip.height,
      headHash: toHex(tip.hash),
      timestamp: execution.facts.timestamp,
      stateRoot: toHex(execution.facts.stateRoot),
      certifiedHeight: rules.certifiedHeight,
      transactions: execution.transactions,
      signaturesChecked: this.#signaturesChecked,
      unsignedHeaders: this.#unsignedHeaders,
      configurationChanges: rules.changes,
      ...(this.#start && { since: sinceVerdict(this.#start) }),
      ...(stored !== undefined && { storedEntries: stored }),
      ...(directory !== undefined && { appliedHeight: execution.facts.height }),
    };
  }

  async #concludeStored(execution: ReExecution): Promise<number | undefined> {
    const { directory, genesis } = this.#options;
    const stored = this.#stored;
    if (directory === undefined || stored === undefined) return undefined;
    const { height } = stored.summary;
    if (execution.facts.height !== height)
      throw storedFault('applied', `block ${height} is applied, and the chain ends with ${execution.facts.height}`);
    const { entries } = await damageAsFault('state', () => stored.finish(execution.facts, execution));
    const given = { directory, genesis, rules: this.#rules, changes: this.#changes, verify: verifySignature };
    await damageAsFault('consensus-records', () => checkConsensusRecords(given));
    return entries;
  }

  /** A block that was checked some time ago, read again. */
  async #checkedPlace(height: number): Promise<ChainPlace | undefined> {
    for await (const { bytes } of this.#options.source.blocks(height, height)) {
      const { header, hash }: OpenedBlock = readOrFault(height, 'form', () => openBlock(bytes));
      const known = this.#execution?.heightOf(hash);
      const { term, configurationHash } = header;
      return known === height && equalBytes(header.ledgerId, this.#options.genesis.ledgerId)
        ? { height, term, hash, configurationHash }
        : undefined;
    }
    return undefined;
  }
}

/** By the first four bytes of the block's hash: nobody chooses them. */
function isInSample(hash: Uint8Array, share: number): boolean {
  return new DataView(hash.buffer, hash.byteOffset).getUint32(0) < share * 2 ** 32;
}
