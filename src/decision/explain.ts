import { present } from '../base/index.ts';
import type { GlassRefusal } from './break-glass.ts';
import type { Consent, Effect } from './consent.ts';
import type { DecidedBy, Decision, Settled } from './decide.ts';
import type { ConsentResult, Deciding } from './evaluate.ts';
import type { Basis, GateRefusal } from './gate.ts';
import type { DecisionPolicy, Question } from './request.ts';
import { namesOfResultSet, type ResultName } from './result-set.ts';
import type { Mismatch } from './target.ts';

/** The tables and the order of evaluation under which a decision was made: it replays under the same. */
export const decisionVersion = 'assent-decision/1';

/** A consent, as an explanation names it. */
export interface ConsentName {
  /** Its id, or else its place among the consents that were given. */
  readonly consent: string;
  readonly version?: string;
}

export interface DeterminingConsent extends ConsentName {
  /** `provision.provision[0]`; the root where no provision applied. */
  readonly path: string;
  readonly results: readonly ResultName[];
}

export interface ConsideredConsent extends ConsentName {
  /** More than one where something is undecided. */
  readonly results: readonly ResultName[];
  /** Elements that failed, or that are undecided. */
  readonly mismatches: readonly Mismatch[];
}

/** The least that would have to be otherwise, as far as one change is enough. */
export interface SmallestChange extends Partial<ConsentName> {
  readonly kind: 'role' | 'purpose' | 'element' | 'consent-revoked' | 'consent-given' | 'fact-known';
  readonly sentence: string;
}

export interface ResourceDecision {
  readonly reference: string;
  readonly decision: Decision;
  readonly by: DecidedBy;
  readonly determining: readonly DeterminingConsent[];
  readonly considered: readonly ConsideredConsent[];
  /** Why the glass is not broken; absent where nobody asked for it, or where it is. */
  readonly breakGlassRefused?: Exclude<GlassRefusal, 'not-asked'>;
  /** Absent where it is permitted. */
  readonly smallestChange?: SmallestChange;
}

/** A decision with what it stands on, as JSON (contracts.md, decision step 9). */
export interface Explanation {
  readonly decision: Decision;
  readonly version: typeof decisionVersion;
  readonly subject: string;
  /** RFC 3339, UTC. */
  readonly at: string;
  readonly purpose: string;
  readonly action: string;
  readonly implicitPolicy: Effect;
  readonly gate?: GateRefusal;
  readonly legalBasis?: Basis;
  /** What a release brings with it. */
  readonly obligations: readonly ('log' | 'notify-subject' | 'review' | 'log-disclosure')[];
  readonly resources: readonly ResourceDecision[];
}

export function explain(made: {
  readonly decision: Decision;
  readonly question: Question;
  readonly policy: DecisionPolicy;
  readonly consents: readonly Consent[];
  readonly gate: GateRefusal | undefined;
  readonly basis: Basis | undefined;
  readonly settled: readonly Settled[];
}): Explanation {
  const { decision, question, policy, consents, gate, basis, settled } = made;
  const { request, atMs, purpose } = question;
  const used = new Set(settled.map(({ by }) => by));
  return {
    decision,
    version: decisionVersion,
    subject: request.subject,
    at: new Date(atMs).toISOString(),
    purpose,
    action: request.action,
    implicitPolicy: policy.implicit,
    ...(gate && { gate }),
    ...(basis && { legalBasis: basis }),
    obligations: [
      'log',
      ...(used.has('break-glass') ? (['notify-subject', 'review'] as const) : []),
      ...(used.has('legal-basis') ? (['log-disclosure'] as const) : []),
    ],
    resources: settled.map((one, place) =>
      explainResource(present(question.resources[place], 'each has its result').reference, one, consents, gate),
    ),
  };
}

function explainResource(
  reference: string,
  settled: Settled,
  consents: readonly Consent[],
  gate: GateRefusal | undefined,
): ResourceDecision {
  const { decision, by, determining, results, glass } = settled;
  const named = (place: number): ConsentName => nameOf(present(consents[place], 'it was considered'), place);
  const change = decision.startsWith('permit') ? undefined : smallestChange(settled, named, gate);
  return {
    reference,
    decision,
    by,
    determining: determining.map((place) => {
      const one = present(results[place], 'each consent has a result');
      return { ...named(place), path: decidingPath(one, decision), results: namesOfResultSet(one.results) };
    }),
    considered: results.map(({ results: set, mismatches }, place) => ({
      ...named(place),
      results: namesOfResultSet(set),
      mismatches,
    })),
    ...(glass !== undefined && glass !== 'not-asked' && { breakGlassRefused: glass }),
    ...(change && { smallestChange: change }),
  };
}

function nameOf({ id, version }: Consent, place: number): ConsentName {
  return { consent: id ?? `#${place}`, ...(version !== undefined && { version }) };
}

function decidingPath({ permit, deny }: ConsentResult, decision: Decision): string {
  const deciding: Deciding | undefined = decision === 'permit' ? (permit ?? deny) : (deny ?? permit);
  return deciding?.path ?? 'provision';
}

function smallestChange(
  { by, determining, results }: Settled,
  named: (place: number) => ConsentName,
  gate: GateRefusal | undefined,
): SmallestChange {
  if (by === 'gate' && gate !== undefined) {
    const sentence =
      gate.element === 'role' ? `One of these roles: ${gate.expected}.` : `One of these purposes: ${gate.expected}.`;
    return { kind: gate.element, sentence };
  }
  const [first] = determining;
  if (by === 'undecided') {
    const open = results.flatMap((one) => one.mismatches).find(({ got }) => got === 'unknown');
    const what = open === undefined ? 'what is unknown of the record' : `${open.element} of the record`;
    return { kind: 'fact-known', sentence: `To know ${what}.` };
  }
  if (by === 'deny' && first !== undefined)
    return { kind: 'consent-revoked', ...named(first), sentence: 'The subject revokes or changes this consent.' };
  // A consent that permits and fails in one element is nearer than a new one.
  const near = [...results.keys()].find((place) => results[place]?.mismatches.length === 1);
  const mismatch = near === undefined ? undefined : results[near]?.mismatches[0];
  if (near !== undefined && mismatch !== undefined)
    return {
      kind: 'element',
      ...named(near),
      sentence: `${mismatch.element} within ${mismatch.expected} (${mismatch.path}); it is ${mismatch.got}.`,
    };
  return { kind: 'consent-given', sentence: 'The subject gives a consent that permits this.' };
}

/** What a requester may see: that and when, and what to do next, but nothing that depends on a hidden label. */
export interface RedactedExplanation {
  readonly decision: Decision;
  readonly version: string;
  readonly at: string;
  readonly purpose: string;
  readonly action: string;
  /** The requester's own doing, which it may know. */
  readonly gate?: GateRefusal;
  readonly resources: readonly { readonly reference: string; readonly decision: Decision }[];
}

/** Reveals of a non-permit neither which consent there is nor which clause or label it turned on. */
export function redact({ decision, version, at, purpose, action, gate, resources }: Explanation): RedactedExplanation {
  return {
    decision: hidden(decision),
    version,
    at,
    purpose,
    action,
    ...(gate && { gate }),
    resources: resources.map((one) => ({ reference: one.reference, decision: hidden(one.decision) })),
  };
}

/** That something is undecided would say that a label is looked for. */
function hidden(decision: Decision): Decision {
  return decision === 'indeterminate' ? 'deny' : decision;
}
