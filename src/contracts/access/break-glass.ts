import { z } from 'zod';
import { present, toHex } from '../../base/index.ts';
import { sha256 } from '../../crypto/portable.ts';
import { credentialsInForce } from '../credential/state.ts';
import { type GlassOpening, glassEndsAt } from '../decision/decide.ts';
import { gateMismatch } from '../decision/gate.ts';
import type { ApplyContext, KindDefinition, RuleContext } from '../engine/contract.ts';
import { exampleDid, exampleHex } from '../engine/example.ts';
import { commitment, did, eventId, name, timestamp } from '../engine/leaves.ts';
import type { EmergencyPolicy } from '../enrolment/policy.ts';
import { domainOf } from '../enrolment/state.ts';
import { encodeCanonical } from '../ledger-types.ts';
import { domainIsKnown, isLinked, subjectIsLinked } from '../rules.ts';
import { type Category, categories, type Role, roles } from '../tables/codes.ts';
import { awaitReview } from './after/review.ts';
import { glassBroken } from './entries.ts';
import { type EventKey, events } from './events.ts';
import { eventIsConsistent } from './rules.ts';
import { appendToLog, deadline, openingsMax, openingsOf, putOpenings } from './state.ts';

interface BreakGlass {
  readonly eventId: Uint8Array;
  readonly domain: string;
  readonly subject: Uint8Array;
  readonly role: Role;
  readonly organisation: string;
  readonly categories: readonly Category[];
  readonly justification: Uint8Array;
  readonly expiresAt: number;
}

type Context = RuleContext<BreakGlass>;

const hourMs = 3_600_000;

function emergencyOf({ payload, state }: Context): EmergencyPolicy | undefined {
  return domainOf(state, payload.domain)?.policy.emergency;
}

function digestOf({ payload }: Context): Uint8Array {
  const { subject, domain, role, organisation, justification, expiresAt } = payload;
  const asked = [subject, domain, role, organisation, [...payload.categories], justification, expiresAt];
  return sha256(encodeCanonical(asked));
}

function eventKeyOf({ payload, senderHex }: Context): EventKey {
  return { owner: [senderHex], id: toHex(payload.eventId) };
}

function isRetry(context: Context): boolean {
  return events.get(context.state, eventKeyOf(context)) !== undefined;
}

function running(context: Context): GlassOpening[] {
  const { payload, state, sender, block } = context;
  return openingsOf(state, payload.domain, payload.subject, sender).filter(
    (opening) => block.timestamp < opening.expiresAt,
  );
}

/**
 * `access.breakGlass`: an agent with an emergency role opens named categories of one subject for a limited time. Opened
 * at block time; ends by itself. An entry of the subject's log at once (docs/decision.md, step 8).
 */
export const breakGlass: KindDefinition<z.ZodObject & z.ZodType<BreakGlass>> = {
  summary: 'In an emergency an agent opens named categories of one person for some hours, and everybody sees it.',
  effects: [
    'Until `expiresAt` the agent is permitted records of these categories under the purpose BTG, unless a denial that names BTG is honoured. It ends without any further transaction.',
    'Each access under it is still recorded with `access.record`.',
    "An entry `glass-broken` in the stream of the subject's accesses, with the time until which a privacy officer has to review it.",
    'The same event of the same agent again opens nothing and answers what was done.',
  ],
  example: {
    eventId: exampleHex('event', 16),
    domain: 'st-mary',
    subject: exampleDid('subject'),
    role: 'emergency-physician',
    organisation: 'st-mary',
    categories: ['allergies'],
    justification: exampleHex('justification'),
    expiresAt: 1_790_000_000_000,
  },
  schema: z.strictObject({
    eventId: eventId(),
    domain: name(),
    subject: did(),
    /** The emergency role, held by a credential of this organisation. */
    role: z.enum(roles),
    organisation: name(),
    categories: z.array(z.enum(categories)).min(1).max(categories.length),
    /** Salted commitment to the justification. */
    justification: commitment(),
    expiresAt: timestamp(),
  }),
  output: z.strictObject({
    entry: z.int().min(0),
    /** A retry of an event that was recorded before: nothing was opened again. */
    duplicate: z.boolean(),
  }),
  rules: [
    domainIsKnown,
    {
      ...eventIsConsistent,
      permits: (context) => eventIsConsistent.holds(context, eventKeyOf(context), digestOf(context)),
    },
    {
      name: 'domain-allows-break-glass',
      code: 'break-glass-not-allowed',
      sentence: 'The custodian does not allow breaking the glass in this domain.',
      permits: (context) => isRetry(context) || emergencyOf(context) !== undefined,
    },
    {
      ...subjectIsLinked,
      permits: (context) => isRetry(context) || isLinked(context, context.payload.domain, context.payload.subject),
    },
    {
      name: 'role-is-emergency',
      code: 'not-an-emergency-role',
      sentence: 'Only an agent with a credential in force for an emergency role of the domain can break the glass.',
      permits(context) {
        if (isRetry(context)) return true;
        const { payload, state, sender, block } = context;
        const domain = domainOf(state, payload.domain);
        if (domain === undefined || emergencyOf(context)?.roles.includes(payload.role) !== true) return false;
        const held = credentialsInForce(state, sender, block.timestamp);
        const failed = gateMismatch(domain.policy, { ...payload, purpose: 'BTG' }, held);
        if (failed !== undefined) context.saw(failed.element, failed.got);
        return failed === undefined;
      },
    },
    {
      name: 'categories-are-of-emergency',
      code: 'category-not-of-emergency',
      sentence: 'The domain does not open this category in an emergency.',
      permits: (context) =>
        isRetry(context) ||
        context.payload.categories.every((category) => emergencyOf(context)?.categories.includes(category)),
    },
    {
      name: 'end-is-soon',
      code: 'break-glass-too-long',
      sentence: 'A broken glass must end in the future, and within the time that the domain allows.',
      permits(context) {
        if (isRetry(context)) return true;
        const openedAt = context.block.timestamp;
        const { expiresAt } = context.payload;
        const hours = emergencyOf(context)?.maxHours ?? 0;
        context.saw('hours allowed', hours);
        return openedAt < expiresAt && expiresAt <= openedAt + hours * hourMs;
      },
    },
    {
      name: 'glass-has-room',
      code: 'too-many-openings',
      sentence: 'This agent has broken the glass for this person too many times at once.',
      permits: (context) => isRetry(context) || running(context).length < openingsMax,
    },
  ],
  apply: open,
};

function open(context: ApplyContext<BreakGlass>): Record<string, unknown> {
  const { payload, state, sender, transaction, block, ruleSet } = context;
  const eventKey = eventKeyOf(context);
  const before = events.get(state, eventKey);
  if (before !== undefined) return { entry: before.entry, duplicate: true };
  const { policy } = present(domainOf(state, payload.domain), 'a rule checked that the domain is known');
  const at = block.timestamp;
  const opening: GlassOpening = {
    id: transaction.id,
    openedAt: at,
    expiresAt: payload.expiresAt,
    categories: payload.categories,
  };
  putOpenings(state, payload.domain, payload.subject, sender, [...running(context), opening]);
  const reviewBy = at + policy.reviewDeadlineHours * hourMs;
  const encoded = glassBroken.encode({
    transaction: transaction.id,
    at,
    ruleSet,
    agent: sender,
    ...payload,
    reviewBy,
  });
  const entry = appendToLog(state, payload.subject, encoded);
  context.emit(`access:${toHex(payload.subject)}`, encoded);
  const { role, organisation } = payload;
  const opened = { id: transaction.id, agent: sender, role, organisation, openedAt: at, reviewBy };
  awaitReview(state, payload.domain, payload.subject, entry, opened);
  events.put(state, eventKey, { digest: digestOf(context), entry });
  const ends = glassEndsAt(opening, policy);
  if (ends > (deadline.get(state)?.expiresAt ?? 0)) deadline.put(state, [], { expiresAt: ends });
  return { entry, duplicate: false };
}
