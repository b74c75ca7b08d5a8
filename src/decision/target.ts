import type { Effect, Interval, Provision } from './consent.ts';
import type { DecisionRequest } from './request.ts';
import { generalsOf } from './tables/purposes.ts';

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
    | 'code'
    | 'category'
    /** The data clauses together, for who cannot see them. */
    | 'scope';
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
  /** The text is made for whoever reads it, not for every provision that is passed by. */
  describe(): Clause;
}

/** The clauses that depend on no record. */
export type Target = Pick<Provision, 'type'> & {
  readonly [Name in 'period' | 'actors' | 'purposes' | 'actions']?: Provision[Name] | undefined;
} & {
  /** What the clauses ask for, once it was written: of a provision that many requests are held against. */
  readonly texts?: TargetTexts | undefined;
};

/** Each as far as somebody read it. */
export type TargetTexts = { -readonly [Name in TargetElement]: string | undefined };

export function noTexts(): TargetTexts {
  return { period: undefined, actor: undefined, purpose: undefined, action: undefined };
}

/** A question without the records that it is about. */
export interface Asked {
  readonly atMs: number;
  /** A code of v3 ActReason, or `system|code`. */
  readonly purpose: string;
  readonly request: Pick<DecisionRequest, 'action' | 'requester' | 'legalBasis'>;
}

/**
 * Target = period ∧ actor ∧ purpose ∧ action (docs/decision.md, step 3), for one request: it depends on no resource,
 * so that of several resources each provision is looked at once.
 */
export class Targets {
  readonly #asked: Asked;
  readonly #known: Map<Target, TargetMiss | null> | undefined;
  #asker: string | undefined;
  #at: string | undefined;

  constructor(asked: Asked, { resources }: { readonly resources: number } = { resources: 1 }) {
    this.#asked = asked;
    this.#known = resources > 1 ? new Map() : undefined;
  }

  /** The first element that failed of the provision at this path; undefined where the target matches. */
  miss(provision: Target, path: string): Miss | undefined {
    const known = this.#known?.get(provision);
    if (known !== undefined) return known ?? undefined;
    const element = failing(provision, this.#asked);
    const found = element && new TargetMiss(path, provision, element, this);
    this.#known?.set(provision, found ?? null);
    return found;
  }

  describe(element: TargetElement, target: Target): Clause {
    const { texts } = target;
    const expected = texts?.[element] ?? expectedText(element, target);
    if (texts !== undefined) texts[element] = expected;
    return { element, expected, got: this.#got(element) };
  }

  /** When it is asked, RFC 3339. */
  at(): string {
    this.#at ??= momentText(this.#asked.atMs);
    return this.#at;
  }

  #got(element: TargetElement): string {
    const { request, purpose } = this.#asked;
    if (element === 'actor') return this.#askedBy();
    if (element === 'purpose') return purpose;
    return element === 'period' ? this.at() : request.action;
  }

  #askedBy(): string {
    const { references, roles } = this.#asked.request.requester;
    this.#asker ??= shortList([...references, ...roles]) || 'nobody';
    return this.#asker;
  }
}

/** Most consents of most decisions end here: one object, and no text before anybody reads. */
class TargetMiss implements Miss {
  readonly path: string;
  readonly type: Effect;
  readonly standing = 'out';
  readonly #target: Target;
  readonly #element: TargetElement;
  readonly #targets: Targets;

  constructor(path: string, target: Target, element: TargetElement, targets: Targets) {
    this.path = path;
    this.type = target.type;
    this.#target = target;
    this.#element = element;
    this.#targets = targets;
  }

  describe(): Clause {
    return this.#targets.describe(this.#element, this.#target);
  }
}

type TargetElement = 'period' | 'actor' | 'purpose' | 'action';

function expectedText(element: TargetElement, { period = {}, actors, purposes, actions }: Target): string {
  if (element === 'period') return intervalText(period);
  const named = element === 'actor' ? actors : element === 'purpose' ? purposes : actions;
  return shortList(named ?? []);
}

function failing({ period, actors, purposes, actions }: Target, asked: Asked): TargetElement | undefined {
  const { request, atMs, purpose } = asked;
  const { requester, action } = request;
  if (period !== undefined && (atMs < (period.from ?? atMs) || atMs >= (period.until ?? Number.POSITIVE_INFINITY)))
    return 'period';
  if (actors !== undefined && !isAmong(actors, requester)) return 'actor';
  if (purposes !== undefined && !includeOne(purposes, purpose)) return 'purpose';
  return actions === undefined || actions.includes(action) ? undefined : 'action';
}

function isAmong(actors: readonly string[], { references, roles }: DecisionRequest['requester']): boolean {
  for (const actor of actors) if (references.includes(actor) || isHeld(roles, actor)) return true;
  return false;
}

function includeOne(purposes: readonly string[], special: string): boolean {
  if (purposes.includes(special)) return true;
  for (const general of generalsOf(special)) if (purposes.includes(general)) return true;
  return false;
}

/** By subsumption within v3 ActReason, by equality elsewhere. */
export function includesPurpose(general: string, special: string): boolean {
  return general === special || (generalsOf(special) as readonly string[]).includes(general);
}

const rolePrefix = 'role:';

/** The role that an actor stands for, if it stands for one. */
export function heldRole(actor: string): string | undefined {
  return actor.startsWith(rolePrefix) ? actor.slice(rolePrefix.length) : undefined;
}

function isHeld(roles: readonly string[], actor: string): boolean {
  const role = heldRole(actor);
  return role !== undefined && roles.includes(role);
}

const shownMax = 8;

/** The first of them, and how many more there are. */
export function shortList(items: readonly string[]): string {
  let text = items[0] ?? '';
  for (let place = 1; place < Math.min(items.length, shownMax); place++) text += `, ${items[place]}`;
  return items.length > shownMax ? `${text} and ${items.length - shownMax} more` : text;
}

/** Periods begin and end with years and days, mostly: the same moments are said again and again. */
const momentTexts = new Map<number, string>();
const momentTextsMax = 4096;

export function momentText(moment: number): string {
  let text = momentTexts.get(moment);
  if (text === undefined) {
    text = new Date(moment).toISOString();
    if (momentTexts.size >= momentTextsMax) momentTexts.clear();
    momentTexts.set(moment, text);
  }
  return text;
}

export function intervalText({ from, until }: Interval): string {
  return `from ${from === undefined ? 'ever' : momentText(from)} until ${until === undefined ? 'ever' : momentText(until)}`;
}
