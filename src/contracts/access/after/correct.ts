import { z } from 'zod';
import type { PurposeOfUse } from '../../../decision/index.ts';
import type { KindDefinition } from '../../engine/contract.ts';
import { exampleDid, exampleHex } from '../../engine/example.ts';
import { commitment, did, eventId, name, timestamp } from '../../engine/leaves.ts';
import { senderIsOfCustodian } from '../../enrolment/rules.ts';
import { domainIsKnown } from '../../rules.ts';
import { type Action, actions } from '../../tables/codes.ts';
import { purpose } from '../../tables/purpose.ts';
import { type CorrectionKind, correctionKinds, entryCorrected, headOf } from './entries.ts';
import { type Addition, additionEvents, entryIsInLog, subjectWasLinked } from './event.ts';
import { marksOf, putMarks } from './marks.ts';

interface Correct extends Addition {
  readonly entry: number;
  readonly kind: CorrectionKind;
  readonly purpose?: PurposeOfUse;
  readonly action?: Action;
  readonly occurredAt?: number;
  readonly reason: Uint8Array;
  readonly counterpart?: Uint8Array;
}

const schema: z.ZodObject & z.ZodType<Correct> = z.strictObject({
  eventId: eventId(),
  domain: name(),
  subject: did(),
  /** Place in the subject's log, from 0. */
  entry: z.int().min(0),
  kind: z.enum(correctionKinds),
  /** What it should have said: exactly for wrong-purpose, wrong-action and wrong-time. */
  purpose: purpose().exactOptional(),
  action: z.enum(actions).exactOptional(),
  occurredAt: timestamp().exactOptional(),
  /** Salted commitment to why. */
  reason: commitment(),
  /**
   * Salted commitment to where the right entry is: subject and place. Never the subject itself, nor a salt that the other
   * log uses: nobody learns from the own log who another patient is.
   */
  counterpart: commitment().exactOptional(),
});

const addition = additionEvents<Correct>('access.correct', schema);

/**
 * `access.correct`: the custodian says what is wrong with an entry of a log; the entry stays. One about the wrong person
 * becomes "this was not about you" here, and `access.recordLate` in the log of the right one: two transactions, since one
 * that named both would tell each who the other is.
 */
export const correctEntry: KindDefinition<z.ZodObject & z.ZodType<Correct>> = {
  summary: "A custodian says what is wrong with an entry of a subject's log.",
  effects: ["The correction is an entry of the subject's log that names the other by its place; nothing is changed."],
  example: {
    eventId: exampleHex('event', 16),
    domain: 'st-mary',
    subject: exampleDid('subject'),
    entry: 4,
    kind: 'wrong-subject',
    reason: exampleHex('reason'),
    counterpart: exampleHex('counterpart'),
  },
  schema,
  output: z.strictObject({ entry: z.int().min(0), duplicate: z.boolean() }),
  rules: [
    domainIsKnown,
    senderIsOfCustodian,
    subjectWasLinked,
    addition.isConsistent,
    entryIsInLog,
    {
      name: 'correction-says-what-is-right',
      code: 'correction-incomplete',
      sentence: 'A correction of a purpose, an action or a time states the right one, and no other kind states any.',
      permits({ payload }) {
        const { kind, purpose, action, occurredAt } = payload;
        return (
          (kind === 'wrong-purpose') === (purpose !== undefined) &&
          (kind === 'wrong-action') === (action !== undefined) &&
          (kind === 'wrong-time') === (occurredAt !== undefined)
        );
      },
    },
  ],
  apply(context) {
    const { payload, state } = context;
    const added = addition.add(context, () => entryCorrected.encode({ ...headOf(context), ...payload }));
    if (!added.duplicate) {
      const before = marksOf(state, payload.subject, payload.entry);
      putMarks(state, payload.subject, payload.entry, { ...before, corrections: before.corrections + 1 });
    }
    return added;
  },
};
