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

/**
 * A committed block as a store holds it, with the results of its transactions, each checked against what its header
 * names. Undefined where there is no such block. Reads beside the calling thread, in slices: `pause` lies between them.
 * Throws `storage-damaged`.
 */
export async function readForArchive(
  store: Pick<Store, 'snapshot'>,
  height: number,
  pause: () => Promise<void>,
): Promise<ReadBlock | undefined> {
  const snapshot = store.snapshot();
  try {
    const keys = [prefixedKey('block', uint64Bytes(height)), resultsKey(height)];
    const [bytes, results] = await snapshot.getMany(keys);
    if (bytes === undefined) return undefined;
    const block = open(bytes, height);
    const { transactionBytes } = block;
    // Its place was recorded with its effects: another block, however well formed, has none.
    const [place] = await snapshot.getMany([prefixedKey('blockHash', block.hash)]);
    if (place === undefined || readUint64(place) !== height) throw damaged(height, 'is not the one of the chain');
    if (results === undefined && transactionBytes.length > 0) throw damaged(height, 'lacks its results');
    const resultBytes = results === undefined ? [] : decodeResults(results);
    await pause();
    if (!equalBytes(merkleRoot(resultBytes.map((result) => leafHash(result))), block.header.resultsRoot))
      throw damaged(height, 'has other results than its header says');
    const { header, headerBytes, headerSignature, hash, justification } = block;
    return { block: { header, headerBytes, hash, justification, transactionBytes, resultBytes }, headerSignature };
  } finally {
    await snapshot.close();
  }
}

function open(bytes: Uint8Array, height: number): OpenedBlock {
  let block: OpenedBlock;
  try {
    block = openBlock(bytes);
  } catch (error) {
    throw damaged(height, 'is not readable', error);
  }
  if (block.header.height !== height) throw damaged(height, 'is another');
  return block;
}

function damaged(height: number, what: string, cause?: unknown): AssentError {
  return new AssentError('storage-damaged', `the stored block ${height} ${what}`, { height }, { cause });
}
