import { AssentError, fromHex, fromUtf8, toHex, utf8 } from '../../base/index.ts';
import {
  domainPrefix,
  hkdfSha256,
  PASSPHRASE_SALT_BYTES,
  type PassphraseCost,
  passphraseKey,
  randomBytes,
  SEALING_KEY_BYTES,
  seal,
  secureBytes,
  sha256,
  unseal,
  wipe,
} from '../../crypto/index.ts';

/** RFC 9106 §4, second recommended option (with one lane): three passes over 64 MiB. */
export const standardPassphraseCost: PassphraseCost = { operations: 3, memoryBytes: 64 * 1024 * 1024 };

// A header can ask for no more work than this, whoever wrote it.
const OPERATIONS_MAX = 16;
const MEMORY_BYTES_MIN = 8 * 1024;
const MEMORY_BYTES_MAX = 1024 * 1024 * 1024;

const FORMAT = 'assent-keystore';
const VERSION = 1;
const masterKeyDomain = domainPrefix('keystore-master-key');

interface Header {
  readonly format: string;
  readonly version: number;
  readonly operations: number;
  readonly memoryBytes: number;
  readonly salt: string;
  /** The master key, sealed under the key from the passphrase: a new passphrase does not touch what it protects. */
  readonly masterKey: string;
  /** Of all the above: tells a damaged header from a wrong passphrase. */
  readonly checksum: string;
}

export interface NewHeader {
  readonly bytes: Uint8Array;
  /** In guarded memory; the caller wipes it. */
  readonly masterKey: Uint8Array;
}

export async function createHeader(passphrase: string, cost: PassphraseCost): Promise<NewHeader> {
  const salt = randomBytes(PASSPHRASE_SALT_BYTES);
  const masterKey = secureBytes(SEALING_KEY_BYTES);
  masterKey.set(randomBytes(SEALING_KEY_BYTES));
  const wrappingKey = await passphraseKey(passphraseBytes(passphrase), salt, cost);
  const sealedMasterKey = seal(wrappingKey, masterKey, masterKeyDomain);
  wipe(wrappingKey);
  const content = {
    format: FORMAT,
    version: VERSION,
    operations: cost.operations,
    memoryBytes: cost.memoryBytes,
    salt: toHex(salt),
    masterKey: toHex(sealedMasterKey),
  };
  const header: Header = { ...content, checksum: checksumOf(content) };
  return { bytes: utf8(`${JSON.stringify(header, undefined, 2)}\n`), masterKey };
}

/**
 * The master key, in guarded memory. Throws AssentError 'keystore-locked' for a wrong passphrase, 'keystore-damaged'
 * for a header that was changed, 'storage-format-unknown' for one of another version.
 */
export async function openHeader(bytes: Uint8Array, passphrase: string): Promise<Uint8Array> {
  const header = parseHeader(bytes);
  const salt = fromHex(header.salt);
  const sealedMasterKey = fromHex(header.masterKey);
  if (salt?.length !== PASSPHRASE_SALT_BYTES || sealedMasterKey === undefined) throw damaged('its salt or key is cut');
  const wrappingKey = await passphraseKey(passphraseBytes(passphrase), salt, header);
  const opened = unseal(wrappingKey, sealedMasterKey, masterKeyDomain);
  wipe(wrappingKey);
  if (opened === undefined) throw new AssentError('keystore-locked', 'the passphrase does not open the keystore');
  return guarded(opened);
}

/** A key for one purpose, derived from the master key, in guarded memory. */
export function purposeKey(masterKey: Uint8Array, purpose: string): Uint8Array {
  return guarded(hkdfSha256(masterKey, undefined, domainPrefix(purpose), SEALING_KEY_BYTES));
}

/** Moves a secret into guarded memory. */
function guarded(secret: Uint8Array): Uint8Array {
  const copy = secureBytes(secret.length);
  copy.set(secret);
  wipe(secret);
  return copy;
}

/** The same text typed on another system is the same passphrase. */
function passphraseBytes(passphrase: string): Uint8Array {
  return utf8(passphrase.normalize('NFKC'));
}

function parseHeader(bytes: Uint8Array): Header {
  const header = parseObject(bytes);
  if (header?.format !== FORMAT || typeof header.version !== 'number') throw damaged('it is not one');
  if (header.version !== VERSION)
    throw new AssentError('storage-format-unknown', `the keystore has format ${header.version}, not ${VERSION}`);
  const { checksum, ...content } = header;
  if (checksum !== checksumOf(content)) throw damaged('its checksum is wrong');
  const { operations, memoryBytes } = header;
  const bounded = operations >= 1 && operations <= OPERATIONS_MAX;
  if (!bounded || !(memoryBytes >= MEMORY_BYTES_MIN && memoryBytes <= MEMORY_BYTES_MAX))
    throw damaged('the cost of its passphrase is out of bounds');
  return header;
}

/** The checksum, once it is found right, vouches for the other fields. */
function parseObject(bytes: Uint8Array): Header | undefined {
  try {
    const parsed: unknown = JSON.parse(fromUtf8(bytes));
    return typeof parsed === 'object' && parsed !== null ? (parsed as Header) : undefined;
  } catch (cause) {
    throw damaged('it is not JSON', cause);
  }
}

function checksumOf(content: Omit<Header, 'checksum'>): string {
  return toHex(sha256(utf8(JSON.stringify(content))));
}

function damaged(why: string, cause?: unknown): AssentError {
  return new AssentError('keystore-damaged', `the header of the keystore is damaged: ${why}`, {}, { cause });
}
