import { AssentError, messageOf } from '../../base/index.ts';
import { HASH_BYTES } from '../../crypto/index.ts';
import { type CanonicalValue, decodeCanonical, encodeCanonical, ledgerLimits } from '../../ledger/index.ts';

/** The most content in one frame: as of snapshots, so that what shares the connection is not held up. */
export const pieceBytesMax = 262_144;

/** Something that every node has, and by its hash is the same whoever gives it. */
export type Wanted =
  | { readonly type: 'block'; readonly height: number; readonly hash: Uint8Array }
  /** What stood under a key of the state after a block: the hash of the value. */
  | { readonly type: 'value'; readonly key: string; readonly height: number; readonly hash: Uint8Array };

/** What nodes say to one another to repair what one of them has damaged, on the bulk channel. */
export type RepairMessage =
  | { readonly type: 'ask'; readonly wanted: Wanted; readonly offset: number }
  /** Bytes from `offset` on, of `total`; none at all where the sender does not have it. */
  | {
      readonly type: 'give';
      readonly wanted: Wanted;
      readonly offset: number;
      readonly total: number;
      readonly bytes: Uint8Array;
    };

const wireVersion = 1;
/** Apart from those of the messages about snapshots, which share the channel. */
const numbers = { ask: 16, give: 17 } as const;
const things = ['block', 'value'] as const;
const frameLimits = { bytesMax: pieceBytesMax + 2048, depthMax: 1, countMax: 11 };
const totalMax = ledgerLimits.blockBytesMax;

/** Whether a frame of the bulk channel is one of these: the number is its third byte. */
export function isRepairFrame(frame: Uint8Array): boolean {
  return frame[2] === numbers.ask || frame[2] === numbers.give;
}

/** Canonical bytes `[version, number, thing, key or nil, height, hash, offset, total?, bytes?]`. */
export function encodeRepairMessage(message: RepairMessage): Uint8Array {
  const { wanted, offset } = message;
  const { type, height, hash } = wanted;
  const key: CanonicalValue = type === 'block' ? null : wanted.key;
  const head = [wireVersion, numbers[message.type], things.indexOf(type), key, height, hash, offset];
  return encodeCanonical(message.type === 'ask' ? head : [...head, message.total, message.bytes]);
}

/** Throws `frame-invalid` for anything that {@link encodeRepairMessage} does not give. */
export function decodeRepairMessage(frame: Uint8Array): RepairMessage {
  const value = decodeOrRefuse(frame);
  if (!Array.isArray(value)) throw invalid('it is no list');
  const [version, number, thing, key, height, hash, offset, total, bytes] = value as readonly CanonicalValue[];
  if (version !== wireVersion) throw invalid('unknown version');
  if (!(hash instanceof Uint8Array) || hash.length !== HASH_BYTES) throw invalid('it names no hash');
  const wanted = wantedIn(thing, key, height, hash);
  if (typeof offset !== 'number' || offset < 0 || offset > totalMax) throw invalid('its offset is out of bounds');
  if (number === numbers.ask && value.length === 7) return { type: 'ask', wanted, offset };
  if (number !== numbers.give || value.length !== 9 || typeof total !== 'number' || !(bytes instanceof Uint8Array))
    throw invalid('it has another shape');
  if (total < 0 || total > totalMax || offset + bytes.length > total) throw invalid('a piece is out of bounds');
  return { type: 'give', wanted, offset, total, bytes };
}

function wantedIn(
  thing: CanonicalValue | undefined,
  key: CanonicalValue | undefined,
  height: CanonicalValue | undefined,
  hash: Uint8Array,
): Wanted {
  const type = typeof thing === 'number' ? things[thing] : undefined;
  if (typeof height !== 'number') throw invalid('it names no height');
  if (type === 'block' && key === null && height >= 1) return { type, height, hash };
  const isKey = typeof key === 'string' && /^[!-~]+$/.test(key) && key.length <= ledgerLimits.stateKeyCharactersMax;
  if (type === 'value' && isKey && height >= 0) return { type, key, height, hash };
  throw invalid('it does not say what it is about');
}

function decodeOrRefuse(frame: Uint8Array): CanonicalValue {
  try {
    return decodeCanonical(frame, frameLimits);
  } catch (error) {
    throw invalid(messageOf(error), error);
  }
}

function invalid(reason: string, cause?: unknown): AssentError {
  return new AssentError('frame-invalid', `a message about repairs is not readable: ${reason}`, {}, { cause });
}
