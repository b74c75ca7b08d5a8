import { credentialsInForce, isGatewayOf } from './credential/state.ts';
import type { Rule, RuleContext } from './engine/contract.ts';
import { domainOf, linkOf } from './enrolment/state.ts';
import { memberOfKey } from './governance/members.ts';

/** Rules that several contracts share: one code, one sentence, one meaning. */

export const domainIsKnown: Rule<{ domain: string }> = {
  name: 'domain-is-known',
  code: 'domain-unknown',
  sentence: 'No custodian of this ledger has a domain of this name.',
  permits: ({ payload, state }) => domainOf(state, payload.domain) !== undefined,
};

export const senderIsMember: Rule<unknown> = {
  name: 'sender-is-member',
  code: 'not-a-member',
  sentence: 'Only a member of the consortium can do this, with its governance key.',
  permits: ({ state, senderHex }) => memberOfKey(state, senderHex) !== undefined,
};

export const senderIsGateway: Rule<{ domain: string }> = {
  name: 'sender-is-gateway',
  code: 'not-the-gateway',
  sentence: 'Only a gateway of the custodian, with a credential in force, can do this for its domain.',
  permits: (context) => isSentByGateway(context, context.payload.domain),
};

export function isSentByGateway(context: RuleContext<unknown>, domainName: string): boolean {
  const { state, sender, block } = context;
  const domain = domainOf(state, domainName);
  if (domain === undefined) return false;
  return isGatewayOf(credentialsInForce(state, sender, block.timestamp), domain.name, domain.custodian);
}

export const subjectIsLinked: { readonly name: string; readonly code: string; readonly sentence: string } = {
  name: 'subject-is-linked',
  code: 'subject-not-linked',
  sentence: 'The custodian has not linked this person to a chart of its own in this domain.',
};

export function isLinked(context: RuleContext<unknown>, domain: string, subject: Uint8Array): boolean {
  return linkOf(context.state, domain, subject) !== undefined;
}

export const periodIsOrdered: { readonly name: string; readonly code: string; readonly sentence: string } = {
  name: 'period-is-ordered',
  code: 'period-empty',
  sentence: 'The period ends before it begins, so it would never hold.',
};
