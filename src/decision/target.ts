import type { Effect, Interval, Provision } from './consent.ts';
import type { Question } from './request.ts';
import { isPurpose, subsumes } from './tables/purposes.ts';

/** A clause, what it asks for, and what there is. */
export interface Clause {
  readonly element:
    | 'period'
    | 'actor'
    | 'purpose'
    | 'action'
    | 'securityLabel'
    | 'dataPeriod'
    | 'data'
    | 'class'
    | 'code';
  readonly expected: string;
  readonly got: string;
}

/** Texts are made for whoever reads them, not for every provision that is passed by. */
export type Describe = () => Clause;

/** Why a provision did not apply, or may not. */
export interface Miss {
  /** `provision.provision[0]`. */
  readonly path: string;
  readonly type: Effect;
  readonly standing: 'out' | 'undecided';
  readonly describe: Describe;
}

/**
 * Target = period ∧ actor ∧ purpose ∧ action (contracts.md, decision step 3), for one request: it depends on no resource,
 * so that each provision is looked at once.
 */
export class Targets {
  readonly #question: Question;
  readonly #known = new Map<Provision, Describe | null>();

  constructor(question: Question) {
    this.#question = question;
  }

  /** The first element that failed; undefined where the target matches. */
  mismatch(provision: Provision): Describe | undefined {
    let found = this.#known.get(provision);
    if (found === undefined) {
      found = targetMismatch(provision, this.#question) ?? null;
      this.#known.set(provision, found);
    }
    return found ?? undefined;
  }
}

function targetMismatch({ period, actors, purposes, actions }: Provision, question: Question): Describe | undefined {
  const { request, atMs, purpose } = question;
  const { references, roles } = request.requester;
  if (period !== undefined && (atMs < (period.from ?? atMs) || atMs >= (period.until ?? Number.POSITIVE_INFINITY)))
    return () => ({ element: 'period', expected: intervalText(period), got: momentText(atMs) });
  if (actors !== undefined && !actors.some((actor) => references.includes(actor) || isHeld(roles, actor)))
    return () => ({
      element: 'actor',
      expected: shortList(actors),
      got: shortList([...references, ...roles]) || 'nobody',
    });
  if (purposes !== undefined && !purposes.some((general) => includesPurpose(general, purpose)))
    return () => ({ element: 'purpose', expected: shortList(purposes), got: purpose });
  if (actions !== undefined && !actions.includes(request.action))
    return () => ({ element: 'action', expected: shortList(actions), got: request.action });
  return undefined;
}

/** By subsumption within v3 ActReason, by equality elsewhere. */
export function includesPurpose(general: string, special: string): boolean {
  return general === special || (isPurpose(general) && isPurpose(special) && subsumes(general, special));
}

const rolePrefix = 'role:';

function isHeld(roles: readonly string[], actor: string): boolean {
  return actor.startsWith(rolePrefix) && roles.includes(actor.slice(rolePrefix.length));
}

const shownMax = 8;

/** The first of them, and how many more there are. */
export function shortList(items: readonly string[]): string {
  const more = items.length - shownMax;
  return more > 0 ? `${items.slice(0, shownMax).join(', ')} and ${more} more` : items.join(', ');
}

function momentText(moment: number): string {
  return new Date(moment).toISOString();
}

export function intervalText({ from, until }: Interval): string {
  const [start, end] = [from, until].map((moment) => (moment === undefined ? 'ever' : momentText(moment)));
  return `from ${start} until ${end}`;
}
