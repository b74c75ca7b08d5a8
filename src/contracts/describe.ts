import { present, toHex } from '../base/index.ts';
import { encodeDid, encodeNodeId } from '../crypto/portable.ts';
import type { AccessLog } from './access/state.ts';
import { type Consent, consents } from './consent/state.ts';
import {
  credentialsInForce,
  credentialsOf,
  credentialToJson,
  groupsOf,
  groupText,
  membershipsOf,
  membershipToJson,
} from './credential/state.ts';
import { domainPolicyToJson } from './enrolment/policy.ts';
import { type Domain, type Link, links } from './enrolment/state.ts';
import { changeOf } from './governance/action.ts';
import { issuersOf } from './governance/issuers.ts';
import { type Member, memberNamed, memberNamesOf, memberToJson, ownerOfKey } from './governance/members.ts';
import {
  parameterDefinitions,
  parameterNames,
  parameterOf,
  statedParameter,
  thresholdName,
} from './governance/parameters.ts';
import { countedVotes, isOpen, voters } from './governance/proposals.ts';
import { activationsOf } from './governance/rule-sets.ts';
import { configuration, nodesOf, type Proposal, waitingChangesOf } from './governance/state.ts';
import { thresholdOf } from './governance/threshold.ts';
import type { StateView } from './ledger-types.ts';
import { type AnchoredRecord, anchored } from './record/state.ts';
import { roles } from './tables/codes.ts';

/** JSON forms of what the state holds: bytes as hex, keys as DIDs. */

export function describeConsent(consent: Consent): Record<string, unknown> {
  return consents.toJson(consent);
}

/** What an agent holds and which groups it is in, each with whether it counts at this time. */
export function describeCredentials(state: StateView, agent: Uint8Array, atMs: number): Record<string, unknown> {
  const inForce = credentialsInForce(state, agent, atMs);
  const groups = groupsOf(state, agent, atMs);
  return {
    credentials: credentialsOf(state, agent).map((credential) => {
      return { ...credentialToJson(credential), inForce: inForce.includes(credential) };
    }),
    groups: membershipsOf(state, agent).map((membership) => {
      return { ...membershipToJson(membership), inForce: groups.includes(groupText(membership)) };
    }),
  };
}

export function describeDomain(domain: Domain): Record<string, unknown> {
  const { name, custodian, version } = domain;
  return { name, custodian, version, policy: domainPolicyToJson(domain.policy) };
}

export function describeLink(link: Link): Record<string, unknown> {
  return links.toJson(link);
}

export function describeAccessLog(log: AccessLog): { size: number; root: string } {
  return { size: log.size, root: toHex(log.root) };
}

export function describeRecord(record: AnchoredRecord): Record<string, unknown> {
  return anchored.toJson(record);
}

export function describeMember(member: Member): Record<string, unknown> {
  return memberToJson(member);
}

/** The members, sorted by name, and how many of them decide. */
export function describeMembers(state: StateView): Record<string, unknown> {
  const members = memberNamesOf(state).map((name) => present(memberNamed(state, name), 'a listed member is there'));
  return { threshold: thresholdOf(state), members: members.map(describeMember) };
}

/** What members have set together: every parameter, every role, every version of the rules. */
export function describeGovernance(state: StateView): Record<string, unknown> {
  return {
    threshold: thresholdOf(state),
    parameters: parameterNames.map((parameter) => {
      const { unit, min, max, meaning } = parameterDefinitions[parameter];
      const value = parameter === thresholdName ? thresholdOf(state) : parameterOf(state, parameter);
      const isDefault = statedParameter(state, parameter) === undefined;
      return { parameter, value, isDefault, unit, min, max, meaning };
    }),
    roles: roles.map((role) => {
      const issuers = issuersOf(state, role);
      return { role, ...(issuers === undefined ? {} : { issuers }) };
    }),
    ruleSets: activationsOf(state),
  };
}

/** The nodes in force, in their order, and the approved changes that wait, in the order in which blocks enact them. */
export function describeNodes(state: StateView): Record<string, unknown> {
  return {
    generation: configuration.get(state)?.generation ?? 0,
    nodes: nodesOf(state).map(({ nodeKey, ...node }) => ({ nodeId: encodeNodeId(nodeKey), ...node })),
    waiting: waitingChangesOf(state).map(({ nodeKey, ...change }) => ({ nodeId: encodeNodeId(nodeKey), ...change })),
  };
}

/**
 * A proposal as it stands in this state and at this time: an open one whose time is over, or whose proposer is no member
 * any more, is `expired`. Of an open one the votes that count are shown, of any other those that counted.
 */
export function describeProposal(view: StateView, proposal: Proposal, atMs: number): Record<string, unknown> {
  const { id, proposer, state, votes, openedAt, closesAt } = proposal;
  const { nodeKey, governanceKey, ...change } = changeOf(proposal);
  const counted = state === 'open' ? countedVotes(view, votes) : votes;
  return {
    proposal: toHex(id),
    proposer: ownerOfKey(view, toHex(proposer)),
    ...change,
    ...(nodeKey === undefined ? {} : { nodeId: encodeNodeId(nodeKey) }),
    ...(governanceKey === undefined ? {} : { governanceKey: encodeDid(governanceKey) }),
    approvals: voters(view, counted, true),
    rejections: voters(view, counted, false),
    state: state === 'open' && !isOpen(view, proposal, atMs) ? 'expired' : state,
    openedAt,
    closesAt,
  };
}
