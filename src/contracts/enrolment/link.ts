import { z } from 'zod';
import { present, toHex } from '../../base/index.ts';
import type { KindDefinition, Rule } from '../engine/contract.ts';
import { exampleDid, exampleHex } from '../engine/example.ts';
import { commitment, did, name } from '../engine/leaves.ts';
import { domainIsKnown, senderIsGateway } from '../rules.ts';
import { type KeyHolder, keyHolders } from '../tables/codes.ts';
import { agreements } from './agreement.ts';
import { emitEnrolment, subjectLinked, subjectUnlinked } from './entries.ts';
import { keySequenceOf } from './key-holder.ts';
import { linkOf, links, pastLinkOf } from './links.ts';
import { payloadSubjectIsLinked, senderIsOfCustodian } from './rules.ts';

interface LinkSubject {
  readonly domain: string;
  readonly subject: Uint8Array;
  readonly chart: Uint8Array;
  readonly keyHolder: KeyHolder;
}

/** `enrolment.link`: the custodian knows this subject by a chart of its own; for the first time or again. */
export const linkSubject: KindDefinition<z.ZodObject & z.ZodType<LinkSubject>> = {
  summary: 'A custodian links a subject to a chart: from here on it logs and anchors for them.',
  effects: [
    'The link names the chart by a salted commitment, and who holds the key that acts for the subject.',
    'After an unlink in the same domain it holds again, with the consents that are still in force; who holds the key stays as it was.',
  ],
  example: {
    domain: 'st-mary',
    subject: exampleDid('subject'),
    chart: exampleHex('chart'),
    keyHolder: 'custodian',
  },
  schema: z.strictObject({
    domain: name(),
    subject: did(),
    /** Salted commitment to the chart. */
    chart: commitment(),
    /** Who holds the subject's key: always recorded, always shown. */
    keyHolder: z.enum(keyHolders),
  }),
  rules: [
    domainIsKnown,
    senderIsGateway,
    {
      name: 'subject-is-new',
      code: 'subject-linked',
      sentence: 'This person is already linked; a person has a separate identity for each custodian.',
      permits({ payload, state }) {
        const link = links.get(state, toHex(payload.subject));
        return link === undefined || (link.domain === payload.domain && link.unlinkedAt !== undefined);
      },
    },
    {
      name: 'key-holder-is-as-recorded',
      code: 'key-holder-recorded',
      sentence: "The ledger says that another holds this person's key; a change is a transaction of its own.",
      permits({ payload, state }) {
        const before = pastLinkOf(state, payload.domain, payload.subject);
        return before === undefined || before.keyHolder === payload.keyHolder;
      },
    },
  ],
  apply({ payload, state, sender, block, emit }) {
    const { domain, subject, chart, keyHolder } = payload;
    const at = block.timestamp;
    const keySequence = pastLinkOf(state, domain, subject)?.keySequence ?? keySequenceOf(state, subject);
    const link = { domain, subject, chart, keyHolder, keySequence, linkedAt: at, gateway: sender };
    links.put(state, [toHex(subject)], link);
    const entry = subjectLinked.encode({ domain, subject, chart, keyHolder, gateway: sender, at });
    emitEnrolment(emit, domain, [subject], entry);
    return undefined;
  },
};

interface UnlinkSubject {
  readonly domain: string;
  readonly subject: Uint8Array;
  readonly reason: Uint8Array;
}

const subjectIsNotMerged: Rule<UnlinkSubject> = {
  name: 'subject-is-not-merged',
  code: 'subject-merged',
  sentence: 'This person is merged with another one; unmerge them first.',
  permits({ payload, state }) {
    const link = linkOf(state, payload.domain, payload.subject);
    return link?.mergedInto === undefined && link?.absorbed === undefined;
  },
};

/**
 * `enrolment.unlink`. By the custodian alone: a subject that could unlink itself would end its own log while the records
 * stay where they are; to end every access it revokes or refuses.
 */
export const unlinkSubject: KindDefinition<z.ZodObject & z.ZodType<UnlinkSubject>> = {
  summary: 'A custodian ends the link between a subject and its chart.',
  effects: [
    'Nothing more is logged or anchored for the subject in this domain, except what puts earlier entries right.',
    'Its consents stay in its history and decide nothing; they can be revoked, and hold again if the domain links the subject again.',
  ],
  example: { domain: 'st-mary', subject: exampleDid('subject'), reason: exampleHex('reason') },
  schema: z.strictObject({
    domain: name(),
    subject: did(),
    /** Salted commitment to why. */
    reason: commitment(),
  }),
  rules: [domainIsKnown, senderIsOfCustodian, payloadSubjectIsLinked, subjectIsNotMerged],
  apply({ payload, state, sender, block, emit }) {
    const { domain, subject, reason } = payload;
    const at = block.timestamp;
    const link = present(linkOf(state, domain, subject), 'a rule checked that the subject is linked');
    links.put(state, [toHex(subject)], { ...link, unlinkedAt: at });
    agreements.delete(state, [toHex(subject)]);
    emitEnrolment(emit, domain, [subject], subjectUnlinked.encode({ domain, subject, by: sender, reason, at }));
    return undefined;
  },
};
