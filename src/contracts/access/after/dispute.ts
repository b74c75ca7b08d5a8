import { z } from 'zod';
import { present, toHex } from '../../../base/index.ts';
import { senderActsForSubject } from '../../consent/who.ts';
import type { KindDefinition, WritableState } from '../../engine/contract.ts';
import { exampleDid, exampleHex } from '../../engine/example.ts';
import { commitment, did, eventId, name } from '../../engine/leaves.ts';
import { type StateRecord, stateRecord } from '../../engine/state-record.ts';
import { senderIsPrivacyOfficer } from '../../enrolment/rules.ts';
import type { StateView } from '../../ledger-types.ts';
import { domainIsKnown } from '../../rules.ts';
import { type AnswerOutcome, answerOutcomes, disputeAnswered, entryDisputed, headOf } from './entries.ts';
import { type Addition, additionEvents, entryIsInLog, subjectWasLinked } from './event.ts';
import { marksOf, putMarks } from './marks.ts';
import { actIsAnothers } from './review.ts';
import { disputes } from './tasks.ts';

/** Not answered yet, of one subject; of one entry there is one at a time. */
export const openDisputesMax = 16;

const openDisputes: StateRecord<{ open: number }> = stateRecord(
  'access/disputed',
  z.strictObject({ open: z.int().min(0).max(openDisputesMax) }),
);

function openDisputesOf(state: StateView, subject: Uint8Array): number {
  return openDisputes.get(state, toHex(subject))?.open ?? 0;
}

function putOpenDisputes(state: WritableState, subject: Uint8Array, open: number): void {
  openDisputes.put(state, [toHex(subject)], { open });
}

interface Dispute extends Addition {
  readonly entry: number;
  readonly reason: Uint8Array;
}

const disputeSchema: z.ZodObject & z.ZodType<Dispute> = z.strictObject({
  eventId: eventId(),
  domain: name(),
  subject: did(),
  /** Place in the subject's log, from 0. */
  entry: z.int().min(0),
  /** Salted commitment to what the subject says against it. */
  reason: commitment(),
});

const disputing = additionEvents<Dispute>('access.dispute', disputeSchema);

/** `access.dispute`: the subject, or who acts for it, says that an entry of its log is wrong or was not right to happen. */
export const disputeEntry: KindDefinition<z.ZodObject & z.ZodType<Dispute>> = {
  summary: 'A subject disputes an entry of its log.',
  effects: [
    "The dispute is an entry of the log that names the other by its place, and is on the domain's list of what waits for an answer.",
  ],
  example: {
    eventId: exampleHex('event', 16),
    domain: 'st-mary',
    subject: exampleDid('subject'),
    entry: 2,
    reason: exampleHex('reason'),
  },
  schema: disputeSchema,
  output: z.strictObject({ entry: z.int().min(0), duplicate: z.boolean() }),
  rules: [
    domainIsKnown,
    subjectWasLinked,
    senderActsForSubject,
    disputing.isConsistent,
    entryIsInLog,
    disputing.first({
      name: 'entry-is-not-disputed',
      code: 'dispute-open',
      sentence: 'This entry is disputed already; wait for the answer.',
      permits: ({ payload, state }) => marksOf(state, payload.subject, payload.entry).dispute === undefined,
    }),
    disputing.first({
      name: 'subject-has-room',
      code: 'too-many-disputes',
      sentence: 'As many disputes of this person wait for an answer as can; wait for one of them.',
      permits: ({ payload, state }) => openDisputesOf(state, payload.subject) < openDisputesMax,
    }),
  ],
  apply(context) {
    const { payload, state, sender, block } = context;
    const { domain, subject, entry } = payload;
    const added = disputing.add(context, () => entryDisputed.encode({ ...headOf(context), ...payload }));
    if (added.duplicate) return added;
    const before = marksOf(state, subject, entry);
    const task = disputes.add(state, domain, { subject, entry });
    const dispute = { by: sender, raisedAt: block.timestamp, task };
    putMarks(state, subject, entry, { ...before, disputes: before.disputes + 1, dispute });
    putOpenDisputes(state, subject, openDisputesOf(state, subject) + 1);
    return added;
  },
};

interface Answer extends Addition {
  readonly entry: number;
  readonly outcome: AnswerOutcome;
  readonly answer: Uint8Array;
}

const answerSchema: z.ZodObject & z.ZodType<Answer> = z.strictObject({
  eventId: eventId(),
  domain: name(),
  subject: did(),
  /** Place of the disputed entry in the subject's log, from 0. */
  entry: z.int().min(0),
  outcome: z.enum(answerOutcomes),
  /** Salted commitment to the answer. */
  answer: commitment(),
});

const answering = additionEvents<Answer>('access.answerDispute', answerSchema);

/** `access.answerDispute`: the custodian's privacy officer answers. The entry stays as it is, also where the subject is right. */
export const answerDispute: KindDefinition<z.ZodObject & z.ZodType<Answer>> = {
  summary: "A privacy officer of the custodian answers a subject's dispute.",
  effects: [
    "The answer is an entry of the subject's log; the subject can dispute the same entry again.",
    "The dispute is off the domain's list of what waits for an answer.",
  ],
  example: {
    eventId: exampleHex('event', 16),
    domain: 'st-mary',
    subject: exampleDid('subject'),
    entry: 2,
    outcome: 'upheld',
    answer: exampleHex('answer'),
  },
  schema: answerSchema,
  output: z.strictObject({ entry: z.int().min(0), duplicate: z.boolean() }),
  rules: [
    domainIsKnown,
    senderIsPrivacyOfficer,
    subjectWasLinked,
    answering.isConsistent,
    answering.first({
      name: 'entry-is-disputed',
      code: 'not-disputed',
      sentence: 'The entry at this place of the log is not disputed, or was answered.',
      permits: ({ payload, state }) => marksOf(state, payload.subject, payload.entry).dispute !== undefined,
    }),
    actIsAnothers,
    {
      name: 'correction-is-there',
      code: 'correction-missing',
      sentence: 'The answer says that the entry was corrected, and the log has no correction of it.',
      permits: ({ payload, state }) =>
        payload.outcome !== 'corrected' || marksOf(state, payload.subject, payload.entry).corrections > 0,
    },
  ],
  apply(context) {
    const { payload, state } = context;
    const { domain, subject, entry } = payload;
    const added = answering.add(context, () => disputeAnswered.encode({ ...headOf(context), ...payload }));
    if (added.duplicate) return added;
    const { dispute, ...left } = marksOf(state, subject, entry);
    disputes.remove(state, domain, present(dispute, 'a rule checked that the entry is disputed').task);
    putMarks(state, subject, entry, left);
    putOpenDisputes(state, subject, openDisputesOf(state, subject) - 1);
    return added;
  },
};
