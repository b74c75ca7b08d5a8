import { AssentError, equalBytes, messageOf } from '../../base/index.ts';
import { HASH_BYTES, PUBLIC_KEY_BYTES, SIGNATURE_BYTES, sha256 } from '../../crypto/portable.ts';
import { type CanonicalValue, decodeCanonical, encodeCanonical } from '../../ledger/portable.ts';

/** The last block that a witness cosigned, with what it signed. */
export interface LastCosigned {
  /** As `encodeCheckpoint` writes it. */
  readonly checkpoint: Uint8Array;
  readonly time: number;
  readonly signature: Uint8Array;
}

/** All that a witness must never forget. */
export interface WitnessMemory {
  readonly ledgerId: Uint8Array;
  /** The witness's key. */
  readonly witness: Uint8Array;
  /** Name of the key in the keystore. */
  readonly keyName: string;
  /** Undefined before the first. */
  readonly last: LastCosigned | undefined;
}

/** Where the memory is kept. `write` returns once the bytes are durable, whole: after a crash they are the old or the new. */
export interface MemoryFile {
  read(): Uint8Array | undefined;
  write(bytes: Uint8Array): void;
}

const version = 1;
const format = 'assent-witness';
const limits = { bytesMax: 4096, depthMax: 2, countMax: 16 };

/** Canonical bytes `[1, "assent-witness", ledgerId, witness, key name, [checkpoint, time, signature] | nil]` ‖ SHA-256 of them. */
export function encodeMemory({ ledgerId, witness, keyName, last }: WitnessMemory): Uint8Array {
  const lastFields = last === undefined ? null : [last.checkpoint, last.time, last.signature];
  const fields = encodeCanonical([version, format, ledgerId, witness, keyName, lastFields]);
  const bytes = new Uint8Array(fields.length + HASH_BYTES);
  bytes.set(fields);
  bytes.set(sha256(fields), fields.length);
  return bytes;
}

/** Strict inverse of {@link encodeMemory}. Throws `storage-damaged`: a witness that does not know what it signed stops. */
export function decodeMemory(bytes: Uint8Array): WitnessMemory {
  const fields = bytes.subarray(0, Math.max(0, bytes.length - HASH_BYTES));
  if (!equalBytes(sha256(fields), bytes.subarray(fields.length))) throw damaged('its digest is another');
  const value = decoded(fields);
  const [readVersion, readFormat, ledgerId, witness, keyName, last] =
    Array.isArray(value) && value.length === 6 ? (value as readonly CanonicalValue[]) : [];
  if (readVersion !== version || readFormat !== format) throw damaged('it is of another version');
  if (!isBytes(ledgerId, HASH_BYTES) || !isBytes(witness, PUBLIC_KEY_BYTES) || typeof keyName !== 'string')
    throw damaged('it has another form');
  return { ledgerId, witness, keyName, last: last === null ? undefined : lastOf(last) };
}

function lastOf(value: CanonicalValue | undefined): LastCosigned {
  const [checkpoint, time, signature] = Array.isArray(value) && value.length === 3 ? value : [];
  if (!(checkpoint instanceof Uint8Array) || typeof time !== 'number' || !isBytes(signature, SIGNATURE_BYTES))
    throw damaged('it has another form');
  return { checkpoint, time, signature };
}

function decoded(fields: Uint8Array): CanonicalValue {
  try {
    return decodeCanonical(fields, limits);
  } catch (error) {
    throw damaged(messageOf(error));
  }
}

function isBytes(value: CanonicalValue | undefined, length: number): value is Uint8Array {
  return value instanceof Uint8Array && value.length === length;
}

function damaged(reason: string): AssentError {
  return new AssentError('storage-damaged', `The memory of the witness cannot be used: ${reason}.`);
}
