import { z } from 'zod';
import { present, toHex } from '../../base/index.ts';
import type { KindDefinition } from '../engine/contract.ts';
import { transactionId } from '../engine/leaves.ts';
import { subjectsOf } from '../enrolment/state.ts';
import { isLinked, subjectIsLinked } from '../rules.ts';
import { consentOutput, emitContent, treeFields, versionOf } from './content.ts';
import { consentAmended } from './entries.ts';
import { changeInForce } from './in-force.ts';
import type { ProvisionTree } from './open.ts';
import { noRoom, roomForGrants, roomTaken } from './room.ts';
import { contentRules } from './rules.ts';
import { bytesOfRecords, consents, formerVersions } from './state.ts';
import { consentIsInForce, consentIsOwn, consentVersionIsCurrent, namedConsent } from './who.ts';

interface Amend extends ProvisionTree {
  readonly consent: Uint8Array;
  readonly ifVersion: number;
}

/** `consent.amend`: another content under the same id. */
export const amend: KindDefinition<z.ZodObject & z.ZodType<Amend>> = {
  summary: 'A person changes what one of its consents says.',
  schema: z.strictObject({
    consent: transactionId(),
    /** The version that is changed. */
    ifVersion: z.int().min(1),
    ...treeFields,
  }),
  output: consentOutput,
  example: {
    consent: '5f'.repeat(32),
    ifVersion: 1,
    provision: { type: 'permit', actors: ['member:st-mary'], purposes: ['ETREAT'] },
  },
  effects: [
    'The consent says this from this block on, under the next version.',
    'The version before stays in the state, and provable.',
    "An entry `consent-amended` in the stream of the subject's consents.",
  ],
  rules: [
    consentIsOwn,
    consentIsInForce,
    consentVersionIsCurrent,
    {
      ...subjectIsLinked,
      permits(context) {
        const record = namedConsent(context);
        return record !== undefined && isLinked(context, record.domain, record.subject);
      },
    },
    ...contentRules<Amend>(
      (payload) => payload,
      (context) => namedConsent(context)?.domain,
    ),
    {
      name: 'subject-has-room',
      ...noRoom,
      permits(context) {
        const { payload, state } = context;
        const { subject, domain } = present(namedConsent(context), 'a rule checked that the consent is there');
        const subjects = subjectsOf(state, domain, subject);
        return roomTaken(state, subjects, domain, [payload.consent]).bytes < roomForGrants.bytes;
      },
    },
  ],
  apply(context) {
    const { payload, state } = context;
    const former = present(namedConsent(context), 'a rule checked that the consent is there');
    const { id, subject, domain } = former;
    const amended = versionOf(context, payload, { id, version: former.version + 1, subject, domain });
    const formerBytes = bytesOfRecords(state, [id]);
    formerVersions.put(state, [toHex(id), `${former.version}`], former);
    consents.put(state, [toHex(id)], amended);
    changeInForce(state, subject, domain, { bytesAdded: bytesOfRecords(state, [id]) - formerBytes });
    emitContent(context, consentAmended, amended);
    return { consent: id, version: amended.version };
  },
};
