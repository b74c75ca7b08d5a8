import { z } from 'zod';
import type { KindDefinition, Rule } from '../engine/contract.ts';
import { subjectsOf } from '../enrolment/state.ts';
import { domainIsKnown } from '../rules.ts';
import { consentOutput, type NewConsent, newConsentFields, type Placed, putNewConsent, treeFields } from './content.ts';
import type { ProvisionTree } from './open.ts';
import { provision } from './provision.ts';
import { type ConsentRoom, hasRoomFor, noRoom, roomForGrants, roomForRefusals, roomTaken } from './room.ts';
import { contentRules, linkedSubject } from './rules.ts';
import { senderActsForSubject, subjectOf } from './who.ts';

function hasRoom(room: ConsentRoom): Rule<Placed> {
  return {
    name: 'subject-has-room',
    ...noRoom,
    permits(context) {
      const { payload, state } = context;
      const subjects = subjectsOf(state, payload.domain, subjectOf(context));
      return hasRoomFor(roomTaken(state, subjects, payload.domain), room);
    },
  };
}

const exampleDomain = 'st-mary-records';

/** `consent.grant`: puts a consent in force. */
export const grant: KindDefinition<z.ZodObject & z.ZodType<NewConsent>> = {
  summary: 'A person says what is permitted and what is denied in one domain.',
  schema: z.strictObject({ ...newConsentFields, ...treeFields }),
  output: consentOutput,
  example: {
    domain: exampleDomain,
    provision: { type: 'permit', actors: ['member:st-mary'], purposes: ['TREAT'] },
    nested: [{ parent: 0, type: 'deny', purposes: ['CLINTRL'] }],
  },
  effects: [
    'The consent is in force from this block on, beside those that are in force already.',
    'Its id is that of the transaction, its version 1.',
    "An entry `consent-granted` in the stream of the subject's consents.",
  ],
  rules: [
    domainIsKnown,
    senderActsForSubject,
    linkedSubject,
    ...contentRules<NewConsent>(
      (payload) => payload,
      ({ payload }) => payload.domain,
    ),
    hasRoom(roomForGrants),
  ],
  apply: (context) => putNewConsent(context, context.payload, subjectOf(context)),
};

type Refusal = Omit<NewConsent, 'nested'>;

function withoutExceptions({ provision: root }: Refusal): ProvisionTree {
  return { provision: root, nested: [] };
}

/** `consent.refuse`: a denial without exceptions, for which there is room when there is none for another grant. */
export const refuse: KindDefinition<z.ZodObject & z.ZodType<Refusal>> = {
  summary: 'A person refuses: a denial without exceptions, which nothing else that is in force can permit.',
  schema: z.strictObject({ ...newConsentFields, provision }),
  output: consentOutput,
  example: { domain: exampleDomain, provision: { type: 'deny', purposes: ['HRESCH'] } },
  effects: [
    'The denial is in force from this block on.',
    "An entry `consent-granted` in the stream of the subject's consents.",
  ],
  rules: [
    domainIsKnown,
    senderActsForSubject,
    linkedSubject,
    {
      name: 'refusal-denies',
      code: 'refusal-permits',
      sentence: 'A refusal denies; what permits is granted.',
      permits: ({ payload }) => payload.provision.type === 'deny',
    },
    ...contentRules<Refusal>(withoutExceptions, ({ payload }) => payload.domain),
    hasRoom(roomForRefusals),
  ],
  apply: (context) => putNewConsent(context, withoutExceptions(context.payload), subjectOf(context)),
};
