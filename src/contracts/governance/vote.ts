import { z } from 'zod';
import { present } from '../../base/index.ts';
import type { KindDefinition, Rule, RuleContext } from '../engine/contract.ts';
import { transactionId } from '../engine/leaves.ts';
import { senderIsMember } from '../rules.ts';
import { memberOfKey } from './members.ts';
import { closeProposal, isOpen, passesWith, putProposal } from './proposals.ts';
import { outcomes } from './propose.ts';
import { changesHaveRoom, rulesOfChange } from './rules.ts';
import { type Proposal, proposalOf } from './state.ts';

interface OnProposal {
  readonly proposal: Uint8Array;
}

interface Vote extends OnProposal {
  readonly approve: boolean;
}

const proposalIsKnown: Rule<OnProposal> = {
  name: 'proposal-is-known',
  code: 'proposal-unknown',
  sentence: 'There is no such proposal.',
  permits: ({ payload, state }) => proposalOf(state, payload.proposal) !== undefined,
};

const proposalIsOpen: Rule<OnProposal> = {
  name: 'proposal-is-open',
  code: 'proposal-closed',
  sentence: 'This proposal was decided or withdrawn, or its time is over.',
  permits(context) {
    const proposal = proposed(context);
    context.saw('state', proposal.state);
    context.saw('closes at', proposal.closesAt);
    return isOpen(proposal, context.block.timestamp);
  },
};

/** `governance.vote`: a member approves or rejects a proposal, once. The vote that passes it lets its change wait. */
export const vote: KindDefinition<z.ZodObject & z.ZodType<Vote>> = {
  schema: z.strictObject({ proposal: transactionId(), approve: z.boolean() }),
  output: z.strictObject({ state: z.enum(outcomes) }),
  rules: [
    senderIsMember,
    proposalIsKnown,
    proposalIsOpen,
    {
      name: 'member-votes-once',
      code: 'already-voted',
      sentence: 'This member has already voted on this proposal.',
      permits(context) {
        const { approvals, rejections } = proposed(context);
        return ![...approvals, ...rejections].includes(memberOf(context));
      },
    },
    ...rulesOfChange<Vote>((context) => (isDeciding(context) ? proposed(context) : undefined)),
    changesHaveRoom((context) => (isDeciding(context) && proposed(context).nodeKey !== undefined ? 1 : 0)),
  ],
  apply(context) {
    const { payload, state } = context;
    const proposal = proposed(context);
    const member = memberOf(context);
    const counted = payload.approve
      ? { ...proposal, approvals: [...proposal.approvals, member] }
      : { ...proposal, rejections: [...proposal.rejections, member] };
    return { state: putProposal(state, counted) };
  },
};

/** `governance.withdraw`: the member that made a proposal takes it back while it is open. */
export const withdraw: KindDefinition<z.ZodObject & z.ZodType<OnProposal>> = {
  schema: z.strictObject({ proposal: transactionId() }),
  rules: [
    senderIsMember,
    proposalIsKnown,
    {
      name: 'proposal-is-own',
      code: 'not-the-proposer',
      sentence: 'Only the member that made the proposal can withdraw it.',
      permits: (context) => proposed(context).proposer === memberOf(context),
    },
    proposalIsOpen,
  ],
  apply(context) {
    closeProposal(context.state, proposed(context), 'withdrawn');
    return undefined;
  },
};

function proposed({ payload, state }: RuleContext<OnProposal>): Proposal {
  return present(proposalOf(state, payload.proposal), 'a rule checked that the proposal is known');
}

function memberOf({ state, senderHex }: RuleContext<unknown>): string {
  return present(memberOfKey(state, senderHex), 'a rule checked that the sender is a member');
}

/** Whether this vote passes the proposal: its change must apply now, not only when it was proposed. */
function isDeciding(context: RuleContext<Vote>): boolean {
  return context.payload.approve && passesWith(context.state, proposed(context).approvals.length + 1);
}
