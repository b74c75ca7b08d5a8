import { equalBytes, present, toHex } from '../../base/index.ts';
import type { WritableState } from '../engine/contract.ts';
import type { StateView } from '../ledger-types.ts';
import { type ProposedChange, targetOf } from './action.ts';
import { memberNamesOf, memberOfKey, ownerOfKey } from './members.ts';
import {
  type ListedProposal,
  listed,
  type Proposal,
  type ProposalState,
  proposals,
  proposalsListedMax,
  proposalsPerMemberMax,
  type Vote,
} from './state.ts';
import { passes } from './threshold.ts';

/**
 * Whether members can still vote on it: not decided, its time not over, and the key that proposed it still speaks for a
 * member.
 */
export function isOpen(state: StateView, proposal: Proposal, atMs: number): boolean {
  return proposal.state === 'open' && isRunning(state, proposal, atMs);
}

function isRunning(state: StateView, of: Pick<Proposal, 'proposer' | 'closesAt'>, atMs: number): boolean {
  return atMs < of.closesAt && memberOfKey(state, toHex(of.proposer)) !== undefined;
}

/** Votes whose keys speak for a member now. A member that was removed, or got another key, has no vote from before. */
export function countedVotes(state: StateView, votes: readonly Vote[]): readonly Vote[] {
  return votes.filter(({ key }) => memberOfKey(state, toHex(key)) !== undefined);
}

/** Members that voted so, in the order of their votes. */
export function voters(state: StateView, votes: readonly Vote[], approve: boolean): readonly string[] {
  return votes
    .filter((vote) => vote.approve === approve)
    .map(({ key }) => present(ownerOfKey(state, toHex(key)), 'only governance keys vote'));
}

/** Whether these votes, as far as they count, pass the proposal now. */
export function passesWith(state: StateView, change: ProposedChange, votes: readonly Vote[]): boolean {
  return passes(state, voters(state, countedVotes(state, votes), true), receiverOf(change));
}

/** What the votes come to once `vote` is among them. */
export function decided(state: StateView, change: ProposedChange, votes: readonly Vote[], vote: Vote): ProposalState {
  const all = [...votes, vote];
  if (vote.approve && passesWith(state, change, all)) return 'passed';
  const against = new Set(voters(state, countedVotes(state, all), false));
  const others = memberNamesOf(state).filter((member) => !against.has(member));
  return passes(state, others, receiverOf(change)) ? 'open' : 'rejected';
}

/** The member that takes something over by the change. */
function receiverOf({ action, member }: ProposedChange): string | undefined {
  return action === 'domain-hand-over' ? member : undefined;
}

/** Stores a proposal under a state, and what the list says of it. */
export function putProposal(state: WritableState, proposal: Proposal, atMs: number): void {
  proposals.put(state, [toHex(proposal.id)], proposal);
  const isStillOpen = proposal.state === 'open';
  const failed = proposal.state === 'rejected' || proposal.state === 'withdrawn' ? { failedAt: atMs } : {};
  const list = listedIn(state).map((item) =>
    equalBytes(item.id, proposal.id) ? { ...item, isOpen: isStillOpen, ...failed } : item,
  );
  listed.put(state, [], { proposals: list });
}

/** The open proposal about the same thing, if there is one. */
export function conflicting(state: StateView, change: ProposedChange, atMs: number): ListedProposal | undefined {
  const target = targetOf(change);
  return listedIn(state).find((item) => item.target === target && isListedOpen(state, item, atMs));
}

/** When the last proposal of this key about the same thing was rejected or withdrawn. */
export function lastFailure(state: StateView, change: ProposedChange, proposer: Uint8Array): number | undefined {
  const target = targetOf(change);
  return listedIn(state).findLast((item) => item.target === target && equalBytes(item.proposer, proposer))?.failedAt;
}

/** Whether the key can have one more open proposal, and the list has a place for it. */
export function hasRoom(state: StateView, proposer: Uint8Array, atMs: number): boolean {
  const open = listedIn(state).filter((item) => isListedOpen(state, item, atMs));
  const own = open.filter((item) => equalBytes(item.proposer, proposer));
  return own.length < proposalsPerMemberMax && open.length < proposalsListedMax;
}

/** Puts a new proposal at the end of the list. A full one gives up its oldest entry that is no longer open. */
export function listProposal(state: WritableState, proposal: Proposal): void {
  const { id, proposer, closesAt, openedAt } = proposal;
  const list = listedIn(state);
  const isFull = list.length >= proposalsListedMax;
  const kept = isFull
    ? list.toSpliced(
        list.findIndex((item) => !isListedOpen(state, item, openedAt)),
        1,
      )
    : list;
  const item = { id, proposer, target: targetOf(proposal), isOpen: true, closesAt };
  listed.put(state, [], { proposals: [...kept, item] });
}

function listedIn(state: StateView): readonly ListedProposal[] {
  return present(listed.get(state), 'genesis begins the list').proposals;
}

function isListedOpen(state: StateView, item: ListedProposal, atMs: number): boolean {
  return item.isOpen && isRunning(state, item, atMs);
}
