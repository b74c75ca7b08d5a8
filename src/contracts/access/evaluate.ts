import { z } from 'zod';
import { AssentError, toHex } from '../../base/index.ts';
import { type Basis, namesOfResultSet } from '../../decision/index.ts';
import { consentsOf } from '../consent/state.ts';
import { credentialsInForce, groupsOf } from '../credential/state.ts';
import { type Asking, askingOf } from '../decision/asking.ts';
import { type DecisionInput, type DecisionOutcome, decideOpen, type ResultClaim } from '../decision/decide.ts';
import { type RequestFacts, withDids } from '../decision/question.ts';
import { jsonSchemaOf } from '../engine/catalogue.ts';
import { did, name } from '../engine/leaves.ts';
import type { Domain } from '../enrolment/state.ts';
import { domainOf, linkOf, subjectsOf } from '../enrolment/state.ts';
import type { StateView } from '../ledger-types.ts';
import { actions, type Category, categories, roles } from '../tables/codes.ts';
import { purpose } from '../tables/purpose.ts';
import { askedDid, askedKey } from './asked-dids.ts';
import { resultClaims } from './claims.ts';
import { openingsOf } from './state.ts';

/** Whose records are asked for, and what the gateway says of them. */
interface RecordFacts {
  readonly subject: Uint8Array;
  readonly results: readonly ResultClaim[];
  readonly category?: Category;
  readonly inEmergencyCategory: boolean;
}

interface Question extends RequestFacts, RecordFacts {}

/** Who asks what for, whoever it is about, and what the state says of the agent. */
export type Requester = Pick<DecisionInput, 'atMs' | 'policy' | 'request' | 'held' | 'groups'> & {
  readonly asking: Asking;
};

export function requesterOf(state: StateView, { policy }: Domain, request: RequestFacts, atMs: number): Requester {
  const { agent } = request;
  const held = credentialsInForce(state, agent, atMs);
  const groups = groupsOf(state, agent, atMs);
  const known = { atMs, policy, request, held, groups };
  return { ...known, asking: askingOf(known) };
}

/** Gathers from the state what the decision depends on. `subjects`: those whose consents count. */
export function decisionInput(
  state: StateView,
  { atMs, policy, request, held, groups, asking }: Requester,
  domain: string,
  { subject, results, category, inEmergencyCategory }: RecordFacts,
  subjects: readonly Uint8Array[] = subjectsOf(state, domain, subject),
): DecisionInput {
  return {
    atMs,
    policy,
    request,
    held,
    groups,
    asking,
    consents: consentsOf(state, subject, domain),
    mergedConsents: subjects.length > 1 ? subjects.slice(1).flatMap((one) => consentsOf(state, one, domain)) : none,
    claims: results,
    category: policy.openCategories ? category : undefined,
    inEmergencyCategory,
    openings: request.purpose === 'BTG' ? openingsOf(state, domain, subject, request.agent) : none,
  };
}

const none: readonly never[] = [];

const decisionQuestion = z.strictObject({
  agent: did(askedKey),
  role: z.enum(roles),
  organisation: name(),
  subject: did(askedKey),
  domain: name(),
  purpose: purpose(),
  action: z.enum(actions),
  legalBasis: name().exactOptional(),
  /** What the sealed clauses came to, for who holds their openings; else everything possible is taken. */
  results: resultClaims.default([]),
  category: z.enum(categories).exactOptional(),
  inEmergencyCategory: z.boolean().default(false),
});

/** JSON schema of what {@link evaluateAccess} is asked. */
export function decisionQuestionJsonSchema(): Record<string, unknown> {
  return jsonSchemaOf(decisionQuestion);
}

export interface ExplainedConsent {
  readonly consent: string;
  readonly version: number;
  readonly results: readonly string[];
  readonly determining: boolean;
  readonly namesBreakGlass: boolean;
  /** Whether the gateway's word was used; else everything possible was taken. */
  readonly claimed: boolean;
  /** Why provisions did not apply, or may not: each with its path, `provision.provision[0]`. */
  readonly mismatches: readonly {
    readonly path: string;
    readonly type: 'permit' | 'deny';
    readonly standing: 'out' | 'undecided';
    readonly element: string;
    readonly expected: string;
    readonly got: string;
  }[];
}

/** A decision and how it came about (docs/decision.md, step 9), ready for JSON. */
export interface AccessEvaluation {
  readonly decision: DecisionOutcome['decision'];
  readonly reason: DecisionOutcome['reason'];
  readonly at: number;
  readonly ruleSet: string;
  readonly domain: string;
  readonly subject: string;
  readonly agent: string;
  readonly purpose: string;
  readonly implicitPolicy: 'permit' | 'deny';
  /** What failed at the gate; then no consent was looked at. */
  readonly gate?: { readonly element: string; readonly expected: string; readonly got: string };
  /** What became of the legal basis that was cited. */
  readonly legalBasis?: Basis;
  /** Every consent considered, in the ledger's order. */
  readonly consents: readonly ExplainedConsent[];
  /** The break-glass that permits. */
  readonly breakGlass?: { readonly id: string; readonly openedAt: number; readonly expiresAt: number };
}

/**
 * What the rules would decide at this state and time, and why. Advisory: nothing is logged or released. `question` is
 * in JSON form. @throws AssentError `request-invalid` with the path, `not-found` for an unknown domain, or a
 * subject that it has not linked.
 */
export function evaluateAccess(state: StateView, question: unknown, atMs: number, ruleSet: string): AccessEvaluation {
  const { asked, domain, input } = inputOfQuestion(state, question, atMs);
  const outcome = decideOpen(input);
  const { gate, basis, opening } = outcome;
  return {
    decision: outcome.decision,
    reason: outcome.reason,
    at: atMs,
    ruleSet,
    domain: domain.name,
    subject: askedDid(toHex(asked.subject)),
    agent: askedDid(toHex(asked.agent)),
    purpose: asked.purpose,
    implicitPolicy: domain.policy.implicit,
    ...(gate === undefined ? {} : { gate }),
    ...(basis === undefined ? {} : { legalBasis: basis }),
    consents: explainedConsents(outcome),
    ...(opening === undefined
      ? {}
      : { breakGlass: { id: toHex(opening.id), openedAt: opening.openedAt, expiresAt: opening.expiresAt } }),
  };
}

/** What the decision on a question in JSON form depends on. @throws as {@link evaluateAccess}. */
export function inputOfQuestion(
  state: StateView,
  question: unknown,
  atMs: number,
): { readonly asked: Question; readonly domain: Domain; readonly input: DecisionInput } {
  const parsed = decisionQuestion.safeParse(question);
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    const path = issue?.path.map(String).join('.') ?? '';
    throw new AssentError('request-invalid', `${path}: ${issue?.message ?? 'invalid'}`, { path });
  }
  const asked = parsed.data;
  const domain = domainOf(state, asked.domain);
  if (domain === undefined) throw new AssentError('not-found', `there is no domain named ${asked.domain}`);
  if (linkOf(state, domain.name, asked.subject) === undefined)
    throw new AssentError('not-found', `the domain ${domain.name} does not know this subject`);
  return { asked, domain, input: decisionInput(state, requesterOf(state, domain, asked, atMs), domain.name, asked) };
}

function explainedConsents(outcome: DecisionOutcome): ExplainedConsent[] {
  // The same asker stands in most mismatches.
  const shown = new Map<string, string>();
  const forPeople = (text: string): string => {
    const known = shown.get(text);
    if (known !== undefined) return known;
    const written = withDids(text, askedDid);
    shown.set(text, written);
    return written;
  };
  return outcome.considered.map((consent, place) => ({
    consent: toHex(consent.id),
    version: consent.version,
    results: namesOfResultSet(consent.results),
    determining: outcome.determining.includes(place),
    namesBreakGlass: consent.namesBreakGlass,
    claimed: consent.isClaimed,
    mismatches: consent.misses.map((miss) => {
      const { path, type, standing } = miss;
      const { element, expected, got } = miss.describe();
      return { path, type, standing, element, expected: forPeople(expected), got: forPeople(got) };
    }),
  }));
}
