import { z } from 'zod';
import { equalBytes, present, toHex } from '../../base/index.ts';
import { noRoom, roomForGrants, roomTaken } from '../consent/room.ts';
import type { ApplyContext, KindDefinition, RuleContext } from '../engine/contract.ts';
import { exampleDid, exampleHex } from '../engine/example.ts';
import { commitment, did, name } from '../engine/leaves.ts';
import { domainIsKnown } from '../rules.ts';
import { agreements, hasAgreed } from './agreement.ts';
import { emitEnrolment, subjectsMerged, subjectsUnmerged } from './entries.ts';
import { absorbedMax, type Link, linkOf, links, subjectsOf } from './links.ts';
import { bothAreLinked, isSentByCustodian, senderIsOfCustodian } from './rules.ts';

interface Merge {
  readonly domain: string;
  readonly surviving: Uint8Array;
  readonly absorbed: Uint8Array;
  readonly reason: Uint8Array;
}

const schema: z.ZodObject & z.ZodType<Merge> = z.strictObject({
  domain: name(),
  surviving: did(),
  absorbed: did(),
  /** Salted commitment to why. */
  reason: commitment(),
});

const example = {
  domain: 'st-mary',
  surviving: exampleDid('surviving subject'),
  absorbed: exampleDid('absorbed subject'),
  reason: exampleHex('reason'),
};

type Pair = { readonly surviving: Link; readonly absorbed: Link };

function pairOf({ payload, state }: RuleContext<Merge>): Pair {
  const found = (subject: Uint8Array): Link =>
    present(linkOf(state, payload.domain, subject), 'a rule checked that both are linked');
  return { surviving: found(payload.surviving), absorbed: found(payload.absorbed) };
}

function isMerged({ surviving, absorbed }: Pair): boolean {
  return absorbed.mergedInto !== undefined && equalBytes(absorbed.mergedInto, surviving.subject);
}

/**
 * `enrolment.merge`: two subjects of one domain turned out to be one person; the surviving one has the chart of the
 * absorbed one, too. Both stay readable, no log is rewritten. What it opens (the absorbed one's chart, to whom the
 * surviving one permits) takes the agreement of the absorbed one's key, unless the custodian holds that key anyway.
 */
export const mergeSubjects: KindDefinition<z.ZodObject & z.ZodType<Merge>> = {
  summary: 'A custodian merges the charts of two subjects who turned out to be one person.',
  effects: [
    "The surviving subject has the absorbed one's chart, too.",
    'For each of them a denial of either holds; a permit counts for the one who granted it alone.',
    'Both keep their logs, consents and keys.',
  ],
  example,
  schema,
  rules: [
    domainIsKnown,
    senderIsOfCustodian,
    bothAreLinked,
    {
      name: 'subjects-differ',
      code: 'merge-with-itself',
      sentence: 'A person cannot be merged with themselves.',
      permits: ({ payload }) => !equalBytes(payload.surviving, payload.absorbed),
    },
    {
      name: 'merge-is-no-chain',
      code: 'merge-chain',
      sentence: 'Only somebody who is merged with nobody can be merged into another, who was merged into nobody.',
      permits(context) {
        const { surviving, absorbed } = pairOf(context);
        const isFree = absorbed.mergedInto === undefined && absorbed.absorbed === undefined;
        return isFree && surviving.mergedInto === undefined;
      },
    },
    {
      name: 'survivor-has-room',
      code: 'too-many-merged',
      sentence: 'As many people are merged into this one as can be.',
      permits: (context) => (pairOf(context).surviving.absorbed ?? []).length < absorbedMax,
    },
    {
      name: 'consents-have-room',
      ...noRoom,
      permits({ payload, state, saw }) {
        const all = [...subjectsOf(state, payload.domain, payload.surviving), payload.absorbed];
        const { consents, bytes } = roomTaken(state, all, payload.domain);
        saw('consents in force', consents);
        saw('bytes of consents in force', bytes);
        return consents <= roomForGrants.consents && bytes <= roomForGrants.bytes;
      },
    },
    {
      name: 'absorbed-has-agreed',
      code: 'merge-not-agreed',
      sentence: 'The person who is to be merged into another holds their key, and has not agreed.',
      permits(context) {
        const { payload, state, block } = context;
        const { keyHolder } = pairOf(context).absorbed;
        context.saw('key held by', keyHolder);
        return keyHolder === 'custodian' || hasAgreed(state, payload.absorbed, payload.surviving, block.timestamp);
      },
    },
  ],
  apply(context) {
    const { surviving, absorbed } = pairOf(context);
    const { state } = context;
    links.put(state, [toHex(surviving.subject)], {
      ...surviving,
      absorbed: [...(surviving.absorbed ?? []), absorbed.subject],
    });
    links.put(state, [toHex(absorbed.subject)], { ...absorbed, mergedInto: surviving.subject });
    agreements.delete(state, [toHex(absorbed.subject)]);
    show(context, subjectsMerged);
    return undefined;
  },
};

/**
 * `enrolment.unmerge`: as it was before the merge. By the custodian, or by either of the two with its own key: neither
 * can be held in a merge.
 */
export const unmergeSubjects: KindDefinition<z.ZodObject & z.ZodType<Merge>> = {
  summary: 'A merge is undone: by the custodian, or by one of the two who were merged.',
  effects: ['Each has the own chart alone, and only its own consents decide. The history keeps both.'],
  example,
  schema,
  rules: [
    domainIsKnown,
    bothAreLinked,
    {
      name: 'sender-may-unmerge',
      code: 'not-of-the-merge',
      sentence: 'Only the custodian, or one of the two who were merged, can undo a merge.',
      permits(context) {
        const { payload, sender } = context;
        const isOne = equalBytes(sender, payload.surviving) || equalBytes(sender, payload.absorbed);
        return isOne || isSentByCustodian(context, payload.domain);
      },
    },
    {
      name: 'subjects-are-merged',
      code: 'not-merged',
      sentence: 'The one person is not merged into the other.',
      permits: (context) => isMerged(pairOf(context)),
    },
  ],
  apply(context) {
    const { surviving, absorbed } = pairOf(context);
    const { state } = context;
    const { absorbed: all = [], ...alone } = surviving;
    const left = all.filter((subject) => !equalBytes(subject, absorbed.subject));
    links.put(state, [toHex(alone.subject)], left.length === 0 ? alone : { ...alone, absorbed: left });
    const { mergedInto: _, ...freed } = absorbed;
    links.put(state, [toHex(freed.subject)], freed);
    show(context, subjectsUnmerged);
    return undefined;
  },
};

function show(context: ApplyContext<Merge>, type: typeof subjectsMerged): void {
  const { payload, sender, block, emit } = context;
  const { domain, surviving, absorbed } = payload;
  emitEnrolment(emit, domain, [surviving, absorbed], type.encode({ ...payload, by: sender, at: block.timestamp }));
}
