import { equalBytes, present, toHex } from '../../base/index.ts';
import {
  type ArchiveChunk,
  type ArchivedBlock,
  ArchiveReader,
  type ChunkRange,
  damagedArchive,
  encodeBlock,
} from '../../ledger/index.ts';
import type { ArchiveStore, Store } from '../../storage/index.ts';
import { type ChunkRecord, readChunkRecords } from './chunk-records.ts';

const noSignature = new Uint8Array(64);

/** The part of an archive that this node knows to be its chain's: what it wrote itself, and what it has verified. */
export class NodeArchive {
  readonly store: ArchiveStore;
  readonly #reader: ArchiveReader;
  /** Ascending. */
  readonly #records: ChunkRecord[];

  private constructor(store: ArchiveStore, ledgerId: Uint8Array, records: ChunkRecord[]) {
    this.store = store;
    this.#records = records;
    this.#reader = new ArchiveReader(store, ledgerId, records, (chunk) => this.#accept(chunk));
  }

  static async open(store: ArchiveStore, ledgerId: Uint8Array, database: Pick<Store, 'range'>): Promise<NodeArchive> {
    return new NodeArchive(store, ledgerId, await readChunkRecords(database));
  }

  get records(): readonly ChunkRecord[] {
    return this.#records;
  }

  /** A chunk whose record is durable. What is kept of it for ever takes no file or block along, of which it is a view. */
  add(written: ChunkRecord): void {
    const { parentHash, lastHash, digest } = written;
    const record = { ...written, parentHash: parentHash.slice(), lastHash: lastHash.slice(), digest: digest.slice() };
    const at = this.#records.findLastIndex(({ last }) => last < record.first) + 1;
    this.#reader.add(record);
    this.#records.splice(at, 0, record);
  }

  /** The highest block up to which the archive has every block from this one on; one less than it where it has none. */
  coveredThrough(from: number): number {
    let through = from - 1;
    for (const { first, last } of this.#records) if (first <= through + 1 && last > through) through = last;
    return through;
  }

  recordOf(height: number): ChunkRecord | undefined {
    return this.#records.findLast(({ first, last }) => first <= height && height <= last);
  }

  /** Throws `archive-damaged` unless the file of this chunk is there and the one that was written. */
  async check(range: ChunkRange): Promise<void> {
    await this.#reader.chunk(range);
  }

  block(height: number): Promise<ArchivedBlock | undefined> {
    return this.#reader.block(height);
  }

  blockByHash(hash: Uint8Array): Promise<ArchivedBlock | undefined> {
    return this.#reader.blockByHash(hash);
  }

  transaction(id: Uint8Array): ReturnType<ArchiveReader['transaction']> {
    return this.#reader.transaction(id);
  }

  /**
   * The block as it travelled. Where the archive has no signatures of these blocks, which are no part of what a block is,
   * zeros stand in the place of the proposer's.
   */
  async blockBytes(block: ArchivedBlock): Promise<Uint8Array> {
    const { height } = block.header;
    const record = present(this.recordOf(height), 'the block was read out of a chunk');
    const signatures = await this.#reader.signatures(record);
    const headerSignature = signatures?.headerSignatures[height - record.first] ?? noSignature;
    const { headerBytes, justification, transactionBytes } = block;
    return encodeBlock({ headerBytes, headerSignature, justification, transactions: transactionBytes });
  }

  #accept({ head: { first }, digest }: ArchiveChunk): void {
    const record = this.recordOf(first);
    if (record?.first === first && equalBytes(record.digest, digest)) return;
    throw damagedArchive(
      `the chunk from block ${first} on has the digest ${toHex(digest)}, which is not the one known here`,
    );
  }
}
