import { toHex } from '../base/index.ts';
import { encodeNodeId } from '../crypto/portable.ts';
import type { AccessLog } from './access/state.ts';
import { type Consent, consents } from './consent/state.ts';
import { type Credential, credentialToJson } from './credential/state.ts';
import { domainPolicyToJson } from './enrolment/policy.ts';
import { type Domain, type Link, links } from './enrolment/state.ts';
import { isOpen } from './governance/proposals.ts';
import { configuration, nodesOf, type Proposal, waitingChangesOf } from './governance/state.ts';
import type { StateView } from './ledger-types.ts';
import { type AnchoredRecord, anchored } from './record/state.ts';

/** JSON forms of what the state holds: bytes as hex, keys as DIDs. */

export function describeConsent(consent: Consent): Record<string, unknown> {
  return consents.toJson(consent);
}

export function describeCredential(credential: Credential): Record<string, unknown> {
  return credentialToJson(credential);
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

/** The nodes in force, in their order, and the approved changes that wait, in the order in which blocks enact them. */
export function describeNodes(state: StateView): Record<string, unknown> {
  return {
    generation: configuration.get(state)?.generation ?? 0,
    nodes: nodesOf(state).map(({ nodeKey, ...node }) => ({ nodeId: encodeNodeId(nodeKey), ...node })),
    waiting: waitingChangesOf(state).map(({ nodeKey, ...change }) => ({ nodeId: encodeNodeId(nodeKey), ...change })),
  };
}

/** A proposal as it stands at this time: an open one whose time is over is `expired`. */
export function describeProposal(proposal: Proposal, atMs: number): Record<string, unknown> {
  const { id, nodeKey, state, ...rest } = proposal;
  const shown = state === 'open' && !isOpen(proposal, atMs) ? 'expired' : state;
  const node = nodeKey === undefined ? {} : { nodeId: encodeNodeId(nodeKey) };
  return { proposal: toHex(id), ...node, ...rest, state: shown };
}
