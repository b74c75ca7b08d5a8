import { equalBytes } from '../../base/index.ts';
import { HASH_BYTES, MerkleFrontier } from '../../crypto/portable.ts';
import { type OpenedBlock, openBlock } from '../block.ts';
import { type CanonicalValue, encodeCanonical } from '../codec/index.ts';
import { decode, invalidSnapshot, list, snapshotLimits } from './format.ts';

/** What consensus adds to a snapshot. The ledger carries the bytes and does not look into them. */
export interface SnapshotProofs {
  /** Proof that the snapshot's block is certified. */
  readonly certificate: Uint8Array;
  /** The history of configurations up to the one under which the certificate counts. */
  readonly configurations: Uint8Array;
}

/** The state after one block: which, and what proves the chunks. */
export interface SnapshotManifest extends SnapshotProofs {
  readonly bytes: Uint8Array;
  /** Its header names the state's root. Its signature, and that it is certified, are for the caller to check. */
  readonly block: OpenedBlock;
  /** RFC 9162 frontier over the hashes of all earlier blocks: has the root that the header names. */
  readonly historyBefore: MerkleFrontier;
}

const manifestVersion = 1;
const manifestLimits = { bytesMax: snapshotLimits.manifestBytesMax, depthMax: 3, countMax: 128 };
const peaksMax = 53;

/** Canonical bytes `[version, block, certificate, configurations, [size, [peak, …]]]`. */
export function encodeManifest(content: Omit<SnapshotManifest, 'bytes'>): Uint8Array {
  const { block, certificate, configurations, historyBefore } = content;
  return encodeCanonical([
    manifestVersion,
    block.bytes,
    certificate,
    configurations,
    [historyBefore.size, historyBefore.peaks],
  ]);
}

/**
 * The strict inverse. The block is one block of this ledger and the history is the one its header names; nothing else is
 * checked. Throws `snapshot-invalid`.
 */
export function openManifest(bytes: Uint8Array, ledgerId: Uint8Array): SnapshotManifest {
  const [version, blockBytes, certificate, configurations, history, ...rest] = list(decode(bytes, manifestLimits));
  if (version !== manifestVersion || rest.length > 0) throw invalidSnapshot('the manifest has another shape');
  const block = blockOf(binary(blockBytes, snapshotLimits.manifestBytesMax));
  const { header } = block;
  if (!equalBytes(header.ledgerId, ledgerId)) throw invalidSnapshot('it is of another ledger');
  const historyBefore = frontierOf(list(history), header.height);
  if (!equalBytes(historyBefore.root(), header.historyRoot)) throw invalidSnapshot("the history is not the header's");
  return {
    bytes,
    block,
    certificate: binary(certificate, snapshotLimits.certificateBytesMax),
    configurations: binary(configurations, snapshotLimits.configurationsBytesMax),
    historyBefore,
  };
}

function blockOf(bytes: Uint8Array): OpenedBlock {
  try {
    return openBlock(bytes);
  } catch (error) {
    throw invalidSnapshot('its block is none', error);
  }
}

/** The tree over the blocks below `height`, of which the ledger id is the first. */
function frontierOf([size, peaks, ...rest]: readonly CanonicalValue[], height: number): MerkleFrontier {
  const hashes = list(peaks).map((peak) => binary(peak, HASH_BYTES));
  if (rest.length > 0 || height < 1 || size !== height) throw invalidSnapshot("the history is not the block's");
  if (
    hashes.length > peaksMax ||
    hashes.length !== oneBits(height) ||
    hashes.some((hash) => hash.length !== HASH_BYTES)
  )
    throw invalidSnapshot("the history is not the block's");
  return MerkleFrontier.of(height, hashes);
}

function oneBits(value: number): number {
  return [...value.toString(2)].filter((digit) => digit === '1').length;
}

function binary(value: CanonicalValue | undefined, bytesMax: number): Uint8Array {
  if (!(value instanceof Uint8Array) || value.length > bytesMax)
    throw invalidSnapshot('the manifest has another shape');
  return value;
}
