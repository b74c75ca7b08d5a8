import { AssentError, readUint64, uint64Bytes } from '../../base/index.ts';
import { type ChunkRange, decodeCanonical, encodeCanonical } from '../../ledger/index.ts';
import { type Operation, prefixedKey, prefixRange, type Store } from '../../storage/index.ts';

/**
 * What a node knows of a chunk of its archive: that these blocks are its chain's, and by which digest the file that holds
 * them is told from any other.
 */
export interface ChunkRecord extends ChunkRange {
  readonly digest: Uint8Array;
  /** Of the first block. */
  readonly parentHash: Uint8Array;
  /** Of the last block. */
  readonly lastHash: Uint8Array;
}

const version = 1;
const limits = { bytesMax: 256, depthMax: 1, countMax: 8 };
const pageRecords = 1000;

export function putChunkRecord({ first, last, digest, parentHash, lastHash }: ChunkRecord): Operation {
  const value = encodeCanonical([version, last, digest, parentHash, lastHash]);
  return { type: 'put', key: prefixedKey('archiveChunk', uint64Bytes(first)), value };
}

/** All records, ascending. Throws `storage-damaged`. */
export async function readChunkRecords(store: Pick<Store, 'range'>): Promise<ChunkRecord[]> {
  const records: ChunkRecord[] = [];
  const { to, ...range } = prefixRange('archiveChunk');
  for (let { from } = range; ; ) {
    const page = await store.range({ from, to, limit: pageRecords });
    for (const [key, value] of page) records.push(decodeRecord(readUint64(key, 1), value));
    const last = page.at(-1);
    if (last === undefined || page.length < pageRecords) return records;
    from = new Uint8Array([...last[0], 0]);
  }
}

function decodeRecord(first: number, bytes: Uint8Array): ChunkRecord {
  const value = decodeCanonical(bytes, limits);
  const [found, last, ...hashes] = Array.isArray(value) ? value : [];
  const [digest, parentHash, lastHash] = hashes.map((hash) => {
    if (hash instanceof Uint8Array && hash.length === 32) return hash;
    throw damaged();
  });
  if (found !== version || typeof last !== 'number') throw damaged();
  if (digest === undefined || parentHash === undefined || lastHash === undefined) throw damaged();
  return { first, last, digest, parentHash, lastHash };
}

function damaged(): AssentError {
  return new AssentError('storage-damaged', 'the record of a chunk of the archive is not readable');
}
