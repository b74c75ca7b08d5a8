import { equalBytes, present, toHex } from '../../base/index.ts';
import type { ConfigurationKeeper, WritableState } from '../engine/contract.ts';
import type { ConfigurationStep, StateView } from '../ledger-types.ts';
import { refound } from './refound.ts';
import {
  changes,
  configuration,
  type NodeRecord,
  nodesOf,
  retired,
  type WaitingChange,
  waitingChangesOf,
} from './state.ts';

/** The node with this key. */
export function nodeWithKey(nodes: readonly NodeRecord[], nodeKey: Uint8Array): NodeRecord | undefined {
  return nodes.find((node) => equalBytes(node.nodeKey, nodeKey));
}

/** The nodes after a change that a block at `height` enacts; undefined when the change does not apply to them. */
function nodesAfter(
  nodes: readonly NodeRecord[],
  change: WaitingChange,
  height: number,
): readonly NodeRecord[] | undefined {
  const { step, nodeKey, member, address } = change;
  const found = nodeWithKey(nodes, nodeKey);
  if (step === 'add') {
    const added = { nodeKey, member, ...(address === undefined ? {} : { address }) };
    return found === undefined ? [...nodes, { ...added, role: 'learner', sinceHeight: height }] : undefined;
  }
  if (step === 'remove') return found && nodes.filter((node) => node !== found);
  const [from, role] = step === 'promote' ? (['learner', 'voter'] as const) : (['voter', 'learner'] as const);
  if (found?.role !== from) return undefined;
  return nodes.map((node) => (node === found ? { ...node, role, sinceHeight: height } : node));
}

/** The nodes as they will be when every change that waits has taken effect. */
export function nodesAfterWaiting(state: StateView): readonly NodeRecord[] {
  let nodes = nodesOf(state);
  for (const change of waitingChangesOf(state)) nodes = present(nodesAfter(nodes, change, 0), applies);
  return nodes;
}

/** Whether a node with this key was removed, or will be by a change that waits. */
export function isRetired(state: StateView, nodeKey: Uint8Array): boolean {
  if (retired.get(state, toHex(nodeKey)) !== undefined) return true;
  return waitingChangesOf(state).some((change) => change.step === 'remove' && equalBytes(change.nodeKey, nodeKey));
}

/** Lets approved changes wait, after those that do already. */
export function addWaiting(state: WritableState, added: readonly WaitingChange[]): void {
  changes.put(state, [], { waiting: [...waitingChangesOf(state), ...added] });
}

/** Nodes in force that leave before all that waits: one, or all of a member that leaves. */
export type LeavingFirst = { readonly nodeKey: Uint8Array } | { readonly member: string };

/** The nodes in force that this means. */
export function leavingNodes(state: StateView, leaving: LeavingFirst): readonly NodeRecord[] {
  return nodesOf(state).filter((node) => isMeant(node, leaving));
}

function isMeant(node: Pick<NodeRecord, 'nodeKey' | 'member'>, leaving: LeavingFirst): boolean {
  return 'member' in leaving ? node.member === leaving.member : equalBytes(node.nodeKey, leaving.nodeKey);
}

/**
 * What waits once they leave first: their removals, then what waited about other nodes. Undefined when somewhere on that
 * way nobody would be left to vote on blocks.
 */
export function waitingAfterFirst(state: StateView, leaving: LeavingFirst): readonly WaitingChange[] | undefined {
  const removals = leavingNodes(state, leaving).map(({ nodeKey, member }): WaitingChange => {
    return { step: 'remove', nodeKey, member, isReplacement: false };
  });
  const waiting = [...removals, ...waitingChangesOf(state).filter((change) => !isMeant(change, leaving))];
  let nodes = nodesOf(state);
  for (const change of waiting) {
    nodes = present(nodesAfter(nodes, change, 0), applies);
    if (!nodes.some(({ role }) => role === 'voter')) return undefined;
  }
  return waiting;
}

/** Puts others in the place of all that waits. */
export function putWaiting(state: WritableState, waiting: readonly WaitingChange[]): void {
  changes.put(state, [], { waiting: [...waiting] });
}

/** No approved change waits any longer. */
export function dropWaiting(state: WritableState): void {
  changes.put(state, [], { waiting: [] });
}

const applies = 'the rules let only changes wait that apply';

export const configurationKeeper: ConfigurationKeeper = {
  current(state) {
    const nodes = nodesOf(state).map(({ nodeKey, role }) => ({ publicKey: nodeKey, role }));
    return { generation: configuration.get(state)?.generation ?? 0, nodes };
  },
  next(state): ConfigurationStep | undefined {
    const [first] = waitingChangesOf(state);
    return first && { step: first.step, publicKey: first.nodeKey };
  },
  enact(state, block) {
    const [first, ...waiting] = waitingChangesOf(state);
    const change = present(first, 'a change waits');
    const { generation } = present(configuration.get(state), 'genesis declares a configuration');
    const nodes = present(nodesAfter(nodesOf(state), change, block.height), applies);
    configuration.put(state, [], { generation, nodes: [...nodes] });
    changes.put(state, [], { waiting });
    if (change.step === 'remove')
      retired.put(state, [toHex(change.nodeKey)], { member: change.member, height: block.height });
  },
  refound,
};
