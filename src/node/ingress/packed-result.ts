import { assert } from '../../base/index.ts';
import { codecLimits, decodeCanonical, encodeCanonical, type TransactionResult } from '../../ledger/portable.ts';

// An output is bounded by what a transaction may write; the sentence comes on top.
const packedLimits = { ...codecLimits, bytesMax: 2 * codecLimits.bytesMax, depthMax: codecLimits.depthMax + 2 };

/** A result as bytes, for passing between threads: an object's byte views would drag their whole buffers along. */
export function packResult(result: TransactionResult): Uint8Array {
  return encodeCanonical(result.ok ? [true, result.output] : [false, result.code, result.rule, result.sentence]);
}

/** Undoes {@link packResult}. */
export function unpackResult(bytes: Uint8Array): TransactionResult {
  const value = decodeCanonical(bytes, packedLimits);
  assert(Array.isArray(value), 'a packed result is a list');
  const [ok, first, rule, sentence] = value;
  if (ok === true && first !== undefined) return { ok: true, output: first };
  assert(
    typeof first === 'string' && typeof rule === 'string' && typeof sentence === 'string',
    'a packed refusal has code, rule and sentence',
  );
  return { ok: false, code: first, rule, sentence };
}
