import { present } from '../base/index.ts';
import type { GlassRefusal } from './break-glass.ts';
import { combineResults } from './combine.ts';
import type { Consent, Effect } from './consent.ts';
import type { Candidate, Settled } from './decide.ts';
import type { ConsentResult, Deciding } from './evaluate.ts';
import type { Basis, GateRefusal } from './gate.ts';
import type { Question } from './request.ts';
import { namesOfResultSet, type ResultName } from './result-set.ts';
import type { DecidedBy, Decision } from './settle.ts';
import { type Clause, type Miss, momentText } from './target.ts';

/** The tables and the order of evaluation under which a decision was made: it replays under the same. */
export const decisionVersion = 'assent-decision/1';

/** A consent, as an explanation names it. */
export interface ConsentName {
  /** Its id, or else its place among the consents that were given. */
  readonly consent: string;
  readonly version?: string;
}

export function consentName({ id, version }: Pick<Consent, 'id' | 'version'>, place: number): ConsentName {
  return { consent: id ?? `#${place}`, ...(version !== undefined && { version }) };
}

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

/** The least that would permit, where one change is enough. */
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
  /** Absent where it is permitted, and where no single change would do. */
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
  readonly implicit: Effect;
  readonly candidates: readonly Candidate[];
  readonly gate: GateRefusal | undefined;
  readonly basis: Basis | undefined;
  readonly settled: readonly Settled[];
}): Explanation {
  const { decision, question, implicit, candidates, gate, basis, settled } = made;
  const { request, atMs, purpose } = question;
  const used = new Set(settled.map(({ by }) => by));
  const resources = new ResourceExplainer(candidates, implicit, gate);
  return {
    decision,
    version: decisionVersion,
    subject: request.subject,
    at: momentText(atMs),
    purpose,
    action: request.action,
    implicitPolicy: implicit,
    ...(gate && { gate }),
    ...(basis && { legalBasis: basis }),
    obligations: [
      'log',
      ...(used.has('break-glass') ? (['notify-subject', 'review'] as const) : []),
      ...(used.has('legal-basis') ? (['log-disclosure'] as const) : []),
    ],
    resources: settled.map((one, place) =>
      resources.explain(present(question.resources[place], 'each has its result').given, one),
    ),
  };
}

/** Of a consent with more provisions that do not apply, the first are enough to see why. */
const mismatchesMax = 16;

class ResourceExplainer {
  readonly #candidates: readonly Candidate[];
  readonly #implicit: Effect;
  readonly #gate: GateRefusal | undefined;

  constructor(candidates: readonly Candidate[], implicit: Effect, gate: GateRefusal | undefined) {
    this.#candidates = candidates;
    this.#implicit = implicit;
    this.#gate = gate;
  }

  explain(reference: string, settled: Settled): ResourceDecision {
    const { decision, by, determining, results, glass } = settled;
    const change = decision.startsWith('permit') ? undefined : this.#smallestChange(settled);
    return {
      reference,
      decision,
      by,
      determining: determining.map((index) => {
        const one = present(results[index], 'each consent has a result');
        const path = decidingPath(one, decision);
        return { ...this.#name(index), path, results: namesOfResultSet(one.results) };
      }),
      considered: results.map(({ results, misses }, index) => ({
        ...this.#name(index),
        results: namesOfResultSet(results),
        mismatches: mismatchesOf(misses),
      })),
      ...(glass !== undefined && glass !== 'not-asked' && { breakGlassRefused: glass }),
      ...(change && { smallestChange: change }),
    };
  }

  #name(index: number): ConsentName {
    return present(this.#candidates[index], 'it was considered').name;
  }

  #smallestChange({ by, determining, results }: Settled): SmallestChange | undefined {
    if (by === 'gate') return this.#gate && changeOfGate(this.#gate);
    if (by === 'undecided') return changeOfFact(results);
    if (by === 'deny') return this.#revocation(determining, results);
    // Nothing denies: a consent that permits, and fails in one element only, is nearer than a new one.
    const near = [...results.keys()].find((index) => missOfPermit(results[index]) !== undefined);
    const miss = near === undefined ? undefined : missOfPermit(results[near]);
    if (near === undefined || miss === undefined)
      return { kind: 'consent-given', sentence: 'The subject gives a consent that permits this.' };
    const { path, element, expected, got } = mismatchOf(miss);
    return { kind: 'element', ...this.#name(near), sentence: `${element} within ${expected} (${path}); it is ${got}.` };
  }

  #revocation(determining: readonly number[], results: readonly ConsentResult[]): SmallestChange | undefined {
    const enough = determining.find((revoked) => {
      const left = results.filter((_, index) => index !== revoked).map((one) => one.results);
      return combineResults(left, this.#implicit).decision === 'permit';
    });
    if (enough === undefined) return undefined;
    return { kind: 'consent-revoked', ...this.#name(enough), sentence: 'The subject takes this consent back.' };
  }
}

function changeOfGate({ element, expected }: GateRefusal): SmallestChange {
  const what = element === 'role' ? 'roles' : 'purposes';
  return { kind: element, sentence: `One of these ${what}: ${expected}.` };
}

function changeOfFact(results: readonly ConsentResult[]): SmallestChange {
  const open = results.flatMap(({ misses }) => misses).find(({ standing }) => standing === 'undecided');
  const what = open === undefined ? 'what is unknown' : `the ${open.describe().element}`;
  return { kind: 'fact-known', sentence: `To know ${what} of the record.` };
}

/** The only thing that keeps a consent from permitting: of one that has no other. */
function missOfPermit(one: ConsentResult | undefined): Miss | undefined {
  const [miss, ...others] = (one?.misses ?? []).filter(({ type }) => type === 'permit');
  return others.length === 0 ? miss : undefined;
}

function mismatchesOf(misses: readonly Miss[]): Mismatch[] {
  return (misses.length > mismatchesMax ? misses.slice(0, mismatchesMax) : misses).map(mismatchOf);
}

function mismatchOf({ path, type, standing, describe }: Miss): Mismatch {
  const { element, expected, got } = describe();
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
