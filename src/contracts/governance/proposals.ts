import { equalBytes, present, toHex } from '../../base/index.ts';
import type { WritableState } from '../engine/contract.ts';
import type { StateView } from '../ledger-types.ts';
import { stepOfAction } from './action.ts';
import { addWaiting, dropWaiting, nodesAfterWaiting, nodeWithKey } from './changes.ts';
import {
  type ListedProposal,
  listed,
  type Proposal,
  type ProposalState,
  parameters,
  proposals,
  proposalsListedMax,
  proposalsPerMemberMax,
  type WaitingChange,
} from './state.ts';

/** Whether members can still vote on it. */
export function isOpen(proposal: Proposal, atMs: number): boolean {
  return proposal.state === 'open' && atMs < proposal.closesAt;
}

/** Whether so many approvals pass a proposal. */
export function passesWith(state: StateView, approvals: number): boolean {
  return approvals >= parametersOf(state).threshold;
}

function parametersOf(state: StateView): { readonly members: number; readonly threshold: number } {
  return present(parameters.get(state), 'genesis sets the parameters');
}

/** What the votes so far come to. */
function decided(state: StateView, { approvals, rejections }: Proposal): ProposalState {
  const { members, threshold } = parametersOf(state);
  if (approvals.length >= threshold) return 'passed';
  return rejections.length > members - threshold ? 'rejected' : 'open';
}

/** Stores a proposal with its votes; when they decide it, it is closed, and when it passed, it is done: its change waits. */
export function putProposal(state: WritableState, counted: Proposal): ProposalState {
  const outcome = decided(state, counted);
  if (outcome === 'passed') carryOut(state, counted);
  closeProposal(state, counted, outcome);
  return outcome;
}

/** Stores a proposal under a state, and what the list says of it. */
export function closeProposal(state: WritableState, proposal: Proposal, outcome: ProposalState): void {
  proposals.put(state, [toHex(proposal.id)], { ...proposal, state: outcome });
  const isStillOpen = outcome === 'open';
  const list = listedIn(state);
  const changed = list.map((item) => (equalBytes(item.id, proposal.id) ? { ...item, isOpen: isStillOpen } : item));
  listed.put(state, [], { proposals: changed });
}

function carryOut(state: WritableState, proposal: Proposal): void {
  const step = stepOfAction[proposal.action];
  if (step === undefined) dropWaiting(state);
  else addWaiting(state, [changeOf(state, step, proposal)]);
}

function changeOf(state: StateView, step: WaitingChange['step'], proposal: Proposal): WaitingChange {
  const { address } = proposal;
  const nodeKey = present(proposal.nodeKey, 'a rule checked that a node is named');
  const member = proposal.member ?? nodeWithKey(nodesAfterWaiting(state), nodeKey)?.member;
  return {
    step,
    nodeKey,
    member: present(member, 'a rule checked that the node or its member is known'),
    ...(address === undefined ? {} : { address }),
    isReplacement: false,
  };
}

/** Whether the member can have one more open proposal, and the list has a place for it. */
export function hasRoom(state: StateView, proposer: string | undefined, atMs: number): boolean {
  const open = listedIn(state).filter((item) => isListedOpen(item, atMs));
  const own = open.filter((item) => item.proposer === proposer);
  return own.length < proposalsPerMemberMax && open.length < proposalsListedMax;
}

/** Puts a new proposal at the end of the list. A full one gives up its oldest entry that is no longer open. */
export function listProposal(state: WritableState, { id, proposer, closesAt, openedAt }: Proposal): void {
  const list = listedIn(state);
  const isFull = list.length >= proposalsListedMax;
  const kept = isFull
    ? list.toSpliced(
        list.findIndex((item) => !isListedOpen(item, openedAt)),
        1,
      )
    : list;
  listed.put(state, [], { proposals: [...kept, { id, proposer, isOpen: true, closesAt }] });
}

function listedIn(state: StateView): readonly ListedProposal[] {
  return present(listed.get(state), 'genesis begins the list').proposals;
}

function isListedOpen(item: ListedProposal, atMs: number): boolean {
  return item.isOpen && atMs < item.closesAt;
}
