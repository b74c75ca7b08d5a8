import { z } from 'zod';
import { equalBytes, present } from '../../../base/index.ts';
import type { KindDefinition, Rule, WritableState } from '../../engine/contract.ts';
import { exampleDid, exampleHex } from '../../engine/example.ts';
import { commitment, did, eventId, name } from '../../engine/leaves.ts';
import { senderIsPrivacyOfficer } from '../../enrolment/rules.ts';
import { domainIsKnown } from '../../rules.ts';
import { glassReviewed, headOf } from './entries.ts';
import { type Addition, additionEvents, subjectWasLinked } from './event.ts';
import { marksOf, type Opening, putMarks, type ReviewOutcome, reviewOutcomes } from './marks.ts';
import { reviews } from './tasks.ts';

/** Puts a glass that was broken just now on the list of what its domain has to review. */
export function awaitReview(
  state: WritableState,
  domain: string,
  subject: Uint8Array,
  entry: number,
  opening: Omit<Opening, 'task' | 'review'>,
): void {
  const task = reviews.add(state, domain, { subject, entry, dueAt: opening.reviewBy });
  putMarks(state, subject, entry, { ...marksOf(state, subject, entry), opening: { ...opening, task } });
}

interface ReviewGlass extends Addition {
  readonly entry: number;
  readonly outcome: ReviewOutcome;
  readonly findings: Uint8Array;
}

const schema: z.ZodObject & z.ZodType<ReviewGlass> = z.strictObject({
  eventId: eventId(),
  domain: name(),
  subject: did(),
  /** Place of the broken glass in the subject's log, from 0. */
  entry: z.int().min(0),
  outcome: z.enum(reviewOutcomes),
  /** Salted commitment to what was found. */
  findings: commitment(),
});

const addition = additionEvents<ReviewGlass>('access.reviewBreakGlass', schema);

/** Whoever broke the glass judges it in no way. */
export const actIsAnothers: Rule<{ subject: Uint8Array; entry: number }> = {
  name: 'act-is-anothers',
  code: 'own-act',
  sentence: 'Nobody judges what they did themselves.',
  permits({ payload, state, sender }) {
    const { opening } = marksOf(state, payload.subject, payload.entry);
    return opening === undefined || !equalBytes(opening.agent, sender);
  },
};

/** `access.reviewBreakGlass`: once by a privacy officer, and once more after each dispute of the entry. */
export const reviewBreakGlass: KindDefinition<z.ZodObject & z.ZodType<ReviewGlass>> = {
  summary: 'A privacy officer of the custodian says whether a glass was broken with good reason.',
  effects: [
    "The review is an entry of the subject's log; when it came after the deadline, it shows that.",
    "The broken glass is off the domain's list of what waits for a review.",
  ],
  example: {
    eventId: exampleHex('event', 16),
    domain: 'st-mary',
    subject: exampleDid('subject'),
    entry: 2,
    outcome: 'justified',
    findings: exampleHex('findings'),
  },
  schema,
  output: z.strictObject({ entry: z.int().min(0), duplicate: z.boolean() }),
  rules: [
    domainIsKnown,
    senderIsPrivacyOfficer,
    subjectWasLinked,
    addition.isConsistent,
    {
      name: 'entry-is-break-glass',
      code: 'not-a-break-glass',
      sentence: 'The entry at this place of the log is no broken glass.',
      permits: ({ payload, state }) => marksOf(state, payload.subject, payload.entry).opening !== undefined,
    },
    actIsAnothers,
    addition.first({
      name: 'glass-is-not-reviewed',
      code: 'already-reviewed',
      sentence: 'This was reviewed already; it is reviewed again only after the person has disputed it.',
      permits({ payload, state }) {
        const { opening, disputes } = marksOf(state, payload.subject, payload.entry);
        return opening?.review === undefined || opening.review.disputes < disputes;
      },
    }),
  ],
  apply(context) {
    const { payload, state, sender, block } = context;
    const before = marksOf(state, payload.subject, payload.entry);
    const opening = present(before.opening, 'a rule checked that the entry is a broken glass');
    const { reviewBy } = opening;
    const added = addition.add(context, () => glassReviewed.encode({ ...headOf(context), ...payload, reviewBy }));
    if (added.duplicate) return added;
    if (opening.review === undefined) reviews.remove(state, payload.domain, opening.task);
    const { outcome } = payload;
    const review = { by: sender, at: block.timestamp, outcome, disputes: before.disputes };
    putMarks(state, payload.subject, payload.entry, { ...before, opening: { ...opening, review } });
    return added;
  },
};
