import { AssentError, equalBytes, readUint64, uint64Bytes } from '../../base/index.ts';
import { leafHash, merkleRoot } from '../../crypto/portable.ts';
import { prefixedKey, type Store } from '../../storage/index.ts';
import { type OpenedBlock, openBlock } from '../block.ts';
import { decodeResults, resultsKey } from '../block-results.ts';
import type { ChunkBlock } from './chunk-builder.ts';

/** A block with its results, and its proposer's signature. */
export interface ReadBlock {
  readonly block: ChunkBlock;
  readonly headerSignature: Uint8Array;
}

/** So many blocks are read at a time, where as many are there and come to about so many bytes. */
const runBlocksMax = 16;
const runBytes = 256 * 1024;

/**
 * Committed blocks as a store holds them, with the results of their transactions, each checked against what its header
 * names. Read beside the calling thread, in slices, and small ones together for who goes from each to the next: asking
 * another thread takes longer than reading a small block.
 */
export class CommittedBlocks {
  readonly #store: Pick<Store, 'snapshot'>;
  /** What was read ahead, without a gap, and is to be checked. */
  #ahead: StoredBlock[] = [];
  /** A run of so many blocks came to about the wanted bytes, by those read last. */
  #runBlocks = 1;

  constructor(store: Pick<Store, 'snapshot'>) {
    this.#store = store;
  }

  /**
   * The block at the height; undefined where there is none. Those above it up to `through`, which are committed, may be
   * read with it. `pause` lies between slices. Throws `storage-damaged`.
   */
  async read(height: number, through: number, pause: () => Promise<void>): Promise<ReadBlock | undefined> {
    if (this.#ahead[0]?.height !== height) {
      const last = Math.min(through, height + this.#runBlocks - 1);
      this.#ahead = await readRun(this.#store, height, Math.max(height, last));
      const bytes = this.#ahead.reduce(
        (sum, { block, results }) => sum + block.bytes.length + (results?.length ?? 0),
        1,
      );
      this.#runBlocks = Math.max(1, Math.min(runBlocksMax, Math.floor((runBytes * this.#ahead.length) / bytes)));
    }
    const stored = this.#ahead.shift();
    return stored === undefined ? undefined : checked(stored, pause);
  }
}

/** What a store has of a block, as of one moment. */
interface StoredBlock {
  readonly height: number;
  readonly results: Uint8Array | undefined;
  readonly block: OpenedBlock;
  /** Where it is found by its hash. */
  readonly place: Uint8Array | undefined;
}

/** Up to the first that is not there, or is damaged: only where that is the first of all is it thrown. */
async function readRun(store: Pick<Store, 'snapshot'>, from: number, through: number): Promise<StoredBlock[]> {
  const heights = Array.from({ length: through - from + 1 }, (_, index) => from + index);
  const snapshot = store.snapshot();
  try {
    const values = await snapshot.getMany(
      heights.flatMap((height) => [prefixedKey('block', uint64Bytes(height)), resultsKey(height)]),
    );
    const run: Omit<StoredBlock, 'place'>[] = [];
    for (const [index, height] of heights.entries()) {
      const [bytes, results] = values.slice(2 * index, 2 * index + 2);
      const block = bytes === undefined ? undefined : opened(bytes, height);
      if (block instanceof AssentError && index === 0) throw block;
      if (block === undefined || block instanceof AssentError) break;
      run.push({ height, results, block });
    }
    const places = await snapshot.getMany(run.map(({ block }) => prefixedKey('blockHash', block.hash)));
    return run.map((stored, index) => ({ ...stored, place: places[index] }));
  } finally {
    await snapshot.close();
  }
}

async function checked(stored: StoredBlock, pause: () => Promise<void>): Promise<ReadBlock> {
  const { height, results, block, place } = stored;
  // Its place was recorded with its effects: another block, however well formed, has none.
  if (place === undefined || readUint64(place) !== height) throw damaged(height, 'is not the one of the chain');
  const { transactionBytes } = block;
  if (results === undefined && transactionBytes.length > 0) throw damaged(height, 'lacks its results');
  const resultBytes = results === undefined ? [] : decodeResults(results);
  await pause();
  if (!equalBytes(merkleRoot(resultBytes.map((result) => leafHash(result))), block.header.resultsRoot))
    throw damaged(height, 'has other results than its header says');
  const { header, headerBytes, headerSignature, hash, justification } = block;
  return { block: { header, headerBytes, hash, justification, transactionBytes, resultBytes }, headerSignature };
}

/** The block, or why it is none. */
function opened(bytes: Uint8Array, height: number): OpenedBlock | AssentError {
  let block: OpenedBlock;
  try {
    block = openBlock(bytes);
  } catch (error) {
    if (!(error instanceof AssentError)) throw error;
    return damaged(height, 'is not readable', error);
  }
  return block.header.height === height ? block : damaged(height, 'is another');
}

function damaged(height: number, what: string, cause?: unknown): AssentError {
  return new AssentError('storage-damaged', `the stored block ${height} ${what}`, { height }, { cause });
}
