import { z } from 'zod';
import { present } from '../../base/index.ts';
import type { KindDefinition } from '../engine/contract.ts';
import { name, nodeKey, transactionId } from '../engine/leaves.ts';
import { senderIsMember } from '../rules.ts';
import { type Action, actions, address } from './action.ts';
import { isMember, memberOfKey } from './members.ts';
import { hasRoom, listProposal, passesWith, putProposal } from './proposals.ts';
import { changesHaveRoom, rulesOfChange } from './rules.ts';
import { type Proposal, proposalValidityMs } from './state.ts';

interface Propose {
  readonly action: Action;
  readonly nodeKey?: Uint8Array;
  readonly member?: string;
  readonly address?: string;
}

/** States of a proposal after a vote. */
export const outcomes = ['open', 'passed', 'rejected'] as const;

/**
 * `governance.propose`: a member proposes a change of the ledger's nodes, or to drop those that wait, and approves it by
 * doing so.
 */
export const propose: KindDefinition<z.ZodObject & z.ZodType<Propose>> = {
  schema: z.strictObject({
    action: z.enum(actions),
    /** The node that the change is about; absent only when the changes that wait are dropped. */
    nodeKey: nodeKey().exactOptional(),
    /** Only of a node that is added: the member that runs it. */
    member: name().exactOptional(),
    /** Only of a node that is added: where others reach it. */
    address: address().exactOptional(),
  }),
  output: z.strictObject({ proposal: transactionId(), state: z.enum(outcomes) }),
  rules: [
    senderIsMember,
    {
      name: 'action-is-clear',
      code: 'action-unclear',
      sentence:
        'A node is added for a member; every other change names the node alone, and dropping changes names nothing.',
      permits({ payload: { action, nodeKey: node, member, address: stated } }) {
        if ((action === 'changes-drop') !== (node === undefined)) return false;
        return action === 'node-add' ? member !== undefined : member === undefined && stated === undefined;
      },
    },
    {
      name: 'member-is-known',
      code: 'member-unknown',
      sentence: 'The consortium has no member of this name.',
      permits: ({ payload: { member }, state }) => member === undefined || isMember(state, member),
    },
    ...rulesOfChange<Propose>(({ payload }) => payload),
    changesHaveRoom(({ state, payload }) => (passesWith(state, 1) && payload.nodeKey !== undefined ? 1 : 0)),
    {
      name: 'proposals-have-room',
      code: 'too-many-proposals',
      sentence: 'This member, or the whole ledger, has as many open proposals as it can; decide or withdraw one first.',
      permits: ({ state, senderHex, block }) => hasRoom(state, memberOfKey(state, senderHex), block.timestamp),
    },
  ],
  apply({ payload, state, senderHex, transaction, block }) {
    const proposer = present(memberOfKey(state, senderHex), 'a rule checked that the sender is a member');
    const proposal: Proposal = {
      id: transaction.id,
      proposer,
      ...payload,
      approvals: [proposer],
      rejections: [],
      state: 'open',
      openedAt: block.timestamp,
      closesAt: block.timestamp + proposalValidityMs,
    };
    listProposal(state, proposal);
    return { proposal: transaction.id, state: putProposal(state, proposal) };
  },
};
