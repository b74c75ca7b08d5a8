import { AssentError } from '../base/index.ts';
import { sha256, signedMessage } from '../crypto/portable.ts';
import { type CanonicalValue, decodeCanonical, encodeCanonical } from './codec/index.ts';

export const headerVersion = 1;
const headerFieldCount = 14;
const headerLimits = { bytesMax: 1024, depthMax: 2, countMax: 32 };

/** What a proposer signs (protocol.md §4). Hashes and keys are 32 bytes, times milliseconds since the Unix epoch. */
export interface BlockHeader {
  readonly ledgerId: Uint8Array;
  readonly height: number;
  readonly term: number;
  readonly parentHash: Uint8Array;
  readonly timestamp: number;
  /** Ed25519 node key of the sealing leader. */
  readonly proposer: Uint8Array;
  readonly transactionsRoot: Uint8Array;
  readonly transactionCount: number;
  readonly resultsRoot: Uint8Array;
  readonly stateRoot: Uint8Array;
  /** RFC 9162 root over the hashes of all earlier blocks; leaf 0 is the ledger id. */
  readonly historyRoot: Uint8Array;
  /** Configuration in force after this block. */
  readonly configurationHash: Uint8Array;
  readonly justificationHash: Uint8Array;
}

export function encodeHeader(header: BlockHeader): Uint8Array {
  return encodeCanonical([
    headerVersion,
    header.ledgerId,
    header.height,
    header.term,
    header.parentHash,
    header.timestamp,
    header.proposer,
    header.transactionsRoot,
    header.transactionCount,
    header.resultsRoot,
    header.stateRoot,
    header.historyRoot,
    header.configurationHash,
    header.justificationHash,
  ]);
}

/** Reads header bytes. Throws `block-invalid` or `encoding-invalid`. */
export function decodeHeader(bytes: Uint8Array): BlockHeader {
  const value = decodeCanonical(bytes, headerLimits);
  if (!Array.isArray(value) || value.length !== headerFieldCount)
    throw invalidHeader(`it has ${headerFieldCount} fields`);
  const field = (index: number): CanonicalValue => value[index] as CanonicalValue;
  if (field(0) !== headerVersion) throw invalidHeader(`version ${String(field(0))} is not ${headerVersion}`);
  return {
    ledgerId: hash(field(1), 'ledgerId'),
    height: count(field(2), 'height'),
    term: count(field(3), 'term'),
    parentHash: hash(field(4), 'parentHash'),
    timestamp: count(field(5), 'timestamp'),
    proposer: hash(field(6), 'proposer'),
    transactionsRoot: hash(field(7), 'transactionsRoot'),
    transactionCount: count(field(8), 'transactionCount'),
    resultsRoot: hash(field(9), 'resultsRoot'),
    stateRoot: hash(field(10), 'stateRoot'),
    historyRoot: hash(field(11), 'historyRoot'),
    configurationHash: hash(field(12), 'configurationHash'),
    justificationHash: hash(field(13), 'justificationHash'),
  };
}

/** The block's hash: that of its header bytes. */
export function headerHash(headerBytes: Uint8Array): Uint8Array {
  return sha256(headerBytes);
}

/** The bytes a proposer signs. */
export function headerMessage(ledgerId: Uint8Array, headerBytes: Uint8Array): Uint8Array {
  return signedMessage('header', ledgerId, headerBytes);
}

function hash(value: CanonicalValue, name: string): Uint8Array {
  if (!(value instanceof Uint8Array) || value.length !== 32) throw invalidHeader(`${name} is not 32 bytes`);
  return value;
}

function count(value: CanonicalValue, name: string): number {
  if (typeof value !== 'number' || value < 0) throw invalidHeader(`${name} is not a count`);
  return value;
}

function invalidHeader(reason: string): AssentError {
  return new AssentError('block-invalid', `the header is malformed: ${reason}`);
}
