import { concatBytes, equalBytes } from '../../base/index.ts';
import { HASH_BYTES, SIGNATURE_BYTES, sha256 } from '../../crypto/portable.ts';
import { type CanonicalValue, decodeCanonical, encodeCanonical } from '../codec/index.ts';
import { chunkGroupBlocks } from './chunk-format.ts';
import { damagedArchive } from './entry.ts';
import type { ChunkRange } from './names.ts';

/** What differs from node to node of a chunk's blocks: who of several signed, and who signed in time. */
export interface ChunkSignatures {
  /** Of each block's header, by its proposer: 64 bytes. */
  readonly headerSignatures: readonly Uint8Array[];
  /** Certificates of some of the blocks, encoded by consensus, in the order of their heights; each covers all blocks below. */
  readonly blockCertificates: readonly Uint8Array[];
  /** Certificates of the terms in which the blocks were made, as far as the node has them, in the order of terms. */
  readonly termCertificates: readonly Uint8Array[];
}

const version = 1;
const limits = { bytesMax: 16 * 1024 * 1024, depthMax: 2, countMax: 3 * chunkGroupBlocks + 16 };

/** Canonical bytes `[version, ledgerId, first, last, [header signature, …], [certificate, …], [term certificate, …]]`, then their SHA-256. */
export function encodeSignatures(ledgerId: Uint8Array, range: ChunkRange, signatures: ChunkSignatures): Uint8Array {
  const { headerSignatures, blockCertificates, termCertificates } = signatures;
  const content = encodeCanonical([
    version,
    ledgerId,
    range.first,
    range.last,
    headerSignatures,
    blockCertificates,
    termCertificates,
  ]);
  return concatBytes(content, sha256(content));
}

/** The inverse; no signature is checked. Throws `archive-damaged`. */
export function openSignatures(bytes: Uint8Array, ledgerId: Uint8Array, range: ChunkRange): ChunkSignatures {
  const end = Math.max(0, bytes.length - HASH_BYTES);
  if (!equalBytes(sha256(bytes.subarray(0, end)), bytes.subarray(end)))
    throw damagedArchive(`the signatures of the blocks from ${range.first} on are not what was written`);
  const [found, ledger, first, last, headers, blocks, terms, ...rest] = list(decode(bytes.subarray(0, end)));
  if (found !== version || rest.length > 0) throw damagedArchive('a file of signatures has another format');
  if (!(ledger instanceof Uint8Array) || !equalBytes(ledger, ledgerId) || first !== range.first || last !== range.last)
    throw damagedArchive(`the signatures of the blocks from ${range.first} on are of other blocks`);
  const headerSignatures = binaries(headers);
  const count = range.last - range.first + 1;
  if (headerSignatures.length !== count || headerSignatures.some(({ length }) => length !== SIGNATURE_BYTES))
    throw damagedArchive(`the signatures of the blocks from ${range.first} on are not one of each`);
  return { headerSignatures, blockCertificates: binaries(blocks), termCertificates: binaries(terms) };
}

function decode(bytes: Uint8Array): CanonicalValue {
  try {
    return decodeCanonical(bytes, limits);
  } catch (error) {
    throw damagedArchive('a file of signatures is not canonical msgpack within its bounds', error);
  }
}

function list(value: CanonicalValue | undefined): readonly CanonicalValue[] {
  if (!Array.isArray(value)) throw damagedArchive('something is not a list');
  return value;
}

function binaries(value: CanonicalValue | undefined): Uint8Array[] {
  return list(value).map((item) => {
    if (!(item instanceof Uint8Array)) throw damagedArchive('a signature or a certificate is not binary');
    return item;
  });
}
