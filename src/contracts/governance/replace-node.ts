import { z } from 'zod';
import { present } from '../../base/index.ts';
import type { KindDefinition, RuleContext } from '../engine/contract.ts';
import { nodeKey } from '../engine/leaves.ts';
import { senderIsMember } from '../rules.ts';
import { address } from './action.ts';
import { addWaiting, nodesAfterWaiting, nodeWithKey } from './changes.ts';
import { governanceStream, nodeReplaced } from './entries.ts';
import { memberOfKey } from './members.ts';
import { parameterOf } from './parameters.ts';
import { changesHaveRoom, nodeIsKnown, nodeIsOwn, rulesOfNewNode } from './rules.ts';
import { type NodeRecord, replaced, type WaitingChange, waitingChangesOf } from './state.ts';

interface ReplaceNode {
  readonly nodeKey: Uint8Array;
  readonly newNodeKey: Uint8Array;
  readonly address?: string;
}

type Context = RuleContext<ReplaceNode>;

/**
 * `governance.replaceNode`: a member gives its own node a new key, alone (protocol.md §5): a key that may have been lost
 * or misused must not wait for votes. The new node takes the old one's role before the old one leaves.
 */
export const replaceNode: KindDefinition<z.ZodObject & z.ZodType<ReplaceNode>> = {
  summary: 'A member gives a node of its own a new key, alone.',
  schema: z.strictObject({
    /** The node that leaves. */
    nodeKey: nodeKey(),
    newNodeKey: nodeKey(),
    /** Where others reach the new node; absent: where they reached the old one. */
    address: address().exactOptional(),
  }),
  effects: [
    'Three changes wait: the new node joins, it votes if the old one did, and the old one leaves for ever.',
    'The history of governance has an entry that says so.',
  ],
  example: {
    nodeKey: '12D3KooWAsKd6Lkcu6nEdizGj6BbGsr1iPx3MsgzyN35N7x1Zq5h',
    newNodeKey: '12D3KooWMS9ZFsM5oHLJiTAzxRJ5bRzvGW6m3v9hAuzCFMybQpqi',
  },
  rules: [
    senderIsMember,
    { ...nodeIsKnown, permits: (context) => leavingNode(context) !== undefined },
    { ...nodeIsOwn, permits: (context) => leavingNode(context)?.member === memberOf(context) },
    {
      name: 'no-replacement-waits',
      code: 'replacement-waits',
      sentence: 'An earlier replacement by this member has not taken effect yet.',
      permits(context) {
        const member = memberOf(context);
        return !waitingChangesOf(context.state).some((change) => change.isReplacement && change.member === member);
      },
    },
    {
      name: 'replacement-is-rare',
      code: 'replaced-lately',
      sentence: 'This member replaced a node a short time ago; wait before replacing another.',
      permits(context) {
        const { state, block } = context;
        const last = replaced.get(state, memberOf(context));
        if (last === undefined) return true;
        const allowedFrom = last.at + parameterOf(state, 'governance.replaceIntervalMs');
        context.saw('allowed from', allowedFrom);
        return allowedFrom <= block.timestamp;
      },
    },
    ...rulesOfNewNode<ReplaceNode>(({ payload }) => payload.newNodeKey),
    changesHaveRoom((context) => changesFor(context).length),
  ],
  apply(context) {
    addWaiting(context.state, changesFor(context));
    const member = memberOf(context);
    const at = context.block.timestamp;
    replaced.put(context.state, [member], { at });
    context.emit(governanceStream, nodeReplaced.encode({ ...context.payload, member, at }));
    return undefined;
  },
};

function leavingNode({ payload, state }: Context): NodeRecord | undefined {
  return nodeWithKey(nodesAfterWaiting(state), payload.nodeKey);
}

function memberOf({ state, senderHex }: Context): string {
  return present(memberOfKey(state, senderHex), 'a rule checked that the sender is a member');
}

function changesFor(context: Context): WaitingChange[] {
  const old = present(leavingNode(context), 'a rule checked that the node is known');
  const reachedAt = context.payload.address ?? old.address;
  const added = { nodeKey: context.payload.newNodeKey, member: old.member, isReplacement: true };
  return [
    { ...added, step: 'add', ...(reachedAt === undefined ? {} : { address: reachedAt }) },
    ...(old.role === 'voter' ? [{ ...added, step: 'promote' } as const] : []),
    { step: 'remove', nodeKey: old.nodeKey, member: old.member, isReplacement: true },
  ];
}
