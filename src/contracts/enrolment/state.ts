import { z } from 'zod';
import { name } from '../engine/leaves.ts';
import { type StateRecord, stateRecord } from '../engine/state-record.ts';
import { handedOverTo } from '../governance/custodians.ts';
import { memberOfKey } from '../governance/members.ts';
import type { StateView } from '../ledger-types.ts';
import { type DomainPolicy, domainPolicy } from './policy.ts';

export { absorbedMax, type Link, linkOf, links, pastLinkOf, subjectsOf } from './links.ts';

/** A custodian's domain. */
export interface Domain {
  readonly name: string;
  /** The member that keeps the records. */
  readonly custodian: string;
  readonly policy: DomainPolicy;
  readonly version: number;
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

/** How many domains the member with this governance key declared after genesis. */
export function declaredBy(state: StateView, keyHex: string): number {
  const member = memberOfKey(state, keyHex);
  return member === undefined ? 0 : (declaredDomains.get(state, member)?.count ?? 0);
}

/** The domain, with the member that keeps it now: the consortium may have handed it over. */
export function domainOf(state: StateView, domain: string): Domain | undefined {
  const declared = domains.get(state, domain);
  const custodian = declared && handedOverTo(state, domain);
  return custodian === undefined ? declared : { ...(declared as Domain), custodian };
}

/** Names of all domains, sorted. */
export function domainNamesOf(state: StateView): readonly string[] {
  return domainNames.get(state)?.names ?? [];
}
