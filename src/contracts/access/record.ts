import { z } from 'zod';
import { AssentError, present, toHex } from '../../base/index.ts';
import { sha256 } from '../../crypto/portable.ts';
import { consentsPerSubjectMax } from '../consent/in-force.ts';
import {
  type DecisionInput,
  type DecisionOutcome,
  decideOpen,
  decisions,
  impossibleClaim,
  type ResultClaim,
} from '../decision/decide.ts';
import type { ApplyContext, KindDefinition, RuleContext } from '../engine/contract.ts';
import { derived } from '../engine/derived.ts';
import { exampleDid, exampleHex } from '../engine/example.ts';
import { blob, bytes, transactionId } from '../engine/leaves.ts';
import { domainOf } from '../enrolment/state.ts';
import { currentKeyOf, isDeactivated } from '../identity/state.ts';
import { domainIsKnown, isLinked, isSentByGateway, senderIsGateway, subjectIsLinked } from '../rules.ts';
import { type Category, categories } from '../tables/codes.ts';
import { resultClaims } from './claims.ts';
import { accessRecorded, namedConsents } from './entries.ts';
import { decisionInput, requesterOf } from './evaluate.ts';
import { type EventKey, events } from './events.ts';
import {
  type AccessRequest,
  accessRequestBytesMax,
  accessRequestDigest,
  accessRequestMessage,
  decodeAccessRequest,
  encodeAccessRequest,
} from './request.ts';
import { eventIsConsistent, openCategoryOnly } from './rules.ts';
import { appendToLog } from './state.ts';

interface AccessRecord {
  readonly request: Uint8Array;
  readonly requestSignature: Uint8Array;
  readonly results: readonly ResultClaim[];
  readonly category?: Category;
  readonly inEmergencyCategory: boolean;
}

type Context = RuleContext<AccessRecord>;

/** A request is at most a day ahead of the block that records it. */
const requestWindowMaxMs = 86_400_000;

const requestOf: (context: Context) => AccessRequest | undefined = derived(({ payload }) => {
  try {
    return decodeAccessRequest(payload.request);
  } catch (thrown) {
    if (thrown instanceof AssentError) return undefined; // Not canonical bytes: no request.
    throw thrown;
  }
});

function knownRequest(context: Context): AccessRequest {
  return present(requestOf(context), 'a rule checked that the request is well formed');
}

const inputOf: (context: Context) => DecisionInput = derived((context) => {
  const request = knownRequest(context);
  const domain = present(domainOf(context.state, request.domain), 'a rule checked that the domain is known');
  const { state, payload, block } = context;
  const requester = requesterOf(state, domain, request, block.timestamp);
  return decisionInput(state, requester, domain.name, { ...payload, subject: request.subject });
});

const outcomeOf: (context: Context) => DecisionOutcome = derived((context) => decideOpen(inputOf(context)));

const digestOf: (context: Context) => Uint8Array = derived((context) => accessRequestDigest(knownRequest(context)));

/** The agent's event: through whichever gateway of the domain it comes, it is one. */
function eventKeyOf(context: Context): EventKey {
  const { domain, agent, eventId } = knownRequest(context);
  return { owner: [domain, toHex(agent)], id: toHex(eventId) };
}

/**
 * `access.record`: the decision and its entry in one, denials included (docs/contracts.md). A denial,
 * the gate's included, is a success whose decision is deny; refused is only what is malformed or not entitled.
 */
export const accessRecord: KindDefinition<z.ZodObject & z.ZodType<AccessRecord>> = {
  summary: "A custodian's gateway asks for the decision on an agent's signed request, and has it logged, in one.",
  effects: [
    'The decision is made on the consents in force at this block: permit, permit-break-glass, deny or indeterminate. A denial is a success, too: its entry counts.',
    "An entry `access-recorded` in the stream of the subject's accesses, and a leaf of the subject's log.",
    'Release the record only on `permit` or `permit-break-glass`, and only once the block is certified.',
    'The same request of the same agent again, through whichever gateway, adds nothing and answers what was decided.',
  ],
  example: {
    request: toHex(
      encodeAccessRequest({
        eventId: exampleHex('event', 16),
        agent: exampleDid('agent'),
        role: 'clinician',
        organisation: 'st-mary',
        subject: exampleDid('subject'),
        domain: 'st-mary',
        resource: exampleHex('resource'),
        purpose: 'TREAT',
        action: 'access',
        validUntil: 1_790_000_000_000,
      }),
    ),
    requestSignature: exampleHex('signature').repeat(2),
    results: [{ consent: exampleHex('consent'), version: 1, results: 1, namesBreakGlass: false }],
    inEmergencyCategory: false,
  },
  schema: z.strictObject({
    /** The agent's request, exactly as signed. */
    request: blob(accessRequestBytesMax),
    requestSignature: bytes(64),
    /** What the gateway found for the consents in force; those it leaves out count as everything possible. */
    results: resultClaims,
    /** Only where the domain declares categories open. */
    category: z.enum(categories).exactOptional(),
    /** The resource is in a category that was named when the glass was broken. */
    inEmergencyCategory: z.boolean(),
  }),
  output: z.strictObject({
    decision: z.enum(decisions),
    /** Consents that settled it; absent for a retry. */
    determining: z.array(transactionId()).max(consentsPerSubjectMax).exactOptional(),
    /** Place of the entry in the subject's log, from 0. */
    entry: z.int().min(0),
    /** A retry of an event that was recorded before: nothing was added. */
    duplicate: z.boolean(),
  }),
  rules: [
    {
      name: 'request-is-well-formed',
      code: 'request-malformed',
      sentence: 'The request that the agent is said to have signed is no access request.',
      permits: (context) => requestOf(context) !== undefined,
    },
    { ...domainIsKnown, permits: (context) => domainOf(context.state, knownRequest(context).domain) !== undefined },
    { ...senderIsGateway, permits: (context) => isSentByGateway(context, knownRequest(context).domain) },
    {
      ...subjectIsLinked,
      permits(context) {
        const { domain, subject } = knownRequest(context);
        return isRetry(context) || isLinked(context, domain, subject);
      },
    },
    {
      ...eventIsConsistent,
      permits: (context) => eventIsConsistent.holds(context, eventKeyOf(context), digestOf(context)),
    },
    {
      name: 'request-is-current',
      code: 'request-expired',
      sentence: 'The request is not valid at this time: it has expired, or claims to hold for more than a day.',
      permits(context) {
        if (isRetry(context)) return true;
        const { validUntil } = knownRequest(context);
        const { timestamp } = context.block;
        context.saw('valid until', validUntil);
        return timestamp <= validUntil && validUntil <= timestamp + requestWindowMaxMs;
      },
    },
    {
      ...openCategoryOnly,
      permits: (context) =>
        isRetry(context) || openCategoryOnly.holds(context, knownRequest(context).domain, context.payload.category),
    },
    {
      name: 'consents-are-named-once',
      code: 'result-set-twice',
      sentence: 'The gateway gave two results for one consent.',
      permits({ payload }) {
        return new Set(payload.results.map((claim) => toHex(claim.consent))).size === payload.results.length;
      },
    },
    {
      name: 'result-sets-are-possible',
      code: 'result-set-not-allowed',
      sentence: 'The gateway claims a result that the open part of the consent rules out.',
      permits(context) {
        if (isRetry(context)) return true;
        const impossible = impossibleClaim(inputOf(context), outcomeOf(context));
        if (impossible !== undefined) context.saw('consent', toHex(impossible.consent));
        return impossible === undefined;
      },
    },
    {
      name: 'agent-is-active',
      code: 'agent-deactivated',
      sentence: 'The agent that asked was deactivated for good; nobody can act as it any more.',
      permits: (context) => !isDeactivated(context.state, knownRequest(context).agent, context.block.timestamp),
    },
    {
      name: 'request-is-signed',
      code: 'request-signature-invalid',
      sentence: 'The request does not bear the signature of the agent that is said to have made it.',
      permits(context) {
        const { payload, state, block, verifySignature } = context;
        const { agent } = knownRequest(context);
        const message = accessRequestMessage(block.ledgerId, payload.request);
        return verifySignature(currentKeyOf(state, agent), message, payload.requestSignature);
      },
    },
  ],
  apply: record,
};

function isRetry(context: Context): boolean {
  return events.get(context.state, eventKeyOf(context)) !== undefined;
}

function record(context: ApplyContext<AccessRecord>): Record<string, unknown> {
  const { payload, state, sender, transaction, block, ruleSet } = context;
  const eventKey = eventKeyOf(context);
  const before = events.get(state, eventKey);
  if (before !== undefined) return { decision: before.decision, entry: before.entry, duplicate: true };
  const { validUntil: _, ...request } = knownRequest(context);
  const outcome = outcomeOf(context);
  const encoded = accessRecorded.encode({
    transaction: transaction.id,
    at: block.timestamp,
    ruleSet,
    ...request,
    gateway: sender,
    decision: outcome.decision,
    reason: outcome.reason,
    consents: namedConsents(outcome),
    request: sha256(payload.request),
    ...(outcome.opening === undefined ? {} : { breakGlass: outcome.opening.id }),
  });
  const entry = appendToLog(state, request.subject, encoded);
  context.emit(`access:${toHex(request.subject)}`, encoded);
  const { decision } = outcome;
  events.put(state, eventKey, { digest: digestOf(context), entry, decision });
  const determining = outcome.determining.map((place) => present(outcome.considered[place], 'a place in the list').id);
  return { decision, determining, entry, duplicate: false };
}
