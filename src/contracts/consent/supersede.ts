import { z } from 'zod';
import { equalBytes, present, toHex } from '../../base/index.ts';
import type { ApplyContext, KindDefinition } from '../engine/contract.ts';
import { transactionId } from '../engine/leaves.ts';
import { subjectsOf } from '../enrolment/state.ts';
import { domainIsKnown } from '../rules.ts';
import { consentOutput, delegateOf, type NewConsent, newConsentFields, putNewConsent, treeFields } from './content.ts';
import { consentSuperseded } from './entries.ts';
import { noRoom, roomForGrants, roomTaken } from './room.ts';
import { contentRules, linkedSubject } from './rules.ts';
import { bytesOfRecords, consentOf, consents, isInForce } from './state.ts';
import { senderActsForSubject, subjectOf } from './who.ts';

interface Supersede extends NewConsent {
  readonly supersedes: readonly Uint8Array[];
}

const supersededMax = 16;

/** `consent.supersede`: one consent in the place of others, at once. Recency alone never decides (decision step 1). */
export const supersede: KindDefinition<z.ZodObject & z.ZodType<Supersede>> = {
  summary: 'A person puts one consent in the place of others of the same domain, in one step.',
  schema: z.strictObject({
    ...newConsentFields,
    supersedes: z.array(transactionId()).min(1).max(supersededMax),
    ...treeFields,
  }),
  output: consentOutput,
  example: {
    domain: 'st-mary-records',
    supersedes: ['5f'.repeat(32)],
    provision: { type: 'permit', purposes: ['TREAT'] },
  },
  effects: [
    'The consents that are named are in force no longer; they stay readable, with what stands in their place.',
    'The new consent is in force in the same block: there is no moment without one of them.',
    'An entry `consent-superseded` for each, and one `consent-granted`.',
  ],
  rules: [
    domainIsKnown,
    senderActsForSubject,
    linkedSubject,
    {
      name: 'superseded-are-in-force',
      code: 'superseded-not-in-force',
      sentence: 'Each consent that is superseded is one of this person in this domain, in force, and named once.',
      permits(context) {
        const { payload, state } = context;
        const subject = subjectOf(context);
        if (new Set(payload.supersedes.map(toHex)).size !== payload.supersedes.length) return false;
        return payload.supersedes.every((id) => {
          const record = consentOf(state, id);
          if (record === undefined || !isInForce(record)) return false;
          return record.domain === payload.domain && equalBytes(record.subject, subject);
        });
      },
    },
    ...contentRules<Supersede>(
      (payload) => payload,
      ({ payload }) => payload.domain,
    ),
    {
      name: 'subject-has-room',
      ...noRoom,
      permits(context) {
        const { payload, state } = context;
        const subjects = subjectsOf(state, payload.domain, subjectOf(context));
        // Of their number there is no more to say: it does not grow.
        return roomTaken(state, subjects, payload.domain, payload.supersedes).bytes < roomForGrants.bytes;
      },
    },
  ],
  apply(context) {
    const { payload, state } = context;
    const ids = payload.supersedes;
    const superseded = { ids, bytes: bytesOfRecords(state, ids) };
    for (const id of ids) end(context, id);
    return putNewConsent(context, payload, subjectOf(context), superseded);
  },
};

function end({ state, sender, transaction, block, emit }: ApplyContext<Supersede>, id: Uint8Array): void {
  const record = present(consentOf(state, id), 'a rule checked that it is there');
  const version = record.version + 1;
  const { subject, domain } = record;
  consents.put(state, [toHex(id)], { ...record, version, supersededBy: transaction.id });
  const at = block.timestamp;
  const by = transaction.id;
  const ended = { consent: id, version, subject, domain, at, ...delegateOf(sender, subject), by };
  emit(`consents:${toHex(subject)}`, consentSuperseded.encode(ended));
}
