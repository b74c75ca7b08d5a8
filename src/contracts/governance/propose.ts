import { z } from 'zod';
import { present, toHex } from '../../base/index.ts';
import type { KindDefinition, Rule } from '../engine/contract.ts';
import { transactionId } from '../engine/leaves.ts';
import { senderIsMember } from '../rules.ts';
import { changeOf, changeShape, isClear, type ProposedChange } from './action.ts';
import { rulesOfDecision } from './decision-rules.ts';
import { carryOut } from './effects.ts';
import { governanceStream, proposalMade } from './entries.ts';
import { memberOfKey } from './members.ts';
import { parameterOf } from './parameters.ts';
import { conflicting, decided, hasRoom, lastFailure, listProposal, putProposal } from './proposals.ts';
import type { Vote } from './state.ts';

/** States of a proposal after a vote. */
export const outcomes = ['open', 'passed', 'rejected'] as const;

const approval = (sender: Uint8Array): Vote => ({ key: sender, approve: true });

/** Rules that keep proposals apart, and from crowding. */
const rulesOfProposals: readonly Rule<ProposedChange>[] = [
  {
    name: 'nothing-conflicts',
    code: 'proposal-conflicts',
    sentence: 'Members are voting on another proposal about the same thing; vote on that one, or withdraw it first.',
    permits({ state, payload, block, saw }) {
      const other = conflicting(state, payload, block.timestamp);
      if (other !== undefined) {
        saw('proposal', toHex(other.id));
        saw('about', other.target);
      }
      return other === undefined;
    },
  },
  {
    name: 'proposer-pauses',
    code: 'proposed-lately',
    sentence:
      'A proposal of this member about the same thing was rejected or withdrawn a short time ago; wait, or let another member propose.',
    permits({ state, payload, sender, block, saw }) {
      const failedAt = lastFailure(state, payload, sender);
      if (failedAt === undefined) return true;
      const allowedFrom = failedAt + parameterOf(state, 'governance.proposalPauseMs');
      saw('allowed from', allowedFrom);
      return allowedFrom <= block.timestamp;
    },
  },
  {
    name: 'proposals-have-room',
    code: 'too-many-proposals',
    sentence: 'This member, or the whole ledger, has as many open proposals as it can; decide or withdraw one first.',
    permits: ({ state, sender, block }) => hasRoom(state, sender, block.timestamp),
  },
];

/** `governance.propose`: a member proposes something that members decide together, and approves it by doing so. */
export const propose: KindDefinition<z.ZodObject & z.ZodType<ProposedChange>> = {
  summary: 'A member proposes something that members decide together, and approves it by doing so.',
  schema: z.strictObject(changeShape),
  output: z.strictObject({ proposal: transactionId(), state: z.enum(outcomes) }),
  effects: [
    'Members can vote on it until its time is over; it has the approval of the member that proposes it.',
    'Where that approval is enough, it is done at once; changes of the nodes wait for blocks to enact them.',
    'The history of governance has an entry that says so.',
  ],
  example: { action: 'role-issuers', role: 'researcher', issuers: ['st-mary'] },
  rules: [
    senderIsMember,
    {
      name: 'action-is-clear',
      code: 'action-unclear',
      sentence: 'The proposal does not name what its action needs, or names what the action has no place for.',
      permits: ({ payload }) => isClear(payload),
    },
    ...rulesOfDecision<ProposedChange>(({ payload }) => payload),
    ...rulesOfProposals,
  ],
  apply({ payload, state, sender, senderHex, transaction, block, emit }) {
    const at = block.timestamp;
    const change = changeOf(payload);
    const vote = approval(sender);
    const proposal = {
      ...change,
      id: transaction.id,
      proposer: sender,
      votes: [vote],
      state: decided(state, change, [], vote),
      openedAt: at,
      closesAt: at + parameterOf(state, 'governance.proposalValidityMs'),
    };
    const proposer = present(memberOfKey(state, senderHex), 'a rule checked that the sender is a member');
    listProposal(state, proposal);
    putProposal(state, proposal, at);
    if (proposal.state === 'passed') carryOut(state, change, block.height);
    emit(
      governanceStream,
      proposalMade.encode({ proposal: proposal.id, proposer, ...change, state: proposal.state, at }),
    );
    return { proposal: transaction.id, state: proposal.state };
  },
};
