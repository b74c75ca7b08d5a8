import { AssentError, latin1Text, present, readUint64, uint64Bytes, utf8 } from '../base/index.ts';
import { leafHash, MerkleFrontier } from '../crypto/portable.ts';
import { type Operation, prefixedKey, prefixedTextKey, type Store } from '../storage/index.ts';
import { type OpenedBlock, openBlock } from './block.ts';
import { resultsOperations } from './block-results.ts';
import { type CanonicalValue, decodeCanonical, encodeCanonical } from './codec/index.ts';
import { historyOperations } from './history.ts';
import { undoOperations } from './past/undo.ts';
import { encodeReceipt, type Receipt } from './results.ts';
import { ChainPoint, type ChainPointFacts } from './state/chain-point.ts';
import { TreeParts } from './state/parts.ts';
import { StateCache } from './state/state-cache.ts';
import { genesisOrigin, type Origin, stateSpaces } from './state/state-space.ts';
import { putStreamRecord, type StreamRecord } from './stream-records.ts';

/** Blocks, receipts, indexes and the applied point, as they stand in the store. */
const appliedKey: Uint8Array = prefixedKey('meta', utf8('applied'));
const appliedVersion = 5;
/** It kept no past values of the executed ids, so that no tree of the past comes out of what it kept. */
const appliedVersionWithoutPastIds = 4;
/** It kept no past values. */
const appliedVersionWithoutPast = 3;
/** It kept the history with the block, and knew no snapshots. */
const appliedVersionWithoutSnapshots = 2;

/** The block at this height, checked against nothing but its own form. Undefined when none is kept. Throws `storage-damaged`. */
export function readBlock(store: Pick<Store, 'get'>, height: number): OpenedBlock | undefined {
  const bytes = store.get(prefixedKey('block', uint64Bytes(height)));
  return bytes === undefined ? undefined : readStoredBlock(height, () => openBlock(bytes));
}

/** What is read of the stored block at this height. Throws `storage-damaged`. */
export function readStoredBlock<T>(height: number, read: () => T): T {
  try {
    return read();
  } catch (error) {
    throw new AssentError(
      'storage-damaged',
      `the stored block ${height} is not readable`,
      { height },
      { cause: error },
    );
  }
}

export function putBlock(height: number, bytes: Uint8Array): Operation {
  return { type: 'put', key: prefixedKey('block', uint64Bytes(height)), value: bytes };
}

export function deleteBlock(height: number): Operation {
  return { type: 'delete', key: prefixedKey('block', uint64Bytes(height)) };
}

/** Height of a committed block, by its hash. */
export function heightOfBlock(store: Store, hash: Uint8Array): number | undefined {
  const bytes = store.get(prefixedKey('blockHash', hash));
  return bytes === undefined ? undefined : readUint64(bytes);
}

/**
 * One atomic batch: state, what it replaces, trees, receipts, indexes and the applied point (protocol.md §6). From
 * `pastFrom` on, the batches of all blocks held what they replaced.
 */
export function commitOperations(point: ChainPoint, parts: TreeParts, pastFrom: number): Operation[] {
  const { facts, changes } = point;
  const { origin } = point.committed;
  const operations = parts.commit(facts.height, changes.tree);
  changes.state.forEach((value, key) => {
    operations.push(change(prefixedTextKey(origin.space.state, key), value));
  });
  const before = present(facts.historyBefore, 'a block that is written now knows the history before it');
  operations.push(...historyOperations(facts.height, before, facts.hash));
  if (facts.height > pastFrom) operations.push(...undoOperations(point));
  operations.push(...resultsOperations(facts.height, changes.resultBytes));
  for (const receipt of changes.receipts)
    operations.push(...receiptOperations(receipt, changes.streams[receipt.index] ?? []));
  operations.push(...appliedOperations({ ...facts, deltasFrom: parts.deltasFrom, pastFrom, origin }));
  return operations;
}

/** What an executed transaction adds for ever: its receipt, and entries of indexes. */
export function receiptOperations(receipt: Receipt, streams: readonly StreamRecord[]): Operation[] {
  const { id, height, index } = receipt;
  return [
    { type: 'put', key: prefixedKey('transactionPlace', id), value: encodeReceipt(receipt) },
    ...streams.map((record) => putStreamRecord(record, height, index)),
  ];
}

/** The applied record, and how its block is found by hash. */
export function appliedOperations(record: AppliedRecord): Operation[] {
  return [
    { type: 'put', key: prefixedKey('blockHash', record.hash), value: uint64Bytes(record.height) },
    { type: 'put', key: appliedKey, value: encodeRecord(record) },
  ];
}

/** Whether anything was ever committed to the store. */
export function hasApplied(store: Store): boolean {
  return store.get(appliedKey) !== undefined;
}

/** What is kept of the newest committed block beside the tree's pages. */
export interface AppliedRecord extends Omit<ChainPointFacts, 'tree'> {
  /** Height of the first block whose changes of the tree are kept as a delta. */
  readonly deltasFrom: number;
  /** The first block whose state can still be read. */
  readonly pastFrom: number;
  readonly origin: Origin;
}

/** Throws `storage-damaged`. */
export function readAppliedRecord(store: Pick<Store, 'get'>): AppliedRecord {
  return decodeRecord(present(store.get(appliedKey), 'the genesis batch was written'));
}

/** The newest block whose effects a store holds. Throws `storage-damaged`. */
export function readAppliedPlace(store: Pick<Store, 'get'>): { readonly height: number; readonly hash: Uint8Array } {
  const bytes = store.get(appliedKey);
  if (bytes === undefined) throw damaged();
  const { height, hash } = decodeRecord(bytes);
  return { height, hash };
}

/** The settled point that the store holds. Throws `storage-damaged`. */
export function readApplied(store: Store): { point: ChainPoint; parts: TreeParts; pastFrom: number } {
  const { deltasFrom, pastFrom, origin, ...facts } = readAppliedRecord(store);
  const { parts, root } = TreeParts.open(store, origin.space, {
    height: facts.height,
    deltasFrom,
    rootHash: latin1Text(facts.stateRoot),
  });
  const openedAfterMs = facts.height === 0 ? Number.NEGATIVE_INFINITY : facts.timestamp;
  const point = new ChainPoint(new StateCache(store, origin, openedAfterMs), { ...facts, tree: root });
  return { point, parts, pastFrom };
}

function encodeRecord(facts: AppliedRecord): Uint8Array {
  const buckets: CanonicalValue[] = [...facts.idBuckets].map(([minute, bucket]) => [minute, bucket.size, bucket.peaks]);
  const history = present(facts.historyBefore, 'a block that is written now knows the history before it');
  return encodeCanonical([
    appliedVersion,
    facts.height,
    facts.term,
    facts.hash,
    facts.timestamp,
    facts.configurationHash,
    facts.stateRoot,
    [history.size, history.peaks],
    buckets,
    facts.deltasFrom,
    [facts.origin.space.number, facts.origin.height],
    facts.pastFrom,
  ]);
}

function decodeRecord(bytes: Uint8Array): AppliedRecord {
  const value = decodeCanonical(bytes, { bytesMax: 1024 * 1024, depthMax: 5, countMax: 100_000 });
  const [version, height, term, hash, timestamp, configurationHash, stateRoot, history, buckets, ...rest] = list(value);
  const [deltasFrom, origin, pastFrom] = rest;
  if (!isKnown(version)) throw damaged();
  const kept = frontier(list(history));
  const hasSnapshots = version !== appliedVersionWithoutSnapshots;
  const historyBefore = hasSnapshots ? kept : undefined;
  return {
    height: number(height),
    term: number(term),
    hash: binary(hash),
    timestamp: number(timestamp),
    configurationHash: binary(configurationHash),
    stateRoot: binary(stateRoot),
    deltasFrom: number(deltasFrom),
    history: historyBefore === undefined ? kept : withLeaf(historyBefore, binary(hash)),
    historyBefore,
    // What an earlier version replaced is gone: the past begins where it ended.
    pastFrom: number(version === appliedVersion ? pastFrom : height),
    origin: hasSnapshots ? originOf(list(origin)) : genesisOrigin,
    idBuckets: new Map(list(buckets).map((item) => bucket(list(item)))),
  };
}

function isKnown(version: CanonicalValue | undefined): boolean {
  return (
    version === appliedVersion ||
    version === appliedVersionWithoutPastIds ||
    version === appliedVersionWithoutPast ||
    version === appliedVersionWithoutSnapshots
  );
}

function originOf([space, height]: readonly CanonicalValue[]): Origin {
  const found = stateSpaces.find((item) => item.number === space);
  if (found === undefined) throw damaged();
  return { space: found, height: number(height) };
}

function withLeaf(before: MerkleFrontier, blockHash: Uint8Array): MerkleFrontier {
  const history = before.clone();
  history.append(leafHash(blockHash));
  return history;
}

function bucket([minute, size, peaks]: readonly CanonicalValue[]): readonly [number, MerkleFrontier] {
  return [number(minute), frontier([size as CanonicalValue, peaks as CanonicalValue])];
}

function frontier([size, peaks]: readonly CanonicalValue[]): MerkleFrontier {
  return MerkleFrontier.of(number(size), list(peaks).map(binary));
}

function change(key: Uint8Array, value: Uint8Array | undefined): Operation {
  return value === undefined ? { type: 'delete', key } : { type: 'put', key, value };
}

function list(value: CanonicalValue | undefined): readonly CanonicalValue[] {
  if (!Array.isArray(value)) throw damaged();
  return value;
}

function number(value: CanonicalValue | undefined): number {
  if (typeof value !== 'number') throw damaged();
  return value;
}

function binary(value: CanonicalValue | undefined): Uint8Array {
  if (!(value instanceof Uint8Array)) throw damaged();
  return value;
}

function damaged(): AssentError {
  return new AssentError('storage-damaged', 'the record of the applied block is not readable');
}
