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

/** What members vote on, with the fields that its action names. */
export interface ProposalView {
  /** The id of the transaction that proposed it. */
  readonly proposal: string;
  /** The member that proposes. */
  readonly proposer: string;
  /** `node-add`, `member-remove`, `parameter-set` …: see the schema of `governance.propose`. */
  readonly action: string;
  readonly nodeId?: string;
  /** The member that runs a node that is added; that is added, removed or gets a key; that takes a domain over. */
  readonly member?: string;
  readonly address?: string;
  /** Of a member that is added or gets another key: its DID. */
  readonly governanceKey?: string;
  readonly role?: string;
  /** The members that may issue the role; absent: every member. */
  readonly issuers?: readonly string[];
  readonly parameter?: string;
  /** Absent: the default. */
  readonly value?: number;
  readonly domain?: string;
  readonly ruleSet?: string;
  /** The first block under the version of the rules. */
  readonly height?: number;
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

/** The members with their keys, sorted by name. */
export interface MemberList {
  /** How many of them must approve a proposal. */
  readonly threshold: number;
  readonly members: readonly MemberView[];
}

export interface MemberView {
  readonly name: string;
  /** The DID of the key that speaks for it. */
  readonly governanceKey: string;
  /** Height of the block since which it is a member; 0: since genesis. */
  readonly sinceHeight: number;
  /** Height of the block that removed it. */
  readonly removedHeight?: number;
}

export interface MemberParams {
  readonly name: string;
}

/** What members have set together. */
export interface GovernanceView {
  readonly threshold: number;
  readonly parameters: readonly ParameterView[];
  readonly roles: readonly RoleView[];
  /** Ascending; the last may lie ahead. */
  readonly ruleSets: readonly { readonly ruleSet: string; readonly height: number }[];
}

export interface ParameterView {
  readonly parameter: string;
  /** What holds. */
  readonly value: number;
  /** Whether nobody set it. */
  readonly isDefault: boolean;
  readonly unit: 'members' | 'milliseconds' | 'hours' | 'switch';
  readonly min: number;
  readonly max: number;
  readonly meaning: string;
}

export interface RoleView {
  readonly role: string;
  /** The members that may issue it; absent: every member. */
  readonly issuers?: readonly string[];
}

export const memberView: z.ZodType<MemberView, MemberView> = z.object({
  name: z.string(),
  governanceKey: z.string(),
  sinceHeight: wholeNumber,
  removedHeight: z.exactOptional(wholeNumber),
});

export const memberList: z.ZodType<MemberList, MemberList> = z.object({
  threshold: wholeNumber,
  members: z.array(memberView),
});

export const memberParams: z.ZodType<MemberParams, MemberParams> = z.strictObject({ name: z.string().max(64) });

export const governanceView: z.ZodType<GovernanceView, GovernanceView> = z.object({
  threshold: wholeNumber,
  parameters: z.array(
    z.object({
      parameter: z.string(),
      value: wholeNumber,
      isDefault: z.boolean(),
      unit: z.enum(['members', 'milliseconds', 'hours', 'switch']),
      min: wholeNumber,
      max: wholeNumber,
      meaning: z.string(),
    }),
  ),
  roles: z.array(z.object({ role: z.string(), issuers: z.exactOptional(z.array(z.string())) })),
  ruleSets: z.array(z.object({ ruleSet: z.string(), height: wholeNumber })),
});

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
  governanceKey: z.exactOptional(z.string()),
  role: z.exactOptional(z.string()),
  issuers: z.exactOptional(z.array(z.string())),
  parameter: z.exactOptional(z.string()),
  value: z.exactOptional(wholeNumber),
  domain: z.exactOptional(z.string()),
  ruleSet: z.exactOptional(z.string()),
  height: z.exactOptional(wholeNumber),
  approvals: z.array(z.string()),
  rejections: z.array(z.string()),
  state: z.enum(['open', 'passed', 'rejected', 'withdrawn', 'expired']),
  openedAt: timestampMs,
  closesAt: timestampMs,
});

export const proposalList: z.ZodType<ProposalList, ProposalList> = z.object({ proposals: z.array(proposalView) });

export const proposalParams: z.ZodType<ProposalParams, ProposalParams> = z.strictObject({ id: hashText });
