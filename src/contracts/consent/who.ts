import { equalBytes } from '../../base/index.ts';
import type { Rule, RuleContext } from '../engine/contract.ts';
import { delegationOf } from '../identity/state.ts';
import { type Consent, consentOf, isInForce } from './state.ts';

/** Whose consent a payload is about: the sender's own, unless it says that a delegate acts for somebody. */
export function subjectOf({ payload, sender }: RuleContext<{ readonly subject?: Uint8Array }>): Uint8Array {
  return payload.subject ?? sender;
}

/** Whether the sender is the subject, or somebody whom the subject or the law named to act for it. */
export function actsFor({ state, sender, block }: RuleContext<unknown>, subject: Uint8Array): boolean {
  return equalBytes(sender, subject) || delegationOf(state, subject, sender, block.timestamp) !== undefined;
}

export const senderActsForSubject: Rule<{ readonly subject?: Uint8Array }> = {
  name: 'sender-acts-for-subject',
  code: 'not-a-delegate',
  sentence: 'Only the person, or who the person or the law named to act for it, can do this.',
  permits: (context) => actsFor(context, subjectOf(context)),
};

interface Named {
  readonly consent: Uint8Array;
}

export function namedConsent({ payload, state }: RuleContext<Named>): Consent | undefined {
  return consentOf(state, payload.consent);
}

export const consentIsOwn: Rule<Named> = {
  name: 'consent-is-own',
  code: 'consent-not-own',
  sentence: 'This person has granted no such consent; only who granted it, or who acts for that person, can change it.',
  permits(context) {
    const record = namedConsent(context);
    return record !== undefined && actsFor(context, record.subject);
  },
};

export const consentIsInForce: Rule<Named> = {
  name: 'consent-is-in-force',
  code: 'consent-revoked',
  sentence: 'This consent was already revoked, or another one stands in its place.',
  permits(context) {
    const record = namedConsent(context);
    return record !== undefined && isInForce(record);
  },
};

export const consentVersionIsCurrent: Rule<Named & { readonly ifVersion?: number }> = {
  name: 'consent-version-is-current',
  code: 'version-conflict',
  sentence: 'It was changed in the meantime; look at the current version and decide again.',
  permits: (context) =>
    context.payload.ifVersion === undefined || context.payload.ifVersion === namedConsent(context)?.version,
};
