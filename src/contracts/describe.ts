import { toHex } from '../base/index.ts';
import type { AccessLog } from './access/state.ts';
import { type Consent, consents } from './consent/state.ts';
import { type Credential, credentialToJson } from './credential/state.ts';
import { domainPolicyToJson } from './enrolment/policy.ts';
import { type Domain, type Link, links } from './enrolment/state.ts';
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
