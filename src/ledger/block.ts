import { AssentError, equalBytes, toHex } from '../base/index.ts';
import { sha256 } from '../crypto/portable.ts';
import { type CanonicalValue, decodeCanonical, encodeCanonical } from './codec/index.ts';
import { type BlockHeader, decodeHeader, headerHash } from './header.ts';
import { ledgerLimits } from './limits.ts';
import { signatureBytes, UnverifiedTransaction } from './transaction.ts';

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

/** A block as it travelled: header, signature and transactions well-formed, nothing verified. */
export interface ReceivedBlock extends SignedHeaderParts {
  readonly bytes: Uint8Array;
  readonly header: BlockHeader;
  readonly hash: Uint8Array;
  readonly hashHex: string;
  /** Certificates of the past, encoded by consensus; the header carries their hash. */
  readonly justification: Uint8Array;
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
 * Reads block bytes and checks everything that needs neither keys nor state. Throws `block-invalid`, `encoding-invalid`,
 * `encoding-too-large`, or the code of the transaction that is malformed.
 */
export function decodeBlock(bytes: Uint8Array): ReceivedBlock {
  const value = decodeCanonical(bytes, blockLimits);
  if (!Array.isArray(value) || value.length !== 5 || value[0] !== blockVersion)
    throw invalidBlock('it has another shape');
  const [, headerBytes, headerSignature, justification, transactions] = value as readonly CanonicalValue[];
  if (!(headerBytes instanceof Uint8Array)) throw invalidBlock('the header is not binary');
  if (!(headerSignature instanceof Uint8Array) || headerSignature.length !== signatureBytes)
    throw invalidBlock('the signature is not 64 bytes');
  if (!(justification instanceof Uint8Array) || justification.length > ledgerLimits.justificationBytesMax) {
    throw invalidBlock('the justification is not binary within its bound');
  }
  if (!Array.isArray(transactions) || transactions.length > ledgerLimits.blockTransactionsMax)
    throw invalidBlock('the transactions are not a bounded list');
  const header = decodeHeader(headerBytes);
  if (header.transactionCount !== transactions.length)
    throw invalidBlock('the count of transactions differs from the header');
  if (!equalBytes(sha256(justification), header.justificationHash))
    throw invalidBlock('the justification differs from the header');
  const hash = headerHash(headerBytes);
  return {
    bytes,
    headerBytes,
    headerSignature,
    header,
    hash,
    hashHex: toHex(hash),
    justification,
    transactions: transactions.map(readTransaction),
  };
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
    headerSignature.length !== signatureBytes
  ) {
    throw invalidBlock('a signed header is a header and 64 bytes');
  }
  return { headerBytes, headerSignature, header: decodeHeader(headerBytes), hash: headerHash(headerBytes) };
}

function readTransaction(value: CanonicalValue): UnverifiedTransaction {
  if (!(value instanceof Uint8Array)) throw invalidBlock('a transaction is not binary');
  return new UnverifiedTransaction(value);
}

function invalidBlock(reason: string): AssentError {
  return new AssentError('block-invalid', `the block is invalid: ${reason}`);
}
