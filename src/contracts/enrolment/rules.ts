import { credentialsInForce, isPrivacyOfficerOf } from '../credential/state.ts';
import type { Rule, RuleContext } from '../engine/contract.ts';
import { isLinked, isSentByGateway, subjectIsLinked } from '../rules.ts';
import { domainOf } from './state.ts';

/** Rules about who acts for a custodian, and for whom. */

export const senderIsOfCustodian: Rule<{ domain: string }> = {
  name: 'sender-is-of-custodian',
  code: 'not-of-the-custodian',
  sentence: 'Only a gateway or a privacy officer of the custodian, with a credential in force, can do this.',
  permits: (context) => isSentByCustodian(context, context.payload.domain),
};

export const senderIsPrivacyOfficer: Rule<{ domain: string }> = {
  name: 'sender-is-privacy-officer',
  code: 'not-the-privacy-officer',
  sentence: 'Only a privacy officer of the custodian, with a credential in force, can do this.',
  permits: (context) => isSentByPrivacyOfficer(context, context.payload.domain),
};

export function isSentByCustodian(context: RuleContext<unknown>, domain: string): boolean {
  return isSentByGateway(context, domain) || isSentByPrivacyOfficer(context, domain);
}

function isSentByPrivacyOfficer({ state, sender, block }: RuleContext<unknown>, domainName: string): boolean {
  const domain = domainOf(state, domainName);
  if (domain === undefined) return false;
  return isPrivacyOfficerOf(credentialsInForce(state, sender, block.timestamp), domain.custodian);
}

export const payloadSubjectIsLinked: Rule<{ domain: string; subject: Uint8Array }> = {
  ...subjectIsLinked,
  permits: (context) => isLinked(context, context.payload.domain, context.payload.subject),
};

export const bothAreLinked: Rule<{ domain: string; surviving: Uint8Array; absorbed: Uint8Array }> = {
  ...subjectIsLinked,
  permits(context) {
    const { domain, surviving, absorbed } = context.payload;
    return isLinked(context, domain, surviving) && isLinked(context, domain, absorbed);
  },
};
