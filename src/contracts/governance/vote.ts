import { z } from 'zod';
import { equalBytes, present } from '../../base/index.ts';
import type { KindDefinition, Rule, RuleContext } from '../engine/contract.ts';
import { transactionId } from '../engine/leaves.ts';
import { senderIsMember } from '../rules.ts';
import { changeOf } from './action.ts';
import { rulesOfDecision } from './decision-rules.ts';
import { carryOut } from './effects.ts';
import { governanceStream, proposalWithdrawn, voteCast } from './entries.ts';
import { memberOfKey, ownerOfKey } from './members.ts';
import { countedVotes, decided, isOpen, passesWith, putProposal } from './proposals.ts';
import { outcomes } from './propose.ts';
import { type Proposal, proposalOf, type Vote } from './state.ts';

interface OnProposal {
  readonly proposal: Uint8Array;
}

interface Ballot extends OnProposal {
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
    return isOpen(context.state, proposal, context.block.timestamp);
  },
};

/** `governance.vote`: a member approves or rejects a proposal, once. The vote that passes it lets it be done. */
export const vote: KindDefinition<z.ZodObject & z.ZodType<Ballot>> = {
  summary: 'A member approves or rejects a proposal, once.',
  schema: z.strictObject({ proposal: transactionId(), approve: z.boolean() }),
  output: z.strictObject({ state: z.enum(outcomes) }),
  effects: [
    'The vote counts while the key that cast it speaks for a member.',
    'An approval that passes the proposal lets it be done; changes of the nodes wait for blocks to enact them.',
    'A rejection after which it cannot pass any more closes it.',
    'The history of governance has an entry that says so.',
  ],
  example: { proposal: '3f1a'.repeat(16), approve: true },
  rules: [
    senderIsMember,
    proposalIsKnown,
    proposalIsOpen,
    {
      name: 'member-votes-once',
      code: 'already-voted',
      sentence: 'This member has already voted on this proposal.',
      permits: (context) => !proposed(context).votes.some(({ key }) => equalBytes(key, context.sender)),
    },
    ...rulesOfDecision<Ballot>((context) => (isDeciding(context) ? proposed(context) : undefined)),
  ],
  apply(context) {
    const { state, senderHex, block, emit } = context;
    const before = proposed(context);
    const ballot = ballotOf(context);
    const outcome = decided(state, before, before.votes, ballot);
    const member = present(memberOfKey(state, senderHex), 'a rule checked that the sender is a member');
    const { id } = before;
    const votes = [...countedVotes(state, before.votes), ballot];
    putProposal(state, { ...before, votes, state: outcome }, block.timestamp);
    if (outcome === 'passed') carryOut(state, changeOf(before), block.height);
    const entry = { proposal: id, member, approve: ballot.approve, state: outcome, at: block.timestamp };
    emit(governanceStream, voteCast.encode(entry));
    return { state: outcome };
  },
};

/** `governance.withdraw`: the member that made a proposal takes it back while it is open. */
export const withdraw: KindDefinition<z.ZodObject & z.ZodType<OnProposal>> = {
  summary: 'The member that made a proposal takes it back while it is open.',
  schema: z.strictObject({ proposal: transactionId() }),
  effects: ['Nobody can vote on it any more.', 'The history of governance has an entry that says so.'],
  example: { proposal: '3f1a'.repeat(16) },
  rules: [
    senderIsMember,
    proposalIsKnown,
    {
      name: 'proposal-is-own',
      code: 'not-the-proposer',
      sentence: 'Only the member that made the proposal can withdraw it.',
      permits: (context) => equalBytes(proposed(context).proposer, context.sender),
    },
    proposalIsOpen,
  ],
  apply(context) {
    const { state, senderHex, block, emit } = context;
    const proposal = proposed(context);
    const member = present(ownerOfKey(state, senderHex), 'a rule checked that the sender is a member');
    putProposal(state, { ...proposal, state: 'withdrawn' }, block.timestamp);
    emit(governanceStream, proposalWithdrawn.encode({ proposal: proposal.id, member, at: block.timestamp }));
    return undefined;
  },
};

function proposed({ payload, state }: RuleContext<OnProposal>): Proposal {
  return present(proposalOf(state, payload.proposal), 'a rule checked that the proposal is known');
}

function ballotOf({ payload, sender }: RuleContext<Ballot>): Vote {
  return { key: sender, approve: payload.approve };
}

/** Whether this vote passes the proposal: what it asks for must be possible now, not only when it was proposed. */
function isDeciding(context: RuleContext<Ballot>): boolean {
  const proposal = proposed(context);
  return context.payload.approve && passesWith(context.state, proposal, [...proposal.votes, ballotOf(context)]);
}
