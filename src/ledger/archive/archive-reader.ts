import { assert, present } from '../../base/index.ts';
import type { ArchiveStore } from '../../storage/index.ts';
import { ArchiveChunk } from './chunk.ts';
import { bucketOf, decodeHead, findInBucket, headBytes, offsetBytes, readUint32 } from './chunk-format.ts';
import { type ArchivedBlock, damagedArchive } from './entry.ts';
import { type ChunkRange, chunkName, genesisName, rangeOfName, signaturesName } from './names.ts';
import { type ChunkSignatures, openSignatures } from './signatures.ts';

/** Chunks in memory: each is some MiB. */
const chunksMax = 3;

/** Where a transaction stands. */
export interface ArchivedPlace {
  readonly block: ArchivedBlock;
  readonly index: number;
}

/**
 * Reads blocks out of an archive. Every chunk that is opened is the one that was written; that it is of this ledger's
 * chain is for `accept` to say. A few chunks stay in memory.
 */
export class ArchiveReader {
  readonly #store: ArchiveStore;
  readonly #ledgerId: Uint8Array;
  readonly #accept: (chunk: ArchiveChunk) => void;
  readonly #chunks = new Map<number, Promise<ArchiveChunk>>();
  readonly #ranges: ChunkRange[];

  /**
   * Reads the chunks of these ranges, ascending, and no others.
   *
   * @param accept throws `archive-damaged` for a chunk that is not of the chain
   */
  constructor(
    store: ArchiveStore,
    ledgerId: Uint8Array,
    ranges: readonly ChunkRange[],
    accept: (chunk: ArchiveChunk) => void = () => undefined,
  ) {
    this.#store = store;
    this.#ledgerId = ledgerId;
    this.#ranges = [...ranges];
    this.#accept = accept;
  }

  /** Reads whatever chunks there are, each for itself. Throws `archive-damaged` where two overlap. */
  static async open(store: ArchiveStore, ledgerId: Uint8Array): Promise<ArchiveReader> {
    return new ArchiveReader(store, ledgerId, await chunkRanges(store));
  }

  /** What the archive's chunks hold, ascending. */
  get ranges(): readonly ChunkRange[] {
    return this.#ranges;
  }

  /** Takes in a chunk that was not there. */
  add(range: ChunkRange): void {
    const at = this.#ranges.findLastIndex(({ last }) => last < range.first) + 1;
    assert((this.#ranges[at]?.first ?? Number.POSITIVE_INFINITY) > range.last, 'no two chunks hold the same block');
    this.#ranges.splice(at, 0, range);
  }

  /** The genesis file as bytes, where the archive has it. They are not checked. */
  genesis(): Promise<Uint8Array | undefined> {
    return this.#store.get(genesisName);
  }

  rangeOf(height: number): ChunkRange | undefined {
    return this.#ranges.findLast(({ first, last }) => first <= height && height <= last);
  }

  /** The block at a height; undefined where the archive does not have it. Throws `archive-damaged` and what the store throws. */
  async block(height: number): Promise<ArchivedBlock | undefined> {
    const range = this.rangeOf(height);
    return range && (await this.chunk(range)).block(height);
  }

  /** The chunk of a range that {@link ranges} tells. Throws as {@link block} does. */
  async chunk(range: ChunkRange): Promise<ArchiveChunk> {
    const known = this.#chunks.get(range.first);
    if (known !== undefined) {
      // What is used becomes the newest.
      this.#chunks.delete(range.first);
      this.#chunks.set(range.first, known);
      return known;
    }
    const chunk = this.#read(range);
    this.#chunks.set(range.first, chunk);
    for (const oldest of this.#chunks.keys()) {
      if (this.#chunks.size <= chunksMax) break;
      this.#chunks.delete(oldest);
    }
    try {
      return await chunk;
    } catch (error) {
      if (this.#chunks.get(range.first) === chunk) this.#chunks.delete(range.first);
      throw error;
    }
  }

  /** The header signatures and certificates of a chunk's blocks, where the archive has them. Throws `archive-damaged`. */
  async signatures(range: ChunkRange): Promise<ChunkSignatures | undefined> {
    const bytes = await this.#store.get(signaturesName(range));
    return bytes && openSignatures(bytes, this.#ledgerId, range);
  }

  /** All blocks from a height on, as far as they follow one another without a gap. Throws as {@link block} does. */
  async *blocks(from: number): AsyncGenerator<ArchivedBlock, void> {
    let height = from;
    for (let range = this.rangeOf(height); range !== undefined; range = this.rangeOf(height)) {
      const chunk = await this.chunk(range);
      for (; height <= range.last; height++) yield chunk.block(height);
    }
  }

  /** The transaction of an id, newest chunks first; what it costs grows with the number of chunks, three small reads each. */
  async transaction(id: Uint8Array): Promise<ArchivedPlace | undefined> {
    const place = await this.#find(id);
    if (place?.index === undefined) return undefined;
    const block = present(await this.block(place.height), 'a name is of its own chunk');
    return { block, index: place.index };
  }

  /** The block of a hash. */
  async blockByHash(hash: Uint8Array): Promise<ArchivedBlock | undefined> {
    const place = await this.#find(hash);
    return place === undefined || place.index !== undefined ? undefined : this.block(place.height);
  }

  async #find(name: Uint8Array): Promise<ReturnType<typeof findInBucket>> {
    for (const range of this.#ranges.toReversed()) {
      const place = await this.#findIn(range, name);
      if (place === undefined) continue;
      if (place.height > range.last) throw damagedArchive('a name stands for no block of its chunk');
      return place;
    }
    return undefined;
  }

  /** Without the chunk as a whole. */
  async #findIn(range: ChunkRange, name: Uint8Array): Promise<ReturnType<typeof findInBucket>> {
    const known = await this.#chunks.get(range.first);
    if (known !== undefined) return known.find(name);
    const piece = async (offset: number, length: number): Promise<Uint8Array> => {
      const bytes = await this.#store.get(chunkName(range), { offset, length });
      if (bytes?.length !== length) throw damagedArchive(`the file ${chunkName(range)} is cut off, or gone`);
      return bytes;
    };
    const { first, bucketsAt, bucketBits } = decodeHead(await piece(0, headBytes));
    const bucket = bucketOf(name, bucketBits);
    const offsets = await piece(bucketsAt + bucket * offsetBytes, 2 * offsetBytes);
    const [from, to] = [readUint32(offsets, 0), readUint32(offsets, offsetBytes)];
    if (first !== range.first || to < from || to - from > bucketBytesMax)
      throw damagedArchive(`the file ${chunkName(range)} contradicts itself`);
    return findInBucket(await piece(from, to - from), { first, bucket }, name);
  }

  async #read(range: ChunkRange): Promise<ArchiveChunk> {
    const bytes = await this.#store.get(chunkName(range));
    if (bytes === undefined) throw damagedArchive(`the file ${chunkName(range)} is gone`);
    const chunk = new ArchiveChunk(bytes, this.#ledgerId);
    if (chunk.head.first !== range.first || chunk.head.last !== range.last)
      throw damagedArchive(`the file ${chunkName(range)} holds other blocks than its name says`);
    this.#accept(chunk);
    return chunk;
  }
}

/** Whatever the ids are, a bucket is not read whose length is nonsense. */
const bucketBytesMax = 1024 * 1024;

/** What the names of an archive's files say that they hold, ascending. Throws `archive-damaged` where two overlap. */
export async function chunkRanges(store: ArchiveStore): Promise<ChunkRange[]> {
  const ranges = (await store.list()).flatMap((name) => rangeOfName(name) ?? []);
  for (const [index, range] of ranges.entries())
    if ((ranges[index - 1]?.last ?? 0) >= range.first)
      throw damagedArchive(
        `two chunks hold block ${range.first}: one of ${chunkName(range)} and the file before it is wrong`,
      );
  return ranges;
}
