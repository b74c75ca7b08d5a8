import { z } from 'zod';
import { equalBytes, toHex } from '../../base/index.ts';
import type { KindDefinition, RuleContext } from '../engine/contract.ts';
import { exampleDid } from '../engine/example.ts';
import { did, name, timestamp } from '../engine/leaves.ts';
import { linkOf } from '../enrolment/links.ts';
import { isSentByCustodian } from '../enrolment/rules.ts';
import { memberOfKey } from '../governance/members.ts';
import { delegateAdded, delegateRemoved } from './entries.ts';
import { serve } from './guardians.ts';
import { isMet, servantIsFresh, servesOnly, subjectIsActive } from './rules.ts';
import { type Delegation, delegates, delegatesMax, delegationKinds, delegationsKept, isDeactivated } from './state.ts';

interface AddDelegate {
  readonly subject?: Uint8Array;
  readonly domain?: string;
  readonly delegate: Uint8Array;
  readonly kind: Delegation['kind'];
  readonly until?: number;
}

interface RemoveDelegate {
  readonly subject?: Uint8Array;
  readonly delegate: Uint8Array;
}

/** 21 years of 366 days: nowhere is anybody a minor for longer. */
export const parentTimeMsMax: number = 21 * 366 * 24 * 3_600_000;

/**
 * `identity.addDelegate`: somebody may act for a subject. The subject names whom it wants. For a subject that does not hold
 * its own key (the link says so, and everybody sees it) the custodian's gateway or privacy officer can name a parent, until
 * a date: what the law gives a child nobody can sign for, and a hospital already answers for the link.
 */
export const addDelegate: KindDefinition<z.ZodObject & z.ZodType<AddDelegate>> = {
  summary: 'A proxy or a parent is given the right to act for a subject.',
  schema: z.strictObject({
    /** Absent: the sender. */
    subject: did().exactOptional(),
    /** Only when a custodian names a parent: its domain, where it linked the subject. */
    domain: name().exactOptional(),
    delegate: did(),
    kind: z.enum(delegationKinds),
    /** The first millisecond at which it is over. A parent's must have one. */
    until: timestamp().exactOptional(),
  }),
  effects: [
    'The delegate may act for the subject until the end that is stated; for a proxy without one, until it is removed.',
    'The history of the subject has an entry that says so, and who named the delegate.',
  ],
  example: {
    delegate: exampleDid('parent'),
    kind: 'parent',
    until: 1_893_456_000_000,
  },
  rules: [
    {
      name: 'sender-may-name',
      code: 'not-to-name',
      sentence:
        'Only the person names who acts for them; a parent is named by a gateway or privacy officer of the custodian where the person does not hold the key.',
      permits: (context) => (context.payload.domain === undefined ? isOwn(context) : isNamedByCustodian(context)),
    },
    {
      ...subjectIsActive,
      permits: (context) => !isDeactivated(context.state, subjectOf(context), context.block.timestamp),
    },
    {
      name: 'parent-has-an-end',
      code: 'parent-without-end',
      sentence: 'A parent acts for a child until a date, and never without one.',
      permits: ({ payload }) => payload.kind !== 'parent' || payload.until !== undefined,
    },
    {
      name: 'end-is-ahead',
      code: 'delegation-end',
      sentence: 'A delegation ends in the future, and a parent acts for 21 years at most.',
      permits({ payload: { kind, until }, block }) {
        if (until === undefined) return true;
        return block.timestamp < until && (kind !== 'parent' || until <= block.timestamp + parentTimeMsMax);
      },
    },
    {
      name: 'delegate-is-new',
      code: 'delegate-known',
      sentence: 'This delegate acts for the person already; remove it first to change until when.',
      permits: (context) => delegationIn(context) === undefined,
    },
    {
      ...servantIsFresh,
      permits: (context) => servesOnly(context.state, subjectOf(context), context.payload.delegate),
    },
    {
      name: 'delegates-have-room',
      code: 'too-many-delegates',
      sentence: 'As many act for this person as can; remove one first.',
      permits: (context) => kept(context).length < delegatesMax,
    },
  ],
  apply(context) {
    const { payload, state, sender, block, emit } = context;
    const { delegate, kind, until, domain } = payload;
    const subject = subjectOf(context);
    const at = block.timestamp;
    const ends = until === undefined ? {} : { until };
    const named = { delegate, kind, ...ends, namedBy: sender, ...(domain === undefined ? {} : { domain }) };
    delegates.put(state, [toHex(subject)], { delegates: [...kept(context), { ...named, from: at }] });
    serve(context, subject, delegate);
    emit(`identity:${toHex(subject)}`, delegateAdded.encode({ ...named, at }));
    return undefined;
  },
};

/** `identity.removeDelegate`: the subject can always end it; so can the delegate, and the custodian that named it. */
export const removeDelegate: KindDefinition<z.ZodObject & z.ZodType<RemoveDelegate>> = {
  summary: 'A delegate is no longer to act for a subject.',
  schema: z.strictObject({
    /** Absent: the sender. */
    subject: did().exactOptional(),
    delegate: did(),
  }),
  effects: [
    'The delegate cannot act for the subject any more, from the next transaction on.',
    'The history of the subject has an entry that says so.',
  ],
  example: { delegate: exampleDid('parent') },
  rules: [
    {
      name: 'delegate-is-known',
      code: 'delegate-unknown',
      sentence: 'This delegate does not act for the person, or not any more.',
      permits: (context) => delegationIn(context) !== undefined,
    },
    {
      name: 'sender-may-remove',
      code: 'not-to-remove',
      sentence: 'Only the person, the delegate, or the custodian that named the delegate can end a delegation.',
      permits(context) {
        if (equalBytes(context.sender, subjectOf(context))) return true;
        if (equalBytes(context.sender, context.payload.delegate)) return true;
        const domain = delegationIn(context)?.domain;
        return domain !== undefined && isSentByCustodian(context, domain);
      },
    },
  ],
  apply(context) {
    const { payload, state, sender, block, emit } = context;
    const { delegate } = payload;
    const subject = subjectOf(context);
    const left = kept(context).filter((other) => !equalBytes(other.delegate, delegate));
    delegates.put(state, [toHex(subject)], { delegates: left });
    emit(`identity:${toHex(subject)}`, delegateRemoved.encode({ delegate, removedBy: sender, at: block.timestamp }));
    return undefined;
  },
};

type Context = RuleContext<RemoveDelegate>;

function subjectOf({ payload, sender }: Context): Uint8Array {
  return payload.subject ?? sender;
}

function kept(context: Context): readonly Delegation[] {
  return delegationsKept(context.state, subjectOf(context), context.block.timestamp);
}

function delegationIn(context: Context): Delegation | undefined {
  return kept(context).find(({ delegate }) => equalBytes(delegate, context.payload.delegate));
}

function isOwn(context: Context): boolean {
  const { state, sender, senderHex } = context;
  return equalBytes(subjectOf(context), sender) && isMet(state, sender) && memberOfKey(state, senderHex) === undefined;
}

function isNamedByCustodian(context: RuleContext<AddDelegate>): boolean {
  const { domain, subject, kind } = context.payload;
  if (domain === undefined || subject === undefined || kind !== 'parent') return false;
  const link = linkOf(context.state, domain, subject);
  if (link !== undefined) context.saw('key is held by', link.keyHolder);
  return link !== undefined && link.keyHolder !== 'subject' && isSentByCustodian(context, domain);
}
