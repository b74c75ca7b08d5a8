import { AssentError, toHex } from '../../base/index.ts';
import { leafHash, sha256, verifyConsistency, verifyInclusion, verifyRange } from '../../crypto/portable.ts';
import {
  decodeCanonical,
  openResult,
  type ResultContent,
  UnverifiedTransaction,
  verifyState,
} from '../../ledger/portable.ts';
import { isAncestor, openBlock, type ProvedBlock, readAs } from './head.ts';
import type { AccessLogContent, ConsistencyContent, StateContent, TransactionContent } from './receipt.ts';

/* What each kind of receipt says of its block, once the block is proved. Each throws a code of a receipt. */

export interface TransactionVerdict {
  readonly kind: 'transaction';
  /** SHA-256 of the body. */
  readonly id: Uint8Array;
  /** Place in the block, from 0. */
  readonly index: number;
  readonly transaction: UnverifiedTransaction;
  readonly result: ResultContent;
}

export interface StateVerdict {
  readonly kind: 'state';
  readonly key: string;
  /** Undefined: nothing was there. */
  readonly value: Uint8Array | undefined;
}

export interface ConsistencyVerdict {
  readonly kind: 'consistency';
  readonly older: { readonly height: number; readonly time: number; readonly blockHash: Uint8Array };
}

export interface AccessLogVerdict {
  readonly kind: 'access-log';
  readonly subject: Uint8Array;
  /** Entries with a block time from here on, and before `to`, are all here. */
  readonly from: number;
  /** Undefined: up to the log's end as of the block. */
  readonly to: number | undefined;
  /** Entries of the whole log as of the block. */
  readonly size: number;
  readonly entries: readonly LogEntry[];
}

export interface LogEntry {
  /** In the log, from 0. */
  readonly place: number;
  /** Time of its block, milliseconds since the Unix epoch. */
  readonly at: number;
  readonly bytes: Uint8Array;
}

export function verifyTransaction(content: TransactionContent, block: ProvedBlock): TransactionVerdict {
  const { index } = content;
  const size = block.transactionCount;
  const leaf = { index, size };
  const transactionLeaf = leafHash(content.transaction);
  if (
    !verifyInclusion({
      ...leaf,
      leafHash: transactionLeaf,
      path: content.transactionPath,
      root: block.transactionsRoot,
    })
  )
    throw new AssentError(
      'receipt-transaction-unproved',
      `The transaction is not number ${index} of block ${block.height}.`,
    );
  if (
    !verifyInclusion({ ...leaf, leafHash: leafHash(content.result), path: content.resultPath, root: block.resultsRoot })
  )
    throw new AssentError(
      'receipt-result-unproved',
      `The result is not that of number ${index} of block ${block.height}.`,
    );
  const transaction = readAs('the transaction', () => new UnverifiedTransaction(content.transaction));
  const result = readAs('the result', () => openResult(content.result));
  return { kind: 'transaction', id: transaction.id, index, transaction, result };
}

export function verifyStateContent({ key, value, siblings, other }: StateContent, block: ProvedBlock): StateVerdict {
  checkState(block, key, value, { siblings, other });
  return { kind: 'state', key, value };
}

export function verifyConsistencyContent(content: ConsistencyContent, block: ProvedBlock): ConsistencyVerdict {
  const older = openBlock(content.older, block.ledgerId);
  const isPrefix = verifyConsistency({
    size1: older.height,
    root1: older.historyRoot,
    size2: block.height,
    root2: block.historyRoot,
    path: content.consistencyPath,
  });
  if (!isPrefix || !isAncestor(older, content.inclusionPath, block))
    throw new AssentError(
      'receipt-consistency-unproved',
      `Block ${older.height} is not in the history of block ${block.height}.`,
    );
  return { kind: 'consistency', older: { height: older.height, time: older.timestamp, blockHash: older.hash } };
}

export function verifyAccessLog(content: AccessLogContent, block: ProvedBlock): AccessLogVerdict {
  const { subject, log, siblings, other, first, from, to } = content;
  checkState(block, accessLogKey(subject), log, { siblings, other });
  const { size, root } = log === undefined ? { size: 0, root: sha256() } : openLog(log);
  const entries = content.entries.map((bytes, index) => ({ place: first + index, at: entryTimeOf(bytes), bytes }));
  const isWhole = size === 0 && entries.length === 0 && first === 0 && content.rangePath.length === 0;
  const leafHashes = content.entries.map((bytes) => leafHash(bytes));
  if (!isWhole && !verifyRange({ leafHashes, start: first, size, path: content.rangePath, root }))
    throw incomplete('the entries are no range of the log');
  for (const [index, { at }] of entries.entries())
    if (index > 0 && at < (entries[index - 1] as LogEntry).at) throw incomplete('the entries do not ascend by time');
  const before = first > 0 ? entries[0] : undefined;
  const after = first + entries.length < size ? entries.at(-1) : undefined;
  if (before !== undefined && before === after) throw incomplete('the entry before or after the range is missing');
  const within = entries.slice(before === undefined ? 0 : 1, after === undefined ? undefined : -1);
  // Entries of one block have one time: a range that begins or ends within a block would not be complete.
  if (from !== (before === undefined ? 0 : before.at + 1) || to !== after?.at)
    throw incomplete('it is not between the entries before and after it');
  // Neighbours of one block have no time between them.
  if (to !== undefined && to < from) throw incomplete('the range ends before it begins');
  if (within.some(({ at }) => at < from || (to !== undefined && at >= to)))
    throw incomplete('an entry lies outside of the range');
  return { kind: 'access-log', subject, from, to, size, entries: within };
}

function checkState(
  { stateRoot, height }: ProvedBlock,
  key: string,
  value: Uint8Array | undefined,
  proof: Pick<StateContent, 'siblings' | 'other'>,
): void {
  if (verifyState(stateRoot, key, value, proof)) return;
  const what = value === undefined ? 'does not prove to have nothing' : 'does not have this value';
  throw new AssentError('receipt-state-unproved', `The state of block ${height} ${what} under ${key}.`);
}

/** The state's record of a log: `[1, size, root, [peak, …]]`. */
function openLog(bytes: Uint8Array): { readonly size: number; readonly root: Uint8Array } {
  const value = readAs('the record of the log', () => decodeCanonical(bytes));
  const [version, size, root] = Array.isArray(value) ? value : [];
  if (version !== 1 || typeof size !== 'number' || size < 1 || !(root instanceof Uint8Array))
    throw incomplete('the record of the log has another shape');
  return { size, root };
}

/** Where the state has size and root of a subject's access log. */
export function accessLogKey(subject: Uint8Array): string {
  return `access/log/${toHex(subject)}`;
}

/** Entries in a log, by the state's record of it. */
export function logSizeOf(record: Uint8Array): number {
  return openLog(record).size;
}

/** Time of the block of an entry: entries of all types begin with `[type, version, transaction, eventId, time, …]`. */
export function entryTimeOf(bytes: Uint8Array): number {
  const value = readAs('an entry', () => decodeCanonical(bytes));
  const at = Array.isArray(value) ? value[4] : undefined;
  if (typeof at !== 'number' || at < 0) throw incomplete('an entry has no time');
  return at;
}

function incomplete(reason: string): AssentError {
  return new AssentError('receipt-range-incomplete', `The range of the access log is not proved: ${reason}.`);
}
