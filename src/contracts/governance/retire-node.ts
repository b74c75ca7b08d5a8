import { z } from 'zod';
import { present } from '../../base/index.ts';
import type { KindDefinition, RuleContext } from '../engine/contract.ts';
import { nodeKey } from '../engine/leaves.ts';
import { senderIsMember } from '../rules.ts';
import { leavingNodes, putWaiting, waitingAfterFirst } from './changes.ts';
import { governanceStream, nodeRetired } from './entries.ts';
import { memberOfKey } from './members.ts';
import { aVoterStays, nodeIsKnown, nodeIsOwn } from './rules.ts';
import type { NodeRecord } from './state.ts';

interface RetireNode {
  readonly nodeKey: Uint8Array;
}

/**
 * `governance.retireNode`: a member takes a node of its own out at once, before all that waits, and as often as it must:
 * whoever has the key of a node can vote on blocks with it. It needs nobody's vote, for it weakens nobody but the member.
 */
export const retireNode: KindDefinition<z.ZodObject & z.ZodType<RetireNode>> = {
  summary: 'A member takes a node of its own out at once, because its key may be in the wrong hands.',
  schema: z.strictObject({ nodeKey: nodeKey() }),
  effects: [
    'The removal of the node waits before all other changes, and what waited about the node is dropped.',
    'Once a block enacts it, the key of the node means nothing any more, for ever.',
    'The history of governance has an entry that says so.',
  ],
  example: { nodeKey: '12D3KooWAsKd6Lkcu6nEdizGj6BbGsr1iPx3MsgzyN35N7x1Zq5h' },
  rules: [
    senderIsMember,
    { ...nodeIsKnown, permits: (context) => leavingNode(context) !== undefined },
    { ...nodeIsOwn, permits: (context) => leavingNode(context)?.member === memberOf(context) },
    { ...aVoterStays, permits: ({ payload, state }) => waitingAfterFirst(state, payload) !== undefined },
  ],
  apply(context) {
    const { payload, state, block, emit } = context;
    putWaiting(state, present(waitingAfterFirst(state, payload), 'a rule checked that a voter stays'));
    const member = present(memberOf(context), 'a rule checked that the sender is a member');
    emit(governanceStream, nodeRetired.encode({ member, nodeKey: payload.nodeKey, at: block.timestamp }));
    return undefined;
  },
};

function leavingNode({ payload, state }: RuleContext<RetireNode>): NodeRecord | undefined {
  return leavingNodes(state, payload)[0];
}

function memberOf({ state, senderHex }: RuleContext<RetireNode>): string | undefined {
  return memberOfKey(state, senderHex);
}
