import { AssentError, equalBytes, type Logger, utf8 } from '../../base/index.ts';
import {
  ArchiveChunk,
  type ChunkRange,
  CommittedBlocks,
  chunkName,
  chunkRanges,
  chunkStartFrom,
  damagedArchive,
  type Genesis,
  genesisName,
  genesisToText,
  type Ledger,
  signaturesName,
} from '../../ledger/index.ts';
import type { Operation, Store } from '../../storage/index.ts';
import { type ChunkFiles, ChunkInProgress } from './chunk-in-progress.ts';
import { type ChunkRecord, putChunkRecord } from './chunk-records.ts';
import type { NodeArchive } from './node-archive.ts';
import type { Turns } from './turns.ts';

export interface ArchivistOptions {
  readonly archive: NodeArchive;
  readonly ledger: Pick<Ledger, 'applied' | 'originHeight' | 'firstBlockHeight' | 'block' | 'ledgerId'> & {
    readonly genesis: Genesis;
  };
  readonly database: Store;
  /** Makes a batch durable. */
  readonly write: (operations: readonly Operation[]) => Promise<void>;
  readonly turns: Turns;
  readonly logger: Logger;
}

/**
 * Writes the archive: chunk by chunk as the chain grows, and takes in chunks that were put there from elsewhere, each once
 * it is verified down from a block that this node has.
 */
export class Archivist {
  readonly #options: ArchivistOptions;
  readonly #blocks: CommittedBlocks;
  #growing: ChunkInProgress | undefined;
  /** Files that are made and could not be written yet. */
  #made: ChunkFiles | undefined;
  #hasGenesis = false;
  /** Chunks that are not of this chain, or damaged: not looked at again before somebody says so. */
  readonly #rejected = new Map<number, AssentError>();
  #areFilesNew = true;
  #written = 0;

  constructor(options: ArchivistOptions) {
    this.#options = options;
    this.#blocks = new CommittedBlocks(options.database);
  }

  /** Chunks that this process wrote. */
  get written(): number {
    return this.#written;
  }

  /** A file that is not what it should be; undefined where all are. */
  get rejected(): AssentError | undefined {
    return [...this.#rejected.values()].at(0);
  }

  /** Files may have come from elsewhere. */
  lookAgain(): void {
    this.#areFilesNew = true;
    this.#rejected.clear();
  }

  /** Does what there is to do. Throws what the archive's store throws, `storage-damaged`, or `shutting-down`; all of it can be tried again. */
  async work(): Promise<void> {
    const { archive, ledger } = this.#options;
    if (!this.#hasGenesis) {
      const genesis = utf8(genesisToText(ledger.genesis));
      const kept = await archive.store.get(genesisName);
      if (kept === undefined) await archive.store.put(genesisName, genesis);
      else if (!equalBytes(kept, genesis)) throw damagedArchive('its genesis file is of another ledger');
      this.#hasGenesis = true;
    }
    if (this.#areFilesNew) {
      await this.#adopt();
      this.#areFilesNew = false;
    }
    while (await this.#writeNext());
  }

  /** False when the chain has not grown enough for another chunk. */
  async #writeNext(): Promise<boolean> {
    const { turns, database, ledger } = this.#options;
    if (this.#made === undefined) {
      const growing = this.#chunk();
      while (!growing.isFull) {
        if (growing.nextHeight > ledger.applied.height) return false;
        await turns.pause();
        const read = await this.#blocks.read(growing.nextHeight, ledger.applied.height, turns.pause);
        if (read === undefined) return this.#dropped();
        growing.add(read);
      }
      this.#made = await growing.finish(database, turns.pause);
    }
    await this.#keep(this.#made);
    this.#made = undefined;
    this.#growing = undefined;
    return true;
  }

  /** The chunk to which the next block belongs. */
  #chunk(): ChunkInProgress {
    const { archive, ledger } = this.#options;
    // Of the block that a snapshot came with there are no results.
    const first = ledger.originHeight === 0 ? 1 : ledger.originHeight + 1;
    const after = (archive.records.at(-1)?.last ?? 0) + 1;
    const next = after >= first ? after : chunkStartFrom(Math.max(first, ledger.firstBlockHeight));
    if (this.#growing?.first !== next) this.#growing = new ChunkInProgress(ledger.ledgerId, next);
    return this.#growing;
  }

  /** The node went on from a snapshot meanwhile, and the chunk's blocks are gone: the next call begins another. */
  #dropped(): false {
    this.#growing = undefined;
    return false;
  }

  async #keep({ record, chunk, signatures }: ChunkFiles): Promise<void> {
    const { archive, write, logger } = this.#options;
    const { store } = archive;
    const { first, last } = record;
    await store.put(signaturesName(record), signatures);
    const kept = await store.get(chunkName(record));
    if (kept !== undefined && !equalBytes(kept, chunk))
      logger.warn({ first, last }, 'a file of the archive was not what the chain says, and is written anew');
    if (kept === undefined || !equalBytes(kept, chunk)) await store.put(chunkName(record), chunk);
    await write([putChunkRecord(record)]);
    archive.add(record);
    this.#written += 1;
    logger.info({ first, last, bytes: chunk.length }, 'archived blocks');
  }

  /** Takes in what is there and not known, from the highest chunk down: each hangs on a block above it. */
  async #adopt(): Promise<void> {
    const { archive, turns, write, logger } = this.#options;
    const known = new Set(archive.records.map(({ first }) => first));
    const found = (await chunkRanges(archive.store)).filter(({ first }) => !known.has(first));
    for (const range of found.toReversed()) {
      await turns.pause();
      const anchor = this.#hashAfter(range);
      if (anchor === undefined || this.#rejected.has(range.first)) continue;
      try {
        const record = await this.#verify(range, anchor);
        await write([putChunkRecord(record)]);
        archive.add(record);
        logger.info({ first: range.first, last: range.last }, 'took in a chunk of the archive');
      } catch (error) {
        if (!(error instanceof AssentError) || error.code !== 'archive-damaged') throw error;
        this.#rejected.set(range.first, error);
        logger.warn({ first: range.first, reason: error.message }, 'a chunk of the archive is of no use');
      }
    }
  }

  /** The hash that the last block of a chunk must have: what the block after it names as its parent. */
  #hashAfter({ last }: ChunkRange): Uint8Array | undefined {
    const { archive, ledger } = this.#options;
    const after = archive.records.find(({ first }) => first === last + 1);
    return after?.parentHash ?? ledger.block(last + 1)?.header.parentHash;
  }

  async #verify(range: ChunkRange, lastHash: Uint8Array): Promise<ChunkRecord> {
    const { archive, ledger, turns } = this.#options;
    const bytes = await archive.store.get(chunkName(range));
    if (bytes === undefined) throw damagedArchive(`the file ${chunkName(range)} is gone`);
    turns.begin();
    const chunk = new ArchiveChunk(bytes, ledger.ledgerId);
    const { first, last } = chunk.head;
    if (first !== range.first || last !== range.last)
      throw damagedArchive(`the file ${chunkName(range)} holds other blocks than its name says`);
    if (!equalBytes(chunk.head.lastHash, lastHash))
      throw damagedArchive(`the chunk from block ${first} on is of another chain`);
    await turns.pause();
    let parentHash: Uint8Array | undefined;
    for (const block of chunk.verify(first === 1 ? ledger.ledgerId : undefined)) {
      parentHash ??= block?.header.parentHash;
      await turns.pause();
    }
    if (parentHash === undefined) throw damagedArchive('a chunk has no blocks');
    return { first, last, digest: chunk.digest, parentHash, lastHash };
  }
}
