import { present } from '../base/index.ts';
import type { GlassRefusal } from './break-glass.ts';
import type { ConsentName, Effect } from './consent.ts';
import type { ConsentResult, Deciding } from './evaluate.ts';
import type { Basis, GateRefusal } from './gate.ts';
import type { Inquiry, Settled } from './inquiry.ts';
import type { Resource } from './request.ts';
import { namesOfResultSet, type ResultName } from './result-set.ts';
import { type DecidedBy, type Decision, worst } from './settle.ts';
import { type SmallestChange, smallestChange } from './smallest-change.ts';
import type { Clause, Miss } from './target.ts';

/** The tables and the order of evaluation under which a decision was made: it replays under the same. */
export const decisionVersion = 'assent-decision/1';

export interface DeterminingConsent extends ConsentName {
  /** `provision.provision[0]`; the root where no provision applied. */
  readonly path: string;
  readonly results: readonly ResultName[];
}

/** Why a provision did not apply, or may not. */
export interface Mismatch extends Clause {
  /** `provision.provision[0]`. */
  readonly path: string;
  readonly type: Effect;
  /** What was asked for is not there, or is not known. */
  readonly standing: 'out' | 'undecided';
}

export interface ConsideredConsent extends ConsentName {
  /** More than one where something is undecided. */
  readonly results: readonly ResultName[];
  /** What failed, or is undecided, of its provisions: the first of them where there are many. */
  readonly mismatches: readonly Mismatch[];
}

export interface ResourceDecision {
  readonly reference: string;
  readonly decision: Decision;
  readonly by: DecidedBy;
  readonly determining: readonly DeterminingConsent[];
  readonly considered: readonly ConsideredConsent[];
  /** Why the glass is not broken; absent where nobody asked for it, or where it is. */
  readonly breakGlassRefused?: Exclude<GlassRefusal, 'not-asked'>;
  /** Absent where it is permitted, and where no single change would do, of those that are tried. */
  readonly smallestChange?: SmallestChange;
}

/** A decision with what it stands on, as JSON (docs/decision.md, step 9). */
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

/** `settled`: for each record of the question. */
export function explain(inquiry: Inquiry, settled: readonly Settled[]): Explanation {
  const { question, gate, basis } = inquiry;
  const { request, purpose } = question;
  return {
    decision: worst(settled),
    version: decisionVersion,
    subject: request.subject,
    at: inquiry.targets.at(),
    purpose,
    action: request.action,
    implicitPolicy: inquiry.policy.implicit,
    // Mostly neither is there, and one look tells.
    ...((gate || basis) && { ...(gate && { gate }), ...(basis && { legalBasis: basis }) }),
    obligations: obligationsOf(purpose, settled),
    resources: settled.map((one, place) =>
      explainResource(inquiry, present(question.resources[place], 'each has its result'), one),
    ),
  };
}

/** Whoever claims an emergency is looked at, also where a consent would have permitted (docs/decision.md, step 8). */
function obligationsOf(purpose: string, settled: readonly Settled[]): Explanation['obligations'] {
  const isEmergency = purpose === 'BTG' && settled.some(({ decision }) => isPermit(decision));
  const isByLaw = settled.some(({ by }) => by === 'legal-basis');
  if (!isEmergency) return isByLaw ? ['log', 'log-disclosure'] : ['log'];
  return isByLaw ? ['log', 'notify-subject', 'review', 'log-disclosure'] : ['log', 'notify-subject', 'review'];
}

function isPermit(decision: Decision): boolean {
  return decision === 'permit' || decision === 'permit-break-glass';
}

/** Of a consent with more provisions that do not apply, the first are enough to see why. */
const mismatchesMax = 16;

function explainResource(inquiry: Inquiry, resource: Resource, settled: Settled): ResourceDecision {
  const { decision, by, results, glass } = settled;
  const nameOf = (index: number): ConsentName => present(inquiry.candidates[index], 'it was considered').name;
  const change = isPermit(decision) ? undefined : smallestChange(inquiry, resource, settled);
  const determining: DeterminingConsent[] = [];
  for (const index of settled.determining) {
    const one = present(results[index], 'each consent has a result');
    determining.push({
      ...nameOf(index),
      path: decidingPath(one, decision),
      results: namesOfResultSet(one.results),
    });
  }
  const considered: ConsideredConsent[] = [];
  for (const one of results) considered.push(consideredOf(nameOf(considered.length), one));
  const explained: Mutable<ResourceDecision> = { reference: resource.given, decision, by, determining, considered };
  if (glass !== undefined && glass !== 'not-asked') explained.breakGlassRefused = glass;
  if (change !== undefined) explained.smallestChange = change;
  return explained;
}

type Mutable<T> = { -readonly [Name in keyof T]: T[Name] };

/** Written out: it is made for each consent of each decision. */
function consideredOf({ consent, version }: ConsentName, { results: set, misses }: ConsentResult): ConsideredConsent {
  const results = namesOfResultSet(set);
  const mismatches = mismatchesOf(misses);
  return version === undefined ? { consent, results, mismatches } : { consent, version, results, mismatches };
}

function mismatchesOf(misses: readonly Miss[]): Mismatch[] {
  const count = Math.min(misses.length, mismatchesMax);
  const mismatches: Mismatch[] = [];
  for (let place = 0; place < count; place++) mismatches.push(mismatchOf(misses[place] as Miss));
  return mismatches;
}

function mismatchOf(miss: Miss): Mismatch {
  const { path, type, standing } = miss;
  const { element, expected, got } = miss.describe();
  return { path, type, standing, element, expected, got };
}

function decidingPath({ permit, deny }: ConsentResult, decision: Decision): string {
  const deciding: Deciding | undefined = decision === 'permit' ? (permit ?? deny) : (deny ?? permit);
  return deciding?.path ?? 'provision';
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
