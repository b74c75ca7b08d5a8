import { z } from 'zod';
import { toHex } from '../../base/index.ts';
import { commitment, did, name, timestamp } from '../engine/leaves.ts';
import { type StateRecord, stateRecord } from '../engine/state-record.ts';
import { memberOfKey } from '../governance/members.ts';
import type { StateView } from '../ledger-types.ts';
import { type KeyHolder, keyHolders } from '../tables/codes.ts';
import { type DomainPolicy, domainPolicy } from './policy.ts';

/** A custodian's domain. */
export interface Domain {
  readonly name: string;
  /** The member that keeps the records. */
  readonly custodian: string;
  readonly policy: DomainPolicy;
  readonly version: number;
}

/** A subject as its one domain knows it: no other domain knows the same DID (protocol.md §2). */
export interface Link {
  readonly domain: string;
  readonly subject: Uint8Array;
  /** Salted commitment to the chart. */
  readonly chart: Uint8Array;
  readonly keyHolder: KeyHolder;
  readonly linkedAt: number;
  readonly gateway: Uint8Array;
}

export const domains: StateRecord<Domain> = stateRecord(
  'enrolment/domain',
  z.strictObject({ name: name(), custodian: name(), policy: domainPolicy, version: z.int().min(1) }),
);

export const domainsMax = 1024;
/** That one member declares after genesis, so that none can use up another's room. */
export const domainsPerMemberMax = 64;

/** How many domains a member declared after genesis. */
export const declaredDomains: StateRecord<{ count: number }> = stateRecord(
  'enrolment/declared',
  z.strictObject({ count: z.int().min(0) }),
);

export const domainNames: StateRecord<{ names: string[] }> = stateRecord(
  'enrolment/domains',
  z.strictObject({ names: z.array(name()).max(domainsMax) }),
);

export const links: StateRecord<Link> = stateRecord(
  'enrolment/link',
  z.strictObject({
    domain: name(),
    subject: did(),
    chart: commitment(),
    keyHolder: z.enum(keyHolders),
    linkedAt: timestamp(),
    gateway: did(),
  }),
);

/** How many domains the member with this governance key declared after genesis. */
export function declaredBy(state: StateView, keyHex: string): number {
  const member = memberOfKey(state, keyHex);
  return member === undefined ? 0 : (declaredDomains.get(state, member)?.count ?? 0);
}

export function domainOf(state: StateView, domain: string): Domain | undefined {
  return domains.get(state, domain);
}

/** Names of all domains, sorted. */
export function domainNamesOf(state: StateView): readonly string[] {
  return domainNames.get(state)?.names ?? [];
}

/** How the domain knows the subject, if it does. */
export function linkOf(state: StateView, domain: string, subject: Uint8Array): Link | undefined {
  const link = links.get(state, toHex(subject));
  return link?.domain === domain ? link : undefined;
}
