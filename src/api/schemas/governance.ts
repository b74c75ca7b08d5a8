import { z } from 'zod';
import { hashText, nodeIdText, timestampMs, wholeNumber } from './primitives.ts';

/** The nodes in force, in the order of the configuration, and the approved changes that wait, in the order they come. */
export interface NodeList {
  /** How often the ledger was re-founded (protocol.md §5, "Disaster"). */
  readonly generation: number;
  readonly nodes: readonly NodeView[];
  readonly waiting: readonly WaitingChangeView[];
}

export interface NodeView {
  readonly nodeId: string;
  /** The member that runs it. */
  readonly member: string;
  readonly role: 'voter' | 'learner';
  /** `host:port`, as far as the ledger was told. */
  readonly address?: string;
  /** Height since which it has this role; 0: since genesis. */
  readonly sinceHeight: number;
}

export interface WaitingChangeView {
  readonly step: 'add' | 'promote' | 'demote' | 'remove';
  readonly nodeId: string;
  readonly member: string;
  readonly address?: string;
  /** Whether the member itself replaces a node by this change. */
  readonly isReplacement: boolean;
}

/** A change of the nodes that members vote on. */
export interface ProposalView {
  /** The id of the transaction that proposed it. */
  readonly proposal: string;
  /** The member that proposes. */
  readonly proposer: string;
  /** `node-add`, `node-promote`, `node-demote`, `node-remove`, `changes-drop`. */
  readonly action: string;
  /** Of every action but `changes-drop`. */
  readonly nodeId?: string;
  /** Of a node that is to be added: the member that runs it, and its `host:port`. */
  readonly member?: string;
  readonly address?: string;
  /** Members, in the order of their votes. */
  readonly approvals: readonly string[];
  readonly rejections: readonly string[];
  readonly state: 'open' | 'passed' | 'rejected' | 'withdrawn' | 'expired';
  /** Block time, milliseconds since the Unix epoch. */
  readonly openedAt: number;
  readonly closesAt: number;
}

/** The newest proposals, newest first. */
export interface ProposalList {
  readonly proposals: readonly ProposalView[];
}

export interface ProposalParams {
  /** The id of the transaction that proposed it. */
  readonly id: string;
}

export const nodeList: z.ZodType<NodeList, NodeList> = z.object({
  generation: wholeNumber,
  nodes: z.array(
    z.object({
      nodeId: nodeIdText,
      member: z.string(),
      role: z.enum(['voter', 'learner']),
      address: z.exactOptional(z.string()),
      sinceHeight: wholeNumber,
    }),
  ),
  waiting: z.array(
    z.object({
      step: z.enum(['add', 'promote', 'demote', 'remove']),
      nodeId: nodeIdText,
      member: z.string(),
      address: z.exactOptional(z.string()),
      isReplacement: z.boolean(),
    }),
  ),
});

export const proposalView: z.ZodType<ProposalView, ProposalView> = z.object({
  proposal: hashText,
  proposer: z.string(),
  action: z.string(),
  nodeId: z.exactOptional(nodeIdText),
  member: z.exactOptional(z.string()),
  address: z.exactOptional(z.string()),
  approvals: z.array(z.string()),
  rejections: z.array(z.string()),
  state: z.enum(['open', 'passed', 'rejected', 'withdrawn', 'expired']),
  openedAt: timestampMs,
  closesAt: timestampMs,
});

export const proposalList: z.ZodType<ProposalList, ProposalList> = z.object({ proposals: z.array(proposalView) });

export const proposalParams: z.ZodType<ProposalParams, ProposalParams> = z.strictObject({ id: hashText });
