import { z } from 'zod';
import type { PurposeOfUse } from '../../../decision/index.ts';
import { type Decision, decisions } from '../../decision/decide.ts';
import type { KindDefinition } from '../../engine/contract.ts';
import { exampleDid, exampleHex } from '../../engine/example.ts';
import { commitment, did, eventId, name, timestamp } from '../../engine/leaves.ts';
import { senderIsOfCustodian } from '../../enrolment/rules.ts';
import { domainIsKnown } from '../../rules.ts';
import { type Action, actions, type Role, roles } from '../../tables/codes.ts';
import { purpose } from '../../tables/purpose.ts';
import { accessRecordedLate, headOf } from './entries.ts';
import { type Addition, additionEvents, subjectWasLinked } from './event.ts';

interface RecordLate extends Addition {
  readonly agent: Uint8Array;
  readonly role: Role;
  readonly organisation: string;
  readonly purpose: PurposeOfUse;
  readonly action: Action;
  readonly resource: Uint8Array;
  readonly occurredAt: number;
  readonly decision: Decision;
  readonly reason: Uint8Array;
  readonly counterpart?: Uint8Array;
}

const schema: z.ZodObject & z.ZodType<RecordLate> = z.strictObject({
  /** A new one of the sender: that of the wrong entry would lead from one log to the other. */
  eventId: eventId(),
  domain: name(),
  subject: did(),
  agent: did(),
  role: z.enum(roles),
  organisation: name(),
  purpose: purpose(),
  action: z.enum(actions),
  /** Commitment to what was accessed, salted anew. */
  resource: commitment(),
  /** When it happened. */
  occurredAt: timestamp(),
  /** What the custodian did, whatever it should have done: no consent of this subject was asked. */
  decision: z.enum(decisions),
  /** Salted commitment to why it is recorded only now. */
  reason: commitment(),
  /** Salted commitment to where it was recorded wrongly: subject and place. */
  counterpart: commitment().exactOptional(),
});

const addition = additionEvents<RecordLate>('access.recordLate', schema);

/**
 * `access.recordLate`: an access that happened and is in no log of the subject, one that was recorded for somebody else
 * for instance. It decides nothing and releases nothing: it is the custodian's word of what it did.
 */
export const recordLate: KindDefinition<z.ZodObject & z.ZodType<RecordLate>> = {
  summary: 'A custodian records an access that belongs into the log of this subject and is not in it yet.',
  effects: [
    "The access is an entry of the subject's log which says when it happened, that it was recorded late, and who says so.",
    'Nothing is decided or released.',
  ],
  example: {
    eventId: exampleHex('event', 16),
    domain: 'st-mary',
    subject: exampleDid('subject'),
    agent: exampleDid('agent'),
    role: 'clinician',
    organisation: 'st-mary',
    purpose: 'TREAT',
    action: 'access',
    resource: exampleHex('resource'),
    occurredAt: 1_780_000_000_000,
    decision: 'permit',
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
    {
      name: 'access-is-past',
      code: 'access-not-past',
      sentence: 'What is recorded late has happened before now.',
      permits: ({ payload, block }) => payload.occurredAt < block.timestamp,
    },
  ],
  apply: (context) =>
    addition.add(context, () => accessRecordedLate.encode({ ...headOf(context), ...context.payload })),
};
