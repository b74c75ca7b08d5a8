import type { Rule, RuleContext } from '../engine/contract.ts';
import { ledgerLimits, type StateView } from '../ledger-types.ts';
import type { Action, ProposedChange } from './action.ts';
import { isRetired, nodesAfterWaiting, nodeWithKey } from './changes.ts';
import { changesWaitingMax, type NodeRecord, waitingChangesOf } from './state.ts';

export const nodeIsKnown: { readonly name: string; readonly code: string; readonly sentence: string } = {
  name: 'node-is-known',
  code: 'node-unknown',
  sentence: 'No node of the ledger has this key.',
};

export const nodeIsOwn: { readonly name: string; readonly code: string; readonly sentence: string } = {
  name: 'node-is-own',
  code: 'not-your-node',
  sentence: 'This node belongs to another member.',
};

export const aVoterStays: { readonly name: string; readonly code: string; readonly sentence: string } = {
  name: 'a-voter-stays',
  code: 'last-voter',
  sentence: 'Without this node nobody would be left to vote on blocks.',
};

/** A rule's condition: the nodes as they will be once everything that waits has taken effect, and the key in question. */
type Condition = (nodes: readonly NodeRecord[], key: Uint8Array, state: StateView) => boolean;

/**
 * Rules of a node that is added. All rules of changes see the nodes as they will be once everything that waits has taken
 * effect, so that a change which waits always applies.
 * @param newKey the node's key; undefined when the transaction adds none, and every rule permits.
 */
export function rulesOfNewNode<P>(newKey: (context: RuleContext<P>) => Uint8Array | undefined): readonly Rule<P>[] {
  const when = (permits: Condition) => (context: RuleContext<P>) => {
    const key = newKey(context);
    return key === undefined || permits(nodesAfterWaiting(context.state), key, context.state);
  };
  return [
    {
      name: 'node-is-new',
      code: 'node-known',
      sentence: 'This node already belongs to the ledger.',
      permits: when((nodes, key) => nodeWithKey(nodes, key) === undefined),
    },
    {
      name: 'key-is-not-retired',
      code: 'key-retired',
      sentence: 'A node with this key was removed, and a removed key never returns; give the node a new key.',
      permits: when((_nodes, key, state) => !isRetired(state, key)),
    },
    {
      name: 'nodes-have-room',
      code: 'too-many-nodes',
      sentence: 'The ledger has as many nodes as it can; remove one first.',
      permits: when((nodes) => nodes.length < ledgerLimits.configurationNodesMax),
    },
  ];
}

/** The change that a transaction proposes or decides; undefined when it does neither, and every rule permits. */
export type Asked<P> = (context: RuleContext<P>) => ProposedChange | undefined;

/** Rules of a proposed change of the nodes, looked at when it is proposed and again when it is decided. */
export function rulesOfNodes<P>(asked: Asked<P>): readonly Rule<P>[] {
  const keyOf = (context: RuleContext<P>, actions: readonly Action[]): Uint8Array | undefined => {
    const change = asked(context);
    return change !== undefined && actions.includes(change.action) ? change.nodeKey : undefined;
  };
  const when = (actions: readonly Action[], permits: Condition) => (context: RuleContext<P>) => {
    const key = keyOf(context, actions);
    return key === undefined || permits(nodesAfterWaiting(context.state), key, context.state);
  };
  return [
    ...rulesOfNewNode<P>((context) => keyOf(context, ['node-add'])),
    {
      ...nodeIsKnown,
      permits: when(
        ['node-promote', 'node-demote', 'node-remove'],
        (nodes, key) => nodeWithKey(nodes, key) !== undefined,
      ),
    },
    {
      name: 'node-is-learner',
      code: 'not-a-learner',
      sentence: 'Only a learner can be promoted, and this node is a voter.',
      permits: when(['node-promote'], (nodes, key) => nodeWithKey(nodes, key)?.role === 'learner'),
    },
    {
      name: 'node-is-voter',
      code: 'not-a-voter',
      sentence: 'Only a voter can be demoted, and this node is a learner.',
      permits: when(['node-demote'], (nodes, key) => nodeWithKey(nodes, key)?.role === 'voter'),
    },
    {
      ...aVoterStays,
      permits: when(['node-demote', 'node-remove'], (nodes, key) => {
        const leaves = nodeWithKey(nodes, key);
        return nodes.some((node) => node !== leaves && node.role === 'voter');
      }),
    },
    {
      name: 'a-change-waits',
      code: 'no-change-waits',
      sentence: 'No approved change waits, so there is none to drop.',
      permits(context) {
        return asked(context)?.action !== 'changes-drop' || waitingChangesOf(context.state).length > 0;
      },
    },
  ];
}

/** @param count how many changes the transaction lets wait. */
export function changesHaveRoom<P>(count: (context: RuleContext<P>) => number): Rule<P> {
  return {
    name: 'changes-have-room',
    code: 'changes-waiting-full',
    sentence: 'As many approved changes wait as can; try again when some have taken effect.',
    permits(context) {
      const added = count(context);
      return added === 0 || waitingChangesOf(context.state).length + added <= changesWaitingMax;
    },
  };
}
