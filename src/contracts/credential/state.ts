import { z } from 'zod';
import { toHex } from '../../base/index.ts';
import { did, isWithin, name, timestamp, transactionId } from '../engine/leaves.ts';
import { type StateRecord, stateRecord } from '../engine/state-record.ts';
import { isMember } from '../governance/members.ts';
import type { StateView } from '../ledger-types.ts';
import { type Role, roles } from '../tables/codes.ts';

/** A role that a member gave an agent. Its id is that of the transaction which issued it. */
export interface Credential {
  readonly id: Uint8Array;
  readonly role: Role;
  /** The issuing member: the organisation that the agent belongs to. */
  readonly organisation: string;
  readonly from: number;
  readonly until?: number;
  /** Only for gateways: the one domain it serves; absent: all domains of its organisation. */
  readonly domain?: string;
  /** Since when it does not count; absent: it counts. */
  readonly suspendedAt?: number;
}

/** Of one issuer, so that no member can use up another's room; and of all. */
export const credentialsPerIssuerMax = 16;
export const credentialsPerAgentMax = 256;

const credentialSchema = z.strictObject({
  id: transactionId(),
  role: z.enum(roles),
  organisation: name(),
  from: timestamp(),
  until: timestamp().exactOptional(),
  domain: name().exactOptional(),
  suspendedAt: timestamp().exactOptional(),
});

/** What an agent holds: everything issued and not revoked. */
export const held: StateRecord<{ credentials: Credential[] }> = stateRecord(
  'credential/agent',
  z.strictObject({ credentials: z.array(credentialSchema).max(credentialsPerAgentMax) }),
);

export function credentialToJson(credential: Credential): Record<string, unknown> {
  return z.encode(credentialSchema, credential);
}

export interface IssuedCredential {
  readonly agent: Uint8Array;
  readonly organisation: string;
  readonly revokedAt?: number;
}

export const issued: StateRecord<IssuedCredential> = stateRecord(
  'credential/issued',
  z.strictObject({ agent: did(), organisation: name(), revokedAt: timestamp().exactOptional() }),
);

/** Everything the agent holds, whether it counts or not: suspended, not begun, over, of an organisation that is gone. */
export function credentialsOf(state: StateView, agent: Uint8Array): readonly Credential[] {
  return held.get(state, toHex(agent))?.credentials ?? [];
}

/**
 * What the agent holds at this time, the one place that says what counts: issued and not revoked, within its period, not
 * suspended, and its organisation is a member.
 */
export function credentialsInForce(state: StateView, agent: Uint8Array, atMs: number): readonly Credential[] {
  return credentialsOf(state, agent).filter(
    (credential) =>
      isWithin(credential, atMs) && credential.suspendedAt === undefined && isMember(state, credential.organisation),
  );
}

/** Whether the agent is a gateway of the domain, which `custodian` keeps. */
export function isGatewayOf(credentials: readonly Credential[], domain: string, custodian: string): boolean {
  return credentials.some(
    (credential) =>
      credential.role === 'gateway' &&
      credential.organisation === custodian &&
      (credential.domain === undefined || credential.domain === domain),
  );
}

/** Whether the agent is a privacy officer of the member. */
export function isPrivacyOfficerOf(credentials: readonly Credential[], member: string): boolean {
  return credentials.some(({ role, organisation }) => role === 'privacy-officer' && organisation === member);
}

/** An agent in a group of an organisation: a ward, a care team. */
export interface Membership {
  readonly organisation: string;
  /** Among the groups of the organisation. */
  readonly group: string;
  readonly from: number;
  readonly until?: number;
}

/** Of one organisation, so that no member can use up another's room; and of all. */
export const groupsPerOrganisationMax = 16;
export const groupsPerAgentMax = 256;

const membershipSchema = z.strictObject({
  organisation: name(),
  group: name(),
  from: timestamp(),
  until: timestamp().exactOptional(),
});

export const memberships: StateRecord<{ groups: Membership[] }> = stateRecord(
  'credential/groups',
  z.strictObject({ groups: z.array(membershipSchema).max(groupsPerAgentMax) }),
);

export function membershipToJson(membership: Membership): Record<string, unknown> {
  return z.encode(membershipSchema, membership);
}

/** Every group that the agent was put into and not taken out of, whether it counts or not. */
export function membershipsOf(state: StateView, agent: Uint8Array): readonly Membership[] {
  return memberships.get(state, toHex(agent))?.groups ?? [];
}

/** How a consent names a group: `group:st-mary/ward-4`. */
export function groupText({ organisation, group }: Pick<Membership, 'organisation' | 'group'>): string {
  return `group:${organisation}/${group}`;
}

/**
 * The groups that the agent belongs to at this time, as consents name them. A group is a part of its organisation: without
 * a credential in force of the organisation the agent belongs to none of its groups.
 */
export function groupsOf(state: StateView, agent: Uint8Array, atMs: number): readonly string[] {
  const current = membershipsOf(state, agent).filter((membership) => isWithin(membership, atMs));
  if (current.length === 0) return [];
  const organisations = new Set(credentialsInForce(state, agent, atMs).map(({ organisation }) => organisation));
  return current.filter(({ organisation }) => organisations.has(organisation)).map(groupText);
}
