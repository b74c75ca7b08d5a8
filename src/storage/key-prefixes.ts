import { shortLivedBytes } from '../base/index.ts';

/**
 * The first byte of every key in a node's database. Append-only: a name keeps its byte for ever and the byte of a
 * retired name is never given out again, so that an old database can never be misread.
 */
export const keyPrefixes = {
  /** Format, ledger id, node key, journal head, applied height: one key a fact. */
  meta: 0x01,
  /** Journal number (uint64) → journal entry. */
  journal: 0x02,
  /** Height (uint64) → block. */
  block: 0x03,
  /** State key → value. */
  state: 0x04,
  /** Place in the state tree → page. */
  treeNode: 0x05,
  /** Transaction id → height, index, result. */
  transactionPlace: 0x06,
  /** Stream, height, transaction index, n → entries of an index stream, n the first of them. */
  stream: 0x07,
  /** Block hash → height. */
  blockHash: 0x08,
  /** Term, vote, vote request, nonce: what the consensus core keeps. */
  consensus: 0x09,
  /** Kind (term or block), then term or height (uint64) → certificate. */
  certificate: 0x0a,
  /** Evidence id → contradicting signed statements. */
  evidence: 0x0b,
  /** Peer key → highest ack, vote and vote request held from it. */
  peerPromise: 0x0c,
  /** First byte of key hashes → height, what stands in the state tree over them after that block. */
  treePart: 0x0d,
  /** Height (uint64) → the block's changes of the state tree, until every page holds them. */
  treeDelta: 0x0e,
  /** Transaction id → minute of its end, place: executed in what came before a snapshot, which has no receipts. */
  executedId: 0x0f,
  /** The second place of a state (src/ledger/state/state-space.ts): as the names without "other". */
  otherState: 0x10,
  otherTreeNode: 0x11,
  otherTreePart: 0x12,
  otherTreeDelta: 0x13,
  otherExecutedId: 0x14,
  /** The snapshot that is being staged: its manifest, and the chunks that are held. */
  snapshot: 0x15,
  /** Hash of a state key, height (uint64) → the value before that block. */
  stateHistory: 0x16,
  /** Height (uint64) → roots of the complete subtrees of the history that end with that block. */
  historyNode: 0x17,
  /** First height of a chunk of the archive (uint64) → which file holds it. */
  archiveChunk: 0x18,
  /** How far the index of transactions goes; time → height; term, height (uint64) → places in a group of blocks. */
  queryIndex: 0x19,
  /** Witness key → what it cosigned. */
  cosignature: 0x1a,
  /** Height (uint64) → results of the block's transactions. */
  blockResults: 0x1b,
} as const;

export type KeyPrefix = keyof typeof keyPrefixes;

/** All keys from `from`, inclusive, to `to`, exclusive. */
export interface KeyRange {
  readonly from: Uint8Array;
  readonly to: Uint8Array;
}

/** The prefix's byte followed by the parts. Parts before the last have a fixed length or end themselves. */
export function prefixedKey(prefix: KeyPrefix, ...parts: readonly Uint8Array[]): Uint8Array {
  let length = 1;
  for (const part of parts) length += part.length;
  const key = shortLivedBytes(length);
  key[0] = keyPrefixes[prefix];
  let offset = 1;
  for (const part of parts) {
    key.set(part, offset);
    offset += part.length;
  }
  return key;
}

/** The range of all keys that begin with the prefix's byte and the parts. */
export function prefixRange(prefix: KeyPrefix, ...parts: readonly Uint8Array[]): KeyRange {
  const from = prefixedKey(prefix, ...parts);
  // The successor of a byte string among those that do not begin with it: cut trailing 0xff, add one to what is last.
  // A prefix byte is never 0xff, so something is always left.
  let length = from.length;
  while (from[length - 1] === 0xff) length -= 1;
  const to = from.slice(0, length);
  to[length - 1] = (to[length - 1] as number) + 1;
  return { from, to };
}
