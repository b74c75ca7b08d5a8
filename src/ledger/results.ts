import { AssentError } from '../base/index.ts';
import { leafHash } from '../crypto/portable.ts';
import { type CanonicalValue, decodeCanonical, encodeCanonical } from './codec/index.ts';
import { ledgerLimits } from './limits.ts';
import type { TransactionResult } from './types/execution.ts';

const resultVersion = 1;

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

/** A result's leaf under `resultsRoot`. */
export function resultLeaf(result: TransactionResult): Uint8Array {
  return leafHash(encodeResult(result));
}

/** The stored form of a receipt; the id is its key. The sentence of a refusal is kept beside what is hashed. */
export function encodeReceipt(receipt: Receipt): Uint8Array {
  const { result } = receipt;
  return encodeCanonical([
    resultVersion,
    receipt.height,
    receipt.index,
    receipt.timestamp,
    receipt.blockHash,
    result.ok ? [true, result.output] : [false, result.code, result.rule, result.sentence],
  ]);
}

/** Reads a stored receipt. Throws `storage-damaged`. */
export function decodeReceipt(id: Uint8Array, bytes: Uint8Array): Receipt {
  const value = decodeStored(bytes);
  if (!Array.isArray(value) || value.length !== 6) throw damaged();
  const [, height, index, timestamp, blockHash, result] = value as readonly CanonicalValue[];
  if (typeof height !== 'number' || typeof index !== 'number' || typeof timestamp !== 'number') throw damaged();
  if (!(blockHash instanceof Uint8Array) || !Array.isArray(result)) throw damaged();
  return { id, height, index, timestamp, blockHash, result: decodeResult(result) };
}

function decodeStored(bytes: Uint8Array): CanonicalValue {
  const bytesMax = 2 * ledgerLimits.stateValueBytesMax;
  try {
    return decodeCanonical(bytes, { bytesMax, depthMax: 20, countMax: 100_000 });
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
  return new AssentError('storage-damaged', 'a stored receipt is not readable', {}, { cause });
}
