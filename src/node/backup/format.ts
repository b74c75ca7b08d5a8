import { AssentError, messageOf } from '../../base/index.ts';
import { type CanonicalValue, decodeCanonical, encodeCanonical } from '../../ledger/index.ts';

/** What the file begins with. */
export const backupKind = 'assent-backup-1';

/** Of which ledger and node a backup is, and what the node had applied. */
export interface BackupHead {
  readonly ledgerId: Uint8Array;
  /** The key of the node that was backed up: nobody may go on under it. */
  readonly nodeKey: Uint8Array;
  /** Of the newest block whose effects are in the backup. */
  readonly height: number;
  readonly hash: Uint8Array;
  /** The newest term that the node knew of: whoever goes on does so in it or above. */
  readonly term: number;
}

type StoreEntry = readonly [key: Uint8Array, value: Uint8Array];

const version = 1;
const headLimits = { bytesMax: 1024, depthMax: 1, countMax: 8 };
const entriesLimits = { bytesMax: 16 * 1024 * 1024, depthMax: 1, countMax: 4096 };

/** The first record. */
export function encodeHead({ ledgerId, nodeKey, height, hash, term }: BackupHead): Uint8Array {
  return encodeCanonical([version, ledgerId, nodeKey, height, hash, term]);
}

export function decodeHead(bytes: Uint8Array): BackupHead {
  const [found, ledgerId, nodeKey, height, hash, term] = list(bytes, headLimits);
  if (found !== version || typeof height !== 'number' || typeof term !== 'number')
    throw invalidBackup('it begins with something else');
  return { ledgerId: binary(ledgerId), nodeKey: binary(nodeKey), height, hash: binary(hash), term };
}

/** Each other record: keys, each with its value after it. */
export function encodeEntries(entries: readonly StoreEntry[]): Uint8Array {
  return encodeCanonical(entries.flat());
}

export function decodeEntries(bytes: Uint8Array): StoreEntry[] {
  const flat = list(bytes, entriesLimits);
  if (flat.length % 2 !== 0) throw invalidBackup('a key has no value');
  return Array.from({ length: flat.length / 2 }, (_, index) => [binary(flat[2 * index]), binary(flat[2 * index + 1])]);
}

export function invalidBackup(reason: string, cause?: unknown): AssentError {
  return new AssentError('backup-invalid', `The backup cannot be used: ${reason}; nothing was written.`, {}, { cause });
}

function list(bytes: Uint8Array, limits: typeof headLimits): readonly CanonicalValue[] {
  try {
    const value = decodeCanonical(bytes, limits);
    if (Array.isArray(value)) return value;
  } catch (error) {
    throw invalidBackup(messageOf(error), error);
  }
  throw invalidBackup('a record has another shape');
}

function binary(value: CanonicalValue | undefined): Uint8Array {
  if (value instanceof Uint8Array) return value;
  throw invalidBackup('a record has another shape');
}
