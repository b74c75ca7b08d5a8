import { AssentError, equalBytes } from '../../base/index.ts';
import { leafHash, merkleRoot } from '../../crypto/index.ts';
import { CommittedBlocks, type Ledger } from '../../ledger/index.ts';
import type { Store } from '../../storage/index.ts';
import type { NodeArchive } from '../archive/index.ts';
import type { IndexableBlock } from './block-group.ts';

export interface BlocksToIndexOptions {
  readonly ledger: Ledger;
  readonly store: Store;
  readonly archive: NodeArchive | undefined;
}

/** Committed blocks with their results: out of the store, and those that it gave up or never had out of the archive. */
export class BlocksToIndex {
  readonly #ledger: Ledger;
  readonly #kept: CommittedBlocks;
  readonly #archive: NodeArchive | undefined;

  constructor({ ledger, store, archive }: BlocksToIndexOptions) {
    this.#ledger = ledger;
    this.#kept = new CommittedBlocks(store);
    this.#archive = archive;
  }

  /** The first block from which on all are there. */
  get first(): number {
    let first = this.#firstKept;
    for (const record of this.#archive?.records.toReversed() ?? [])
      if (record.first < first && record.last >= first - 1) first = record.first;
    return first;
  }

  has(height: number): boolean {
    return height >= this.#firstKept || this.#archive?.recordOf(height) !== undefined;
  }

  /**
   * The block at a height, the one that follows the block of this hash; undefined: whichever it is. What its header names
   * is checked. Throws `storage-damaged`, and what the archive throws.
   */
  async read(height: number, parentHash: Uint8Array | undefined, pause: () => Promise<void>): Promise<Read> {
    const through = this.#ledger.applied.height;
    const kept = height >= this.#firstKept ? await this.#kept.read(height, through, pause) : undefined;
    if (kept !== undefined && !equalBytes(rootOf(kept.block.transactionBytes), kept.block.header.transactionsRoot))
      throw damaged(height);
    // Pruned meanwhile: then it is in the archive, whose blocks are checked when they are opened.
    const block = kept?.block ?? (await this.#archive?.block(height));
    if (block === undefined || (parentHash !== undefined && !equalBytes(block.header.parentHash, parentHash)))
      throw damaged(height);
    const { applied } = this.#ledger;
    if (height === applied.height && !equalBytes(block.hash, applied.hash)) throw damaged(height);
    return block;
  }

  /** The block of the snapshot that a ledger began with has no results. */
  get #firstKept(): number {
    return Math.max(this.#ledger.firstBlockHeight, this.#ledger.originHeight + 1);
  }
}

type Read = IndexableBlock & { readonly hash: Uint8Array };

function rootOf(transactions: readonly Uint8Array[]): Uint8Array {
  return merkleRoot(transactions.map((bytes) => leafHash(bytes)));
}

function damaged(height: number): AssentError {
  return new AssentError('storage-damaged', `the stored block ${height} is not the one of the chain`, { height });
}
