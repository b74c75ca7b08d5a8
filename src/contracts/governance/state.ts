import { z } from 'zod';
import { toHex } from '../../base/index.ts';
import { did, name, nodeKey, timestamp, transactionId } from '../engine/leaves.ts';
import { type StateRecord, stateRecord } from '../engine/state-record.ts';
import { type ConfigurationStep, ledgerLimits, type StateView } from '../ledger-types.ts';
import { address, changeShape, type ProposedChange, targetCharactersMax } from './action.ts';
import { membersMax } from './members.ts';

/** A node of the ledger. */
export interface NodeRecord {
  readonly nodeKey: Uint8Array;
  /** The member that runs it. */
  readonly member: string;
  readonly role: 'voter' | 'learner';
  /** Where others reach it, `host:port`, as far as the ledger was told. */
  readonly address?: string;
  /** Height of the block since which it has this role; 0: since genesis. */
  readonly sinceHeight: number;
}

/** An approved change that waits for a block to enact it. */
export interface WaitingChange {
  readonly step: ConfigurationStep['step'];
  readonly nodeKey: Uint8Array;
  /** The member that runs the node. */
  readonly member: string;
  /** Of a node that is added. */
  readonly address?: string;
  /** Whether the member itself replaces a node by this change. */
  readonly isReplacement: boolean;
}

export const proposalStates = ['open', 'passed', 'rejected', 'withdrawn'] as const;
export type ProposalState = (typeof proposalStates)[number];

/** By the governance key, not by the member's name: a vote counts while the key speaks for a member. */
export interface Vote {
  readonly key: Uint8Array;
  readonly approve: boolean;
}

/** What members vote on. Its id is that of the transaction that proposed it. */
export interface Proposal extends ProposedChange {
  readonly id: Uint8Array;
  /** The governance key that proposed it. */
  readonly proposer: Uint8Array;
  /** In their order. */
  readonly votes: readonly Vote[];
  readonly state: ProposalState;
  readonly openedAt: number;
  /** From this time on nobody can vote any more. */
  readonly closesAt: number;
}

/** Approved changes that wait at a time, but for removals that go before them. */
export const changesWaitingMax = 16;
/** Proposals that the list keeps; older ones stay readable by their id. */
export const proposalsListedMax = 256;
/** Open ones of one member, so that none can use up another's room. */
export const proposalsPerMemberMax = 8;

const nodeSchema = z.strictObject({
  nodeKey: nodeKey(),
  member: name(),
  role: z.enum(['voter', 'learner']),
  address: address().exactOptional(),
  sinceHeight: z.int().min(0),
});

export const configuration: StateRecord<{ generation: number; nodes: NodeRecord[] }> = stateRecord(
  'governance/configuration',
  z.strictObject({
    generation: z.int().min(0),
    nodes: z.array(nodeSchema).max(ledgerLimits.configurationNodesMax),
  }),
);

export const changes: StateRecord<{ waiting: WaitingChange[] }> = stateRecord(
  'governance/changes',
  z.strictObject({
    waiting: z
      .array(
        z.strictObject({
          step: z.enum(['add', 'promote', 'demote', 'remove']),
          nodeKey: nodeKey(),
          member: name(),
          address: address().exactOptional(),
          isReplacement: z.boolean(),
        }),
      )
      // Each node in force leaves before the others once.
      .max(changesWaitingMax + ledgerLimits.configurationNodesMax),
  }),
);

/** Keys of nodes that were removed, for ever. */
export const retired: StateRecord<{ member: string; height: number }> = stateRecord(
  'governance/retired',
  z.strictObject({ member: name(), height: z.int().min(1) }),
);

/** When a member last replaced a node of its own. */
export const replaced: StateRecord<{ at: number }> = stateRecord(
  'governance/replaced',
  z.strictObject({ at: timestamp() }),
);

export const proposals: StateRecord<Proposal> = stateRecord(
  'governance/proposal',
  z.strictObject({
    id: transactionId(),
    proposer: did(),
    ...changeShape,
    votes: z.array(z.strictObject({ key: did(), approve: z.boolean() })).max(membersMax),
    state: z.enum(proposalStates),
    openedAt: timestamp(),
    closesAt: timestamp(),
  }),
);

/** What one read tells of a proposal. */
export interface ListedProposal {
  readonly id: Uint8Array;
  readonly proposer: Uint8Array;
  /** What it is about. */
  readonly target: string;
  readonly isOpen: boolean;
  readonly closesAt: number;
  /** When it was rejected or withdrawn. */
  readonly failedAt?: number;
}

export const listed: StateRecord<{ proposals: ListedProposal[] }> = stateRecord(
  'governance/proposals',
  z.strictObject({
    proposals: z
      .array(
        z.strictObject({
          id: transactionId(),
          proposer: did(),
          target: z.string().max(targetCharactersMax),
          isOpen: z.boolean(),
          closesAt: timestamp(),
          failedAt: timestamp().exactOptional(),
        }),
      )
      .max(proposalsListedMax),
  }),
);

/** The nodes in force, in the order of the configuration. */
export function nodesOf(state: StateView): readonly NodeRecord[] {
  return configuration.get(state)?.nodes ?? [];
}

/** Approved changes, in the order in which blocks will enact them. */
export function waitingChangesOf(state: StateView): readonly WaitingChange[] {
  return changes.get(state)?.waiting ?? [];
}

export function proposalOf(state: StateView, id: Uint8Array): Proposal | undefined {
  return proposals.get(state, toHex(id));
}

/** The newest proposals, newest first, at most 256. */
export function proposalsOf(state: StateView): readonly Proposal[] {
  const ids = (listed.get(state)?.proposals ?? []).map(({ id }) => id).reverse();
  return ids.flatMap((id) => proposalOf(state, id) ?? []);
}
