import type { Nothing, Route } from '../route.ts';
import {
  type ConfigurationPage,
  type ConfigurationsQuery,
  configurationPage,
  configurationsQuery,
  type HistoryQuery,
  type HistoryView,
  historyQuery,
  historyView,
} from '../schemas/configurations.ts';
import {
  type GovernanceView,
  governanceView,
  type MemberList,
  type MemberParams,
  type MemberView,
  memberList,
  memberParams,
  memberView,
  type NodeList,
  nodeList,
  type ProposalList,
  type ProposalParams,
  type ProposalView,
  proposalList,
  proposalParams,
  proposalView,
} from '../schemas/governance.ts';
import { type Stream, streamOf } from './common.ts';

/** Members and nodes, and how these are changed. */
export interface GovernanceRoutes {
  readonly members: Route<Nothing, Nothing, never, MemberList>;
  readonly member: Route<MemberParams, Nothing, never, MemberView>;
  readonly governance: Route<Nothing, Nothing, never, GovernanceView>;
  readonly governanceHistory: Stream<Nothing>;
  readonly nodes: Route<Nothing, Nothing, never, NodeList>;
  readonly configurations: Route<Nothing, ConfigurationsQuery, never, ConfigurationPage>;
  readonly history: Route<Nothing, HistoryQuery, never, HistoryView>;
  readonly proposals: Route<Nothing, Nothing, never, ProposalList>;
  readonly proposal: Route<ProposalParams, Nothing, never, ProposalView>;
}

export const governanceRoutes: GovernanceRoutes = {
  members: {
    operation: 'listMembers',
    method: 'GET',
    path: '/v1/members',
    summary: 'The members of the consortium with their keys, and how many of them decide.',
    reply: { mediaType: 'application/json', schema: memberList },
    readsLedger: true,
    errors: [],
  },
  member: {
    operation: 'getMember',
    method: 'GET',
    path: '/v1/members/{name}',
    summary: 'One member, also one that was removed.',
    params: memberParams,
    reply: { mediaType: 'application/json', schema: memberView },
    readsLedger: true,
    errors: ['not-found'],
  },
  governance: {
    operation: 'getGovernance',
    method: 'GET',
    path: '/v1/governance',
    summary: 'What members have set together: parameters, who issues which role, versions of the rules.',
    reply: { mediaType: 'application/json', schema: governanceView },
    readsLedger: true,
    errors: [],
  },
  governanceHistory: streamOf(
    'listGovernanceHistory',
    '/v1/governance/history',
    'Every proposal, vote and withdrawal, and what members did to nodes of their own.',
  ),
  nodes: {
    operation: 'listNodes',
    method: 'GET',
    path: '/v1/nodes',
    summary: "The ledger's nodes with their roles, and the approved changes that wait.",
    reply: { mediaType: 'application/json', schema: nodeList },
    readsLedger: true,
    errors: [],
  },
  configurations: {
    operation: 'listConfigurations',
    method: 'GET',
    path: '/v1/configurations',
    summary: "The configurations of the ledger's nodes that this node can prove, from that of genesis on.",
    query: configurationsQuery,
    reply: { mediaType: 'application/json', schema: configurationPage },
    readsLedger: true,
    errors: [],
  },
  history: {
    operation: 'getConfigurationHistory',
    method: 'GET',
    path: '/v1/configurations/history',
    summary: 'The changes of the configuration since a known one, with all that anyone needs to verify them offline.',
    query: historyQuery,
    reply: { mediaType: 'application/json', schema: historyView },
    readsLedger: true,
    errors: ['not-found'],
  },
  proposals: {
    operation: 'listProposals',
    method: 'GET',
    path: '/v1/proposals',
    summary: 'The newest proposals, with their votes.',
    reply: { mediaType: 'application/json', schema: proposalList },
    readsLedger: true,
    errors: [],
  },
  proposal: {
    operation: 'getProposal',
    method: 'GET',
    path: '/v1/proposals/{id}',
    summary: 'One proposal, however old.',
    params: proposalParams,
    reply: { mediaType: 'application/json', schema: proposalView },
    readsLedger: true,
    errors: ['not-found'],
  },
};
