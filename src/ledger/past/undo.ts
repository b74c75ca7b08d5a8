import { latin1Bytes, putLatin1, uint64Bytes } from '../../base/index.ts';
import { HASH_BYTES } from '../../crypto/portable.ts';
import { type KeyRange, type Operation, prefixedKey, prefixRange } from '../../storage/index.ts';
import type { ChainPoint } from '../state/chain-point.ts';
import type { HashText } from '../state/nodes.ts';

/*
 * What a block replaces in the state is kept: under the hash of the key and the block's height stands the value before
 * it, or nothing at all where there was none. So the value as of a height is the first that a later block replaced, else
 * the one that is in force.
 */

/** What a record holds of a key that was not there. A value in the state is never empty. */
const absent: Uint8Array = new Uint8Array();

/** Undo records of a block that is being committed, for the batch that commits it. */
export function undoOperations({ changes, facts, parent, committed }: ChainPoint): Operation[] {
  const before = parent ?? committed;
  const operations: Operation[] = [];
  const place = uint64Bytes(facts.height);
  for (const change of changes.tree.changes) {
    const isReplaced = changes.tree.replaced.has(change);
    // Deleted in the block that made it: it was never there.
    if (!isReplaced && change.valueHash === undefined) continue;
    const value = isReplaced ? before.get(change.key) : absent;
    operations.push({ type: 'put', key: undoKey(change.keyHash, place), value: value ?? absent });
  }
  return operations;
}

/** Where the records of blocks above this height are, the nearest first. */
export function laterUndo(keyHash: HashText, height: number): KeyRange {
  return { from: undoKey(keyHash, uint64Bytes(height + 1)), to: prefixRange('stateHistory', latin1Bytes(keyHash)).to };
}

/** The value in a record. */
export function valueBefore(record: Uint8Array): Uint8Array | undefined {
  return record.length === 0 ? undefined : record;
}

function undoKey(keyHash: HashText, place: Uint8Array): Uint8Array {
  const key = prefixedKey('stateHistory', emptyPlace);
  putLatin1(key, keyHash, 1);
  key.set(place, 1 + HASH_BYTES);
  return key;
}

/** Room for the hash of a key and a height, to be filled: this is on the way of every commit. */
const emptyPlace = new Uint8Array(HASH_BYTES + 8);
