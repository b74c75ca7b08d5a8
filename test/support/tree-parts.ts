import { latin1Text } from '../../src/base/index.ts';
import { readAppliedRecord } from '../../src/ledger/chain-store.ts';
import { partCount, partOf, partOperations, TreeParts } from '../../src/ledger/state/parts.ts';
import type { Operation, Store } from '../../src/storage/index.ts';

/** Every part of the applied state's tree, as a node writes each some thousands of blocks after it changed. */
export function treeParts(store: Store): readonly Operation[] {
  const { origin, height, deltasFrom, stateRoot } = readAppliedRecord(store);
  const { root } = TreeParts.open(store, origin.space, { height, deltasFrom, rootHash: latin1Text(stateRoot) });
  const parts = Array.from({ length: partCount }, (_, part) => part);
  return parts.flatMap((part) => partOperations(origin.space, part, partOf(root, part), height));
}
