import type { KeyPrefix } from '../../storage/index.ts';

/**
 * Where a state, its tree and the ids that it has executed stand in the store. There are two such places: the state is
 * in one of them, a snapshot is staged in the other, and the applied record says which is which (protocol.md §8).
 */
export interface StateSpace {
  readonly number: 0 | 1;
  readonly state: KeyPrefix;
  readonly treeNode: KeyPrefix;
  readonly treePart: KeyPrefix;
  readonly treeDelta: KeyPrefix;
  readonly executedId: KeyPrefix;
}

export const stateSpaces: readonly [StateSpace, StateSpace] = [
  {
    number: 0,
    state: 'state',
    treeNode: 'treeNode',
    treePart: 'treePart',
    treeDelta: 'treeDelta',
    executedId: 'executedId',
  },
  {
    number: 1,
    state: 'otherState',
    treeNode: 'otherTreeNode',
    treePart: 'otherTreePart',
    treeDelta: 'otherTreeDelta',
    executedId: 'otherExecutedId',
  },
];

/** Where a ledger's content in this store begins. */
export interface Origin {
  readonly space: StateSpace;
  /** 0: with the genesis. Above: with a snapshot of this block; what came before is not in this store. */
  readonly height: number;
}

export const genesisOrigin: Origin = { space: stateSpaces[0], height: 0 };
