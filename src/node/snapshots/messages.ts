import { AssentError, messageOf } from '../../base/index.ts';
import { HASH_BYTES } from '../../crypto/index.ts';
import { type CanonicalValue, decodeCanonical, encodeCanonical, snapshotLimits } from '../../ledger/index.ts';

/** The most content in one frame, and so the most that one asker has on the way to it: 256 KiB. */
export const pieceBytesMax = 262_144;

/** What is asked for: a chunk by its address, or with an empty one the manifest. */
export interface Wanted {
  /** Hash of the snapshot's block. Empty: the manifest of whatever snapshot there is. */
  readonly block: Uint8Array;
  readonly address: Uint8Array;
}

/** What the bulk channel carries (protocol.md §8). */
export type SnapshotMessage =
  | ({ readonly type: 'request'; readonly offset: number } & Wanted)
  /** Bytes of it from `offset` on, of `total`. */
  | ({ readonly type: 'piece'; readonly offset: number; readonly total: number; readonly bytes: Uint8Array } & Wanted)
  /** There is no such snapshot here, or not any more. */
  | ({ readonly type: 'none' } & Wanted);

const wireVersion = 1;
const types = ['request', 'piece', 'none'] as const;
const frameLimits = { bytesMax: pieceBytesMax + 1024, depthMax: 1, countMax: 8 };
const totalMax = Math.max(snapshotLimits.manifestBytesMax, snapshotLimits.chunkBytesMax);

/** Canonical bytes `[version, type, block, address, offset?, total?, bytes?]`. */
export function encodeSnapshotMessage(message: SnapshotMessage): Uint8Array {
  const head: CanonicalValue[] = [wireVersion, types.indexOf(message.type), message.block, message.address];
  if (message.type === 'none') return encodeCanonical(head);
  if (message.type === 'request') return encodeCanonical([...head, message.offset]);
  return encodeCanonical([...head, message.offset, message.total, message.bytes]);
}

/** Throws `frame-invalid` for anything that {@link encodeSnapshotMessage} does not give. */
export function decodeSnapshotMessage(frame: Uint8Array): SnapshotMessage {
  const value = decodeOrRefuse(frame);
  if (!Array.isArray(value)) throw invalid('it is no list');
  const [version, number, block, address, offset, total, bytes] = value as readonly CanonicalValue[];
  if (version !== wireVersion) throw invalid('unknown version');
  const type = typeof number === 'number' ? types[number] : undefined;
  const isBlock = block instanceof Uint8Array && (block.length === HASH_BYTES || block.length === 0);
  if (!isBlock || !(address instanceof Uint8Array) || address.length > snapshotLimits.addressBytesMax)
    throw invalid('it does not say what it is about');
  const wanted = { block, address };
  if (type === 'none' && value.length === 4) return { type, ...wanted };
  if (typeof offset !== 'number' || offset < 0 || offset >= totalMax) throw invalid('its offset is out of bounds');
  if (type === 'request' && value.length === 5) return { type, ...wanted, offset };
  if (type !== 'piece' || value.length !== 7 || typeof total !== 'number' || !(bytes instanceof Uint8Array))
    throw invalid('it has another shape');
  const isWithin = total <= totalMax && bytes.length > 0 && offset + bytes.length <= total;
  if (!isWithin || block.length === 0) throw invalid('a piece is out of bounds');
  return { type, ...wanted, offset, total, bytes };
}

function decodeOrRefuse(frame: Uint8Array): CanonicalValue {
  try {
    return decodeCanonical(frame, frameLimits);
  } catch (error) {
    throw invalid(messageOf(error), error);
  }
}

function invalid(reason: string, cause?: unknown): AssentError {
  return new AssentError('frame-invalid', `a message about snapshots is not readable: ${reason}`, {}, { cause });
}
