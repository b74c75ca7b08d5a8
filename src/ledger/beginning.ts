import { assert, equalBytes, latin1Bytes } from '../base/index.ts';
import { leafHash, MerkleFrontier } from '../crypto/portable.ts';
import type { Operation, Store } from '../storage/index.ts';
import { commitOperations, hasApplied } from './chain-store.ts';
import { nodeConfiguration } from './configuration.ts';
import type { Genesis } from './genesis.ts';
import { ChainPoint } from './state/chain-point.ts';
import { hashOf } from './state/nodes.ts';
import { TreeParts } from './state/parts.ts';
import { StateCache } from './state/state-cache.ts';
import { genesisOrigin } from './state/state-space.ts';
import { TransactionState } from './state/transaction-state.ts';
import { treeChanges, updateTree } from './state/tree.ts';
import type { RuleExecutor } from './types/execution.ts';

/** Whether the genesis batch is in the store. */
export function isBegun(store: Store): boolean {
  return hasApplied(store);
}

/** The first batch of an empty store: the state that the genesis declares, as point 0. */
export function genesisOperations(store: Store, genesis: Genesis, executor: RuleExecutor): Operation[] {
  assert(!isBegun(store), 'genesis is applied to an empty store');
  const state = new TransactionState(() => undefined);
  executor.initialise(genesis.content, state);
  const { generation, nodes } = executor.configuration(state);
  assert(
    equalBytes(nodeConfiguration(generation, nodes).hash, genesis.configuration.hash),
    'the rules keep the configuration that the genesis declares',
  );
  const tree = updateTree(undefined, treeChanges(state.changes), () => undefined);
  const historyBefore = MerkleFrontier.empty();
  const history = historyBefore.clone();
  history.append(leafHash(genesis.ledgerId));
  const facts = {
    height: 0,
    term: 0,
    hash: genesis.ledgerId,
    timestamp: genesis.content.createdAt,
    configurationHash: genesis.configuration.hash,
    tree: tree.root,
    stateRoot: latin1Bytes(hashOf(tree.root)),
    history,
    historyBefore,
    idBuckets: new Map(),
  };
  const cache = new StateCache(store, genesisOrigin, Number.NEGATIVE_INFINITY);
  const nothing = new ChainPoint(cache, { ...facts, tree: undefined });
  const point = new ChainPoint(cache, facts, {
    parent: nothing,
    changes: { state: state.changes, tree, receipts: [], resultBytes: [], streams: [], ids: new Set() },
  });
  return commitOperations(point, TreeParts.empty(genesisOrigin.space), 0);
}
