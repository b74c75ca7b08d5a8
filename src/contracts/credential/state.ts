import { z } from 'zod';
import { toHex } from '../../base/index.ts';
import { did, isWithin, name, timestamp, transactionId } from '../engine/leaves.ts';
import { type StateRecord, stateRecord } from '../engine/state-record.ts';
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

/** Everything the agent holds, whether its period has begun, runs or is over. */
export function credentialsOf(state: StateView, agent: Uint8Array): readonly Credential[] {
  return held.get(state, toHex(agent))?.credentials ?? [];
}

/** What the agent holds at this time. */
export function credentialsInForce(state: StateView, agent: Uint8Array, atMs: number): readonly Credential[] {
  return credentialsOf(state, agent).filter((credential) => isWithin(credential, atMs));
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
