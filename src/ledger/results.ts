import { AssentError, concatBytes, equalBytes } from '../base/index.ts';
import { sha256 } from '../crypto/portable.ts';
import { type CanonicalValue, decodeCanonical, encodeCanonical } from './codec/index.ts';
import { ledgerLimits } from './limits.ts';
import type { TransactionResult } from './types/execution.ts';

const resultVersion = 1;
const receiptVersion = 2;
/** Of SHA-256 over the id and what is stored: tells what a disk altered, before it is answered. */
const checksumBytes = 8;
const resultDepthMax = 20;
const resultValuesMax = 100_000;

/** Where a transaction stands in the chain and what it came to. The same for every node and for ever. */
export interface Receipt {
  readonly id: Uint8Array;
  readonly height: number;
  /** Place among the block's transactions, from 0. */
  readonly index: number;
  /** The block's time, milliseconds since the Unix epoch. */
  readonly timestamp: number;
  readonly blockHash: Uint8Array;
  readonly result: TransactionResult;
}

/** Canonical bytes of what every node must agree on: `[version, true, output]` or `[version, false, code, rule]`. */
export function encodeResult(result: TransactionResult): Uint8Array {
  return encodeCanonical(
    result.ok ? [resultVersion, true, result.output] : [resultVersion, false, result.code, result.rule],
  );
}

/** What a result says; the sentence of a refusal is no part of it. */
export type ResultContent =
  | { readonly ok: true; readonly output: CanonicalValue }
  | { readonly ok: false; readonly code: string; readonly rule: string };

/** Strict inverse of {@link encodeResult}. Throws `encoding-invalid` or `encoding-too-large`. */
export function openResult(bytes: Uint8Array): ResultContent {
  const value = decodeCanonical(bytes, {
    bytesMax: ledgerLimits.stateValueBytesMax,
    depthMax: resultDepthMax,
    countMax: resultValuesMax,
  });
  const [version, ok, first, rule, ...rest] = Array.isArray(value) ? value : [];
  if (version === resultVersion && ok === true && first !== undefined && rule === undefined)
    return { ok, output: first };
  if (
    version === resultVersion &&
    ok === false &&
    typeof first === 'string' &&
    typeof rule === 'string' &&
    !rest.length
  )
    return { ok, code: first, rule };
  throw new AssentError('encoding-invalid', 'a result has another shape');
}

/**
 * The stored form of a receipt, and a checksum; the id is its key. The sentence of a refusal is kept beside what is hashed
 * under `resultsRoot`.
 */
export function encodeReceipt(receipt: Receipt): Uint8Array {
  const { id, result } = receipt;
  const encoded = encodeCanonical([
    receiptVersion,
    receipt.height,
    receipt.index,
    receipt.timestamp,
    receipt.blockHash,
    result.ok ? [true, result.output] : [false, result.code, result.rule, result.sentence],
  ]);
  return concatBytes(encoded, checksumOf(id, encoded));
}

function checksumOf(id: Uint8Array, encoded: Uint8Array): Uint8Array {
  return sha256(id, encoded).subarray(0, checksumBytes);
}

/** Reads a stored receipt. Throws `storage-damaged`. */
export function decodeReceipt(id: Uint8Array, bytes: Uint8Array): Receipt {
  const encoded = bytes.subarray(0, Math.max(0, bytes.length - checksumBytes));
  if (!equalBytes(checksumOf(id, encoded), bytes.subarray(encoded.length))) throw damaged();
  const value = decodeStored(encoded);
  if (!Array.isArray(value) || value.length !== 6 || value[0] !== receiptVersion) throw damaged();
  const [, height, index, timestamp, blockHash, result] = value as readonly CanonicalValue[];
  if (typeof height !== 'number' || typeof index !== 'number' || typeof timestamp !== 'number') throw damaged();
  if (!(blockHash instanceof Uint8Array) || !Array.isArray(result)) throw damaged();
  return { id, height, index, timestamp, blockHash, result: decodeResult(result) };
}

function decodeStored(bytes: Uint8Array): CanonicalValue {
  const bytesMax = 2 * ledgerLimits.stateValueBytesMax;
  try {
    return decodeCanonical(bytes, { bytesMax, depthMax: resultDepthMax, countMax: resultValuesMax });
  } catch (error) {
    throw damaged(error);
  }
}

function decodeResult(value: readonly CanonicalValue[]): TransactionResult {
  const [ok, first, rule, sentence] = value;
  if (ok === true && first !== undefined) return { ok: true, output: first };
  if (typeof first !== 'string' || typeof rule !== 'string' || typeof sentence !== 'string') throw damaged();
  return { ok: false, code: first, rule, sentence };
}

function damaged(cause?: unknown): AssentError {
  return new AssentError('storage-damaged', 'a stored receipt was changed on disk', {}, { cause });
}
