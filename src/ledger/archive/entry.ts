import { AssentError, equalBytes, messageOf, toHex } from '../../base/index.ts';
import { leafHash, merkleRoot, sha256 } from '../../crypto/portable.ts';
import { type CanonicalValue, decodeCanonical, encodeCanonical } from '../codec/index.ts';
import { type BlockHeader, decodeHeader, headerHash } from '../header.ts';
import { ledgerLimits } from '../limits.ts';
import type { TransactionResult } from '../types/execution.ts';

/** A block as an archive holds it: what every node has of it. The proposer's signature stands in another file. */
export interface ArchivedBlock {
  readonly header: BlockHeader;
  readonly headerBytes: Uint8Array;
  readonly hash: Uint8Array;
  readonly hashHex: string;
  /** Certificates of the past, encoded by consensus. */
  readonly justification: Uint8Array;
  /** Signed transactions, in order. */
  readonly transactionBytes: readonly Uint8Array[];
  /** Their results, as they stand under `resultsRoot`. */
  readonly resultBytes: readonly Uint8Array[];
}

export type ArchiveEntry = Pick<ArchivedBlock, 'headerBytes' | 'justification' | 'transactionBytes' | 'resultBytes'>;

/** Results come on top of what a block may have; each is bounded by what its transaction may write. */
const entryLimits = {
  bytesMax: 64 * 1024 * 1024,
  depthMax: 2,
  countMax: 2 * ledgerLimits.blockTransactionsMax + 16,
};
const resultLimits = { bytesMax: 2 * ledgerLimits.stateValueBytesMax, depthMax: 20, countMax: 100_000 };

/** Canonical bytes `[header, justification, [transaction, …], [result, …]]`. */
export function encodeEntry(entry: ArchiveEntry): Uint8Array {
  return encodeCanonical([entry.headerBytes, entry.justification, entry.transactionBytes, entry.resultBytes]);
}

/**
 * Reads an entry and checks that it is one block: justification, transactions and results are those that its header
 * names. Throws `archive-damaged`.
 */
export function openEntry(bytes: Uint8Array): ArchivedBlock {
  const [headerBytes, justification, transactions, results] = fieldsOf(bytes);
  const header = headerOf(headerBytes);
  const transactionBytes = binaries(transactions);
  const resultBytes = binaries(results);
  const { transactionCount } = header;
  if (transactionCount !== transactionBytes.length || transactionCount !== resultBytes.length)
    throw damagedArchive('a block has more or fewer transactions than its header says');
  if (!equalBytes(sha256(justification), header.justificationHash))
    throw damagedArchive("a justification is not its header's");
  if (!equalBytes(rootOf(transactionBytes), header.transactionsRoot))
    throw damagedArchive("transactions are not their header's");
  if (!equalBytes(rootOf(resultBytes), header.resultsRoot)) throw damagedArchive("results are not their header's");
  const hash = headerHash(headerBytes);
  return { header, headerBytes, hash, hashHex: toHex(hash), justification, transactionBytes, resultBytes };
}

/** A result of an entry. The sentence of a refusal is not in it: `sentenceOf` gives it by the code. Throws `archive-damaged`. */
export function openResult(bytes: Uint8Array, sentenceOf: (code: string) => string): TransactionResult {
  const [version, ok, first, rule] = list(decode(bytes, resultLimits));
  if (version === 1 && ok === true && first !== undefined) return { ok: true, output: first };
  if (version !== 1 || ok !== false || typeof first !== 'string' || typeof rule !== 'string')
    throw damagedArchive('a result has another shape');
  return { ok: false, code: first, rule, sentence: sentenceOf(first) };
}

export function damagedArchive(reason: string, cause?: unknown): AssentError {
  return new AssentError('archive-damaged', `The archive is damaged: ${reason}.`, {}, { cause });
}

function fieldsOf(
  bytes: Uint8Array,
): [headerBytes: Uint8Array, justification: Uint8Array, transactions: CanonicalValue, results: CanonicalValue] {
  const [headerBytes, justification, transactions, results, ...rest] = list(decode(bytes, entryLimits));
  if (!(headerBytes instanceof Uint8Array) || !(justification instanceof Uint8Array))
    throw damagedArchive('a block has another shape');
  if (transactions === undefined || results === undefined || rest.length > 0)
    throw damagedArchive('a block has another shape');
  return [headerBytes, justification, transactions, results];
}

function headerOf(bytes: Uint8Array): BlockHeader {
  try {
    return decodeHeader(bytes);
  } catch (error) {
    throw damagedArchive(`a header is malformed: ${messageOf(error)}`, error);
  }
}

function rootOf(items: readonly Uint8Array[]): Uint8Array {
  return merkleRoot(items.map((item) => leafHash(item)));
}

function decode(bytes: Uint8Array, limits: Parameters<typeof decodeCanonical>[1]): CanonicalValue {
  try {
    return decodeCanonical(bytes, limits);
  } catch (error) {
    throw damagedArchive('something is not canonical msgpack within its bounds', error);
  }
}

function list(value: CanonicalValue): readonly CanonicalValue[] {
  if (!Array.isArray(value)) throw damagedArchive('something is not a list');
  return value;
}

function binaries(value: CanonicalValue): Uint8Array[] {
  return list(value).map((item) => {
    if (!(item instanceof Uint8Array)) throw damagedArchive('a transaction or a result is not binary');
    return item;
  });
}
