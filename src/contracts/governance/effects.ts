import { present } from '../../base/index.ts';
import type { WritableState } from '../engine/contract.ts';
import type { StateView } from '../ledger-types.ts';
import { type Action, type ProposedChange, stepOfAction } from './action.ts';
import {
  addWaiting,
  dropWaiting,
  type LeavingFirst,
  nodesAfterWaiting,
  nodeWithKey,
  putWaiting,
  waitingAfterFirst,
} from './changes.ts';
import { handOver } from './custodians.ts';
import { putIssuers } from './issuers.ts';
import { addMember, rekeyMember, removeMember } from './members.ts';
import { putParameter } from './parameters.ts';
import { addActivation, dropActivation } from './rule-sets.ts';
import type { WaitingChange } from './state.ts';

type Effect = (state: WritableState, change: ProposedChange, height: number) => void;

const letStepWait: Effect = (state, change) => addWaiting(state, [stepOf(state, change)]);
const letLeaveFirst: Effect = (state, change) => {
  const waiting = waitingAfterFirst(state, named(leavingFirst(change)));
  putWaiting(state, present(waiting, 'a rule checked that a voter stays'));
};

const effects: Readonly<Record<Action, Effect>> = {
  'node-add': letStepWait,
  'node-promote': letStepWait,
  'node-demote': letStepWait,
  'node-remove': letStepWait,
  'node-retire': letLeaveFirst,
  'changes-drop': dropWaiting,
  'member-add': (state, { member, governanceKey }, height) =>
    addMember(state, named(member), named(governanceKey), height),
  'member-remove'(state, change, height) {
    letLeaveFirst(state, change, height);
    removeMember(state, named(change.member), height);
  },
  'member-rekey': (state, { member, governanceKey }) => rekeyMember(state, named(member), named(governanceKey)),
  'role-issuers': (state, { role, issuers }) => putIssuers(state, named(role), issuers),
  'parameter-set': (state, { parameter, value }) => putParameter(state, named(parameter), value),
  'domain-hand-over': (state, { domain, member }) => handOver(state, named(domain), named(member)),
  'rules-activate': (state, { ruleSet, height }) =>
    addActivation(state, { ruleSet: named(ruleSet), height: named(height) }),
  'rules-cancel': (state, _change, height) => dropActivation(state, height),
};

function named<T>(field: T | undefined): T {
  return present(field, 'a rule checked that the change names what its action needs');
}

/** Does what members decided. The rules of its action have permitted it in this block. */
export function carryOut(state: WritableState, change: ProposedChange, height: number): void {
  effects[change.action](state, change, height);
}

/** The nodes that leave before all that waits by this change; undefined where it lets none. */
export function leavingFirst({ action, nodeKey, member }: ProposedChange): LeavingFirst | undefined {
  if (action === 'node-retire') return { nodeKey: named(nodeKey) };
  return action === 'member-remove' ? { member: named(member) } : undefined;
}

function stepOf(state: StateView, change: ProposedChange): WaitingChange {
  const { address } = change;
  const step = present(stepOfAction(change.action), 'the action is a step');
  const nodeKey = present(change.nodeKey, 'a rule checked that a node is named');
  const member = change.member ?? nodeWithKey(nodesAfterWaiting(state), nodeKey)?.member;
  return {
    step,
    nodeKey,
    member: present(member, 'a rule checked that the node or its member is known'),
    ...(address === undefined ? {} : { address }),
    isReplacement: false,
  };
}
