import { z } from 'zod';
import { toHex } from '../../base/index.ts';
import { name, nodeKey, timestamp, transactionId } from '../engine/leaves.ts';
import { type StateRecord, stateRecord } from '../engine/state-record.ts';
import { type ConfigurationStep, ledgerLimits, type StateView } from '../ledger-types.ts';
import { type Action, actions, address } from './action.ts';
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

export type ProposalState = 'open' | 'passed' | 'rejected' | 'withdrawn';

/** A change of the nodes that members vote on. Its id is that of the transaction that proposed it. */
export interface Proposal {
  readonly id: Uint8Array;
  /** The member that proposes. */
  readonly proposer: string;
  readonly action: Action;
  /** The node that it is about; none when it drops the changes that wait. */
  readonly nodeKey?: Uint8Array;
  /** Only of a node that is to be added: the member that runs it. */
  readonly member?: string;
  readonly address?: string;
  /** Members, in the order of their votes. */
  readonly approvals: string[];
  readonly rejections: string[];
  readonly state: ProposalState;
  readonly openedAt: number;
  /** From this time on nobody can vote any more. */
  readonly closesAt: number;
}

/** Approved changes that wait at a time. */
export const changesWaitingMax = 16;
/** Proposals that the list keeps; older ones stay readable by their id. */
export const proposalsListedMax = 256;
/** Open ones of one member, so that none can use up another's room. */
export const proposalsPerMemberMax = 8;
/** Seven days. */
export const proposalValidityMs: number = 7 * 24 * 3_600_000;

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
      .max(changesWaitingMax),
  }),
);

/** Keys of nodes that were removed, for ever. */
export const retired: StateRecord<{ member: string; height: number }> = stateRecord(
  'governance/retired',
  z.strictObject({ member: name(), height: z.int().min(1) }),
);

export const parameters: StateRecord<{ members: number; threshold: number; replaceIntervalMs: number }> = stateRecord(
  'governance/parameters',
  z.strictObject({
    members: z.int().min(0).max(membersMax),
    threshold: z.int().min(1),
    replaceIntervalMs: z.int().min(0),
  }),
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
    proposer: name(),
    action: z.enum(actions),
    nodeKey: nodeKey().exactOptional(),
    member: name().exactOptional(),
    address: address().exactOptional(),
    approvals: z.array(name()).max(membersMax),
    rejections: z.array(name()).max(membersMax),
    state: z.enum(['open', 'passed', 'rejected', 'withdrawn']),
    openedAt: timestamp(),
    closesAt: timestamp(),
  }),
);

/** What one read tells of a proposal. */
export interface ListedProposal {
  readonly id: Uint8Array;
  readonly proposer: string;
  readonly isOpen: boolean;
  readonly closesAt: number;
}

export const listed: StateRecord<{ proposals: ListedProposal[] }> = stateRecord(
  'governance/proposals',
  z.strictObject({
    proposals: z
      .array(z.strictObject({ id: transactionId(), proposer: name(), isOpen: z.boolean(), closesAt: timestamp() }))
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
