import { AssentError, equalBytes, toHex } from '../base/index.ts';
import { leafHash, merkleRoot, SIGNATURE_BYTES, sha256 } from '../crypto/portable.ts';
import { type CanonicalValue, decodeCanonical, encodeCanonical } from './codec/index.ts';
import { type BlockHeader, decodeHeader, headerHash } from './header.ts';
import { ledgerLimits } from './limits.ts';
import { UnverifiedTransaction } from './transaction.ts';

const blockVersion = 1;
const blockLimits = {
  bytesMax: ledgerLimits.blockBytesMax,
  depthMax: 3,
  countMax: ledgerLimits.blockTransactionsMax + 16,
};

/** A header as it travels: its bytes and the proposer's signature over them. */
export interface SignedHeaderParts {
  readonly headerBytes: Uint8Array;
  readonly headerSignature: Uint8Array;
}

/**
 * A block as it travelled, its transactions not decoded yet: enough to hand it on or to prove something of it. Its hash
 * stands for all of it but the signature: justification and transactions are those that the header names.
 */
export interface OpenedBlock extends SignedHeaderParts {
  readonly bytes: Uint8Array;
  readonly header: BlockHeader;
  readonly hash: Uint8Array;
  readonly hashHex: string;
  /** Certificates of the past, encoded by consensus; the header carries their hash. */
  readonly justification: Uint8Array;
  readonly transactionBytes: readonly Uint8Array[];
}

/** A block as it travelled: header, signature and transactions well-formed, nothing verified. */
export interface ReceivedBlock extends OpenedBlock {
  readonly transactions: readonly UnverifiedTransaction[];
}

/** Canonical bytes `[version, header, signature, justification, [transaction, …]]`. */
export function encodeBlock(
  parts: SignedHeaderParts & { justification: Uint8Array; transactions: readonly Uint8Array[] },
): Uint8Array {
  return encodeCanonical([
    blockVersion,
    parts.headerBytes,
    parts.headerSignature,
    parts.justification,
    parts.transactions,
  ]);
}

/**
 * Reads block bytes and checks that they are one block: whoever passes on another's header with other transactions is
 * found out here, and not when the block is executed. The signature and the transactions' own form are not looked at.
 * Throws `block-invalid`, `encoding-invalid` or `encoding-too-large`.
 */
export function openBlock(bytes: Uint8Array): OpenedBlock {
  const value = decodeCanonical(bytes, blockLimits);
  if (!isList(value) || value.length !== 5 || value[0] !== blockVersion) throw invalidBlock('it has another shape');
  const [, headerBytes, headerSignature, justification, transactions] = value;
  if (!(headerBytes instanceof Uint8Array)) throw invalidBlock('the header is not binary');
  if (!(headerSignature instanceof Uint8Array) || headerSignature.length !== SIGNATURE_BYTES) {
    throw invalidBlock('the signature is not 64 bytes');
  }
  if (!(justification instanceof Uint8Array) || justification.length > ledgerLimits.justificationBytesMax) {
    throw invalidBlock('the justification is not binary within its bound');
  }
  if (transactions === undefined || !isList(transactions) || transactions.length > ledgerLimits.blockTransactionsMax) {
    throw invalidBlock('the transactions are not a bounded list');
  }
  const header = decodeHeader(headerBytes);
  if (header.transactionCount !== transactions.length)
    throw invalidBlock('its transactions are not as many as its header says');
  if (!equalBytes(sha256(justification), header.justificationHash))
    throw invalidBlock("its justification is not the header's");
  const transactionBytes = transactions.map(transactionBinary);
  if (!equalBytes(merkleRoot(transactionBytes.map((item) => leafHash(item))), header.transactionsRoot))
    throw invalidBlock("its transactions are not the header's");
  const hash = headerHash(headerBytes);
  return { bytes, headerBytes, headerSignature, header, hash, hashHex: toHex(hash), justification, transactionBytes };
}

/** Decodes the transactions. Throws the code of the one that is malformed. */
export function decodeTransactions(opened: OpenedBlock): ReceivedBlock {
  return { ...opened, transactions: opened.transactionBytes.map((item) => new UnverifiedTransaction(item)) };
}

/** {@link openBlock}, then {@link decodeTransactions}. */
export function decodeBlock(bytes: Uint8Array): ReceivedBlock {
  return decodeTransactions(openBlock(bytes));
}

/** Canonical bytes `[header, signature]`: a header that can be checked without its block. */
export function encodeSignedHeader(parts: SignedHeaderParts): Uint8Array {
  return encodeCanonical([parts.headerBytes, parts.headerSignature]);
}

/** Reads a signed header. Throws `block-invalid` or `encoding-invalid`. The signature is not checked. */
export function decodeSignedHeader(bytes: Uint8Array): SignedHeaderParts & { header: BlockHeader; hash: Uint8Array } {
  const value = decodeCanonical(bytes, { bytesMax: 2048, depthMax: 2, countMax: 4 });
  if (!Array.isArray(value) || value.length !== 2) throw invalidBlock('a signed header has two fields');
  const [headerBytes, headerSignature] = value as readonly CanonicalValue[];
  if (
    !(headerBytes instanceof Uint8Array) ||
    !(headerSignature instanceof Uint8Array) ||
    headerSignature.length !== SIGNATURE_BYTES
  ) {
    throw invalidBlock('a signed header is a header and 64 bytes');
  }
  return { headerBytes, headerSignature, header: decodeHeader(headerBytes), hash: headerHash(headerBytes) };
}

function transactionBinary(value: CanonicalValue): Uint8Array {
  if (!(value instanceof Uint8Array)) throw invalidBlock('a transaction is not binary');
  return value;
}

function isList(value: CanonicalValue): value is readonly CanonicalValue[] {
  return Array.isArray(value);
}

function invalidBlock(reason: string): AssentError {
  return new AssentError('block-invalid', `the block is invalid: ${reason}`);
}
