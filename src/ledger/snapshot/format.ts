import { AssentError, latin1Bytes, latin1Text } from '../../base/index.ts';
import { HASH_BYTES } from '../../crypto/portable.ts';
import { type CanonicalValue, type CodecLimits, decodeCanonical, encodeCanonical } from '../codec/index.ts';
import { ledgerLimits } from '../limits.ts';
import type { HashText } from '../state/nodes.ts';
import { pageDepth } from '../state/pages.ts';

/** Bounds of what a snapshot sends. */
export interface SnapshotLimits {
  /** Keys and values of a chunk of the state: 256 KiB, but for a single larger entry. */
  readonly chunkContentBytesMax: number;
  /** Hashing more takes the main thread too long. */
  readonly chunkEntriesMax: number;
  /** A whole chunk on the wire. */
  readonly chunkBytesMax: number;
  /** Executed ids of one chunk. A power of two: its root is a node of the whole list's tree. */
  readonly idsInGroup: number;
  /** Groups of the ids of one minute. */
  readonly groupsMax: number;
  readonly addressBytesMax: number;
  /** What consensus adds to the manifest: the certificate, and the history of configurations. */
  readonly certificateBytesMax: number;
  readonly configurationsBytesMax: number;
  readonly manifestBytesMax: number;
}

export const snapshotLimits: SnapshotLimits = {
  chunkContentBytesMax: 262_144,
  chunkEntriesMax: 2048,
  chunkBytesMax: ledgerLimits.stateValueBytesMax + ledgerLimits.stateKeyCharactersMax + 1024,
  idsInGroup: 2048,
  groupsMax: 4096,
  addressBytesMax: 64,
  certificateBytesMax: 262_144,
  configurationsBytesMax: 1_048_576,
  manifestBytesMax: 2_097_152,
};

/** Bytes that an entry takes beside its key and its value. */
export const entryOverheadBytes = 8;

/**
 * What a chunk is about: a subtree of the state at a depth that is a multiple of four, or the executed ids of one minute
 * of `validUntil`: their groups' roots (`outline`), or one group of them.
 */
export type ChunkAddress =
  | { readonly type: 'state'; readonly depth: number; readonly path: HashText }
  | { readonly type: 'outline'; readonly minute: number }
  | { readonly type: 'ids'; readonly minute: number; readonly group: number };

export type ChunkContent =
  /** The whole subtree: its entries in the order of their key hashes. */
  | { readonly type: 'entries'; readonly entries: readonly (readonly [key: string, value: Uint8Array])[] }
  /**
   * A larger subtree's top four levels as a page, and of each inner node below them the hashes of its two children: so
   * that it is certain at once that it is one.
   */
  | { readonly type: 'split'; readonly page: Uint8Array; readonly children: Uint8Array }
  /** 32 bytes each: ids in the order of their execution, or roots in the order of their groups. */
  | { readonly type: 'hashes'; readonly hashes: Uint8Array };

export interface Chunk {
  readonly address: ChunkAddress;
  /** {@link encodeAddress} of the address. */
  readonly addressBytes: Uint8Array;
  readonly content: ChunkContent;
}

const chunkVersion = 1;
const addressLimits: CodecLimits = { bytesMax: snapshotLimits.addressBytesMax, depthMax: 1, countMax: 4 };
const chunkCodecLimits: CodecLimits = {
  bytesMax: snapshotLimits.chunkBytesMax,
  depthMax: 2,
  countMax: 2 * snapshotLimits.chunkEntriesMax + 8,
};
const addressTypes = ['state', 'outline', 'ids'] as const;
const contentTypes = ['entries', 'split', 'hashes'] as const;

/** A subtree's place: the bits above its depth, then zeros. */
export function placeOf(keyHash: HashText, depth: number): HashText {
  const whole = keyHash.slice(0, depth >>> 3);
  const half = depth % 8 === 0 ? '' : String.fromCharCode(keyHash.charCodeAt(depth >>> 3) & 0xf0);
  return (whole + half).padEnd(HASH_BYTES, '\0');
}

/** Canonical bytes `[0, depth, path]`, `[1, minute]` or `[2, minute, group]`. */
export function encodeAddress(address: ChunkAddress): Uint8Array {
  const type = addressTypes.indexOf(address.type);
  if (address.type === 'outline') return encodeCanonical([type, address.minute]);
  if (address.type === 'ids') return encodeCanonical([type, address.minute, address.group]);
  const { depth, path } = address;
  return encodeCanonical([type, depth, latin1Bytes(path.slice(0, Math.ceil(depth / 8)))]);
}

/** The strict inverse. Throws `snapshot-invalid`. */
export function decodeAddress(bytes: Uint8Array): ChunkAddress {
  const [type, first, second, ...rest] = list(decode(bytes, addressLimits));
  if (typeof first !== 'number' || first < 0 || rest.length > 0) throw invalidSnapshot('an address is malformed');
  if (type === 1 && second === undefined) return { type: 'outline', minute: first };
  if (type === 2 && typeof second === 'number' && second >= 0) return { type: 'ids', minute: first, group: second };
  if (type !== 0 || first % pageDepth !== 0 || first >= 8 * HASH_BYTES)
    throw invalidSnapshot('an address is malformed');
  if (!(second instanceof Uint8Array) || second.length !== Math.ceil(first / 8))
    throw invalidSnapshot('an address is malformed');
  const path = latin1Text(second).padEnd(HASH_BYTES, '\0');
  if (placeOf(path, first) !== path) throw invalidSnapshot('an address has bits below its depth');
  return { type: 'state', depth: first, path };
}

/** Canonical bytes `[version, type, address, content…]`. */
export function encodeChunk(addressBytes: Uint8Array, content: ChunkContent): Uint8Array {
  const head = [chunkVersion, contentTypes.indexOf(content.type), addressBytes];
  if (content.type === 'hashes') return encodeCanonical([...head, content.hashes]);
  if (content.type === 'split') return encodeCanonical([...head, content.page, content.children]);
  return encodeCanonical([...head, content.entries.flat()]);
}

/** The strict inverse; nothing is proved yet. Throws `snapshot-invalid`. */
export function decodeChunk(bytes: Uint8Array): Chunk {
  const [version, type, addressBytes, first, second, ...rest] = list(decode(bytes, chunkCodecLimits));
  if (version !== chunkVersion || !(addressBytes instanceof Uint8Array) || rest.length > 0)
    throw invalidSnapshot('a chunk has another shape');
  const address = decodeAddress(addressBytes);
  const isOfState = address.type === 'state';
  if (type === 0 && isOfState && second === undefined)
    return { address, addressBytes, content: { type: 'entries', entries: entriesOf(list(first)) } };
  if (!(first instanceof Uint8Array)) throw invalidSnapshot('a chunk has another shape');
  if (type === 1 && isOfState && second instanceof Uint8Array)
    return { address, addressBytes, content: { type: 'split', page: first, children: second } };
  if (type !== 2 || isOfState || second !== undefined || first.length % HASH_BYTES !== 0)
    throw invalidSnapshot('a chunk has another shape');
  return { address, addressBytes, content: { type: 'hashes', hashes: first } };
}

/** The 32-byte pieces. Views, not copies. */
export function hashesIn(bytes: Uint8Array): Uint8Array[] {
  return Array.from({ length: bytes.length / HASH_BYTES }, (_, index) =>
    bytes.subarray(index * HASH_BYTES, (index + 1) * HASH_BYTES),
  );
}

export function invalidSnapshot(reason: string, cause?: unknown): AssentError {
  return new AssentError('snapshot-invalid', `the snapshot is invalid: ${reason}`, {}, { cause });
}

/** Canonical bytes within the bounds. Throws `snapshot-invalid`. */
export function decode(bytes: Uint8Array, limits: CodecLimits): CanonicalValue {
  try {
    return decodeCanonical(bytes, limits);
  } catch (error) {
    throw invalidSnapshot('it is not canonical msgpack within its bounds', error);
  }
}

export function list(value: CanonicalValue | undefined): readonly CanonicalValue[] {
  if (!Array.isArray(value)) throw invalidSnapshot('something is not a list');
  return value;
}

const keyPattern = /^[!-~]+$/;

function entriesOf(flat: readonly CanonicalValue[]): [string, Uint8Array][] {
  if (flat.length % 2 !== 0) throw invalidSnapshot('a key has no value');
  const entries: [string, Uint8Array][] = [];
  for (let index = 0; index < flat.length; index += 2) {
    const [key, value] = [flat[index], flat[index + 1]];
    if (typeof key !== 'string' || key.length > ledgerLimits.stateKeyCharactersMax || !keyPattern.test(key))
      throw invalidSnapshot('a key of the state is malformed');
    if (!(value instanceof Uint8Array) || value.length > ledgerLimits.stateValueBytesMax)
      throw invalidSnapshot('a value of the state is malformed');
    entries.push([key, value]);
  }
  return entries;
}
