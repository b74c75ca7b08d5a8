import type { Effect } from './consent.ts';
import { type ResultSet, result } from './result-set.ts';
import type { Scoping } from './scope.ts';
import type { Miss, Target, Targets } from './target.ts';

/** Where a consent says what it comes to. */
export interface Deciding {
  /** `provision.provision[0]`. */
  readonly path: string;
  readonly type: Effect;
  /** That it is for: its own, else those of the nearest provision around it that names some. */
  readonly purposes: readonly string[] | undefined;
}

export interface ConsentResult {
  readonly results: ResultSet;
  /** The provision that permits or denies, where one may. Of several that deny, one that names break-glass goes first. */
  readonly permit: Deciding | undefined;
  readonly deny: Deciding | undefined;
  /** Whether a denial may stand that names break-glass itself, and one that does not. */
  readonly namesBreakGlass: boolean;
  readonly deniesPlainly: boolean;
  /** Why provisions did not apply, or may not; in the consent's order. */
  readonly misses: readonly Miss[];
}

/** What the evaluation walks: provisions with a target, and data scopes that a {@link Scoping} knows to read. */
type Branch<P> = Target & { readonly provisions?: readonly P[] | undefined };

/** What one provision may come to: several effects where something is undecided. */
interface Outcome {
  readonly permit: Deciding | undefined;
  /** A denial that names break-glass itself, or stands with one that does. */
  readonly denyNamed: Deciding | undefined;
  readonly denyPlain: Deciding | undefined;
  readonly none: boolean;
}

const nothing: Outcome = { permit: undefined, denyNamed: undefined, denyPlain: undefined, none: true };

/** The result of one consent (docs/decision.md, steps 5 and 6). */
export function evaluateConsent<P extends Branch<P>, S>(
  provision: P,
  targets: Targets,
  scoping: Scoping<P, S>,
): ConsentResult {
  const miss = targets.miss(provision, rootPath);
  if (miss !== undefined) return notApplicable(miss);
  const misses: Miss[] = [];
  const root = { path: rootPath, purposes: provision.purposes, scope: undefined, isHeld: true };
  const { permit, denyNamed, denyPlain, none } = new Evaluation(targets, scoping, misses).outcome(provision, root);
  const deny = denyNamed ?? denyPlain;
  const otherwise = provision.type === 'permit' ? result.weakDeny : result.notApplicable;
  return {
    results: (permit ? result.permit : 0) | (deny ? result.deny : 0) | (none ? otherwise : 0),
    permit,
    deny,
    namesBreakGlass: denyNamed !== undefined,
    deniesPlainly: denyPlain !== undefined,
    misses,
  };
}

function notApplicable(miss: Miss): ConsentResult {
  return {
    results: result.notApplicable,
    permit: undefined,
    deny: undefined,
    namesBreakGlass: false,
    deniesPlainly: false,
    misses: [miss],
  };
}

const rootPath = 'provision';
const pathsInRoot = Array.from({ length: 16 }, (_, place) => `${rootPath}.provision[${place}]`);

function pathInside(around: string, place: number): string {
  const known = around === rootPath ? pathsInRoot[place] : undefined;
  return known ?? `${around}.provision[${place}]`;
}

/** Where a provision stands. */
interface Place<S> {
  readonly path: string;
  readonly purposes: readonly string[] | undefined;
  /** Of the permit that it stands in. */
  readonly scope: S | undefined;
  /** Whether every deny around it has the resource in its scope: a permit inside holds only then. */
  readonly isHeld: boolean;
}

class Evaluation<P extends Branch<P>, S> {
  readonly #targets: Targets;
  readonly #scoping: Scoping<P, S>;
  readonly #misses: Miss[];
  /**
   * By {@link Place.isHeld}: each provision is looked at twice at most, however deep it is. From the first undecided scope
   * on; before it nothing is looked at again.
   */
  #known: { readonly held: Map<P, Outcome>; readonly free: Map<P, Outcome> } | undefined;

  constructor(targets: Targets, scoping: Scoping<P, S>, misses: Miss[]) {
    this.#targets = targets;
    this.#scoping = scoping;
    this.#misses = misses;
  }

  /**
   * Every effect that a provision whose target matches may have. A scope is one thing wherever it counts: where it is
   * undecided, the provision and what it holds are looked at with it in and with it out.
   */
  outcome(provision: P, place: Place<S>): Outcome {
    const before = this.#known?.[place.isHeld ? 'held' : 'free'].get(provision);
    if (before !== undefined) return before;
    const scope = this.#scoping.scopeOf(provision, place.scope);
    const { standing, describe } = this.#scoping.place(scope, provision.type);
    if (standing !== 'in' && describe !== undefined)
      this.#miss({ path: place.path, type: provision.type, standing, describe });
    if (standing !== 'undecided') return this.#resolved(provision, place, scope, standing === 'in');
    // Alone it is looked at once, whatever it comes to.
    const isAlone = this.#known === undefined && hasNothingInside(provision);
    if (!isAlone) this.#known ??= { held: new Map(), free: new Map() };
    const isIn = this.#resolved(provision, place, scope, true);
    const isOut = this.#resolved(provision, place, scope, false);
    const outcome = join(isIn, isOut, isIn.none || isOut.none);
    this.#known?.[place.isHeld ? 'held' : 'free'].set(provision, outcome);
    return outcome;
  }

  #resolved(provision: P, { path, purposes, isHeld }: Place<S>, scope: S, isIn: boolean): Outcome {
    const isDeny = provision.type === 'deny';
    const isOwn = isIn && (isDeny || isHeld);
    const own = isOwn ? outcomeOf({ path, type: provision.type, purposes }) : nothing;
    if (provision.provisions === undefined || hasNothingInside(provision)) return own;
    const inside = this.#children(provision.provisions, {
      path,
      purposes,
      scope: isDeny ? undefined : scope,
      isHeld: isDeny ? isHeld && isIn : isHeld,
    });
    if (!inside.none) return inside;
    return join(inside, own, own.none);
  }

  /** Deny before permit; undecided ones in every combination. */
  #children(provisions: readonly P[], around: Place<S>): Outcome {
    let permit: Deciding | undefined;
    let denyNamed: Deciding | undefined;
    let denyPlain: Deciding | undefined;
    let none = true;
    let isDenied = false;
    let isNamed = false;
    let place = 0;
    for (const child of provisions) {
      const path = pathInside(around.path, place);
      place += 1;
      const miss = this.#targets.miss(child, path);
      if (miss !== undefined) {
        this.#miss(miss);
        continue;
      }
      const purposes = child.purposes ?? around.purposes;
      const one = this.outcome(child, { path, purposes, scope: around.scope, isHeld: around.isHeld });
      permit ??= one.permit;
      denyNamed ??= one.denyNamed;
      denyPlain ??= one.denyPlain;
      none &&= one.none;
      // A permit is the effect where nothing denies: where each can be other than a denial.
      isDenied ||= one.permit === undefined && !one.none;
      // A denial that names break-glass gives its name to those that stand with it.
      isNamed ||= one.permit === undefined && one.denyPlain === undefined && !one.none;
    }
    return { permit: isDenied ? undefined : permit, denyNamed, denyPlain: isNamed ? undefined : denyPlain, none };
  }

  #miss(miss: Miss): void {
    if (this.#known === undefined || !this.#misses.some(({ path }) => path === miss.path)) this.#misses.push(miss);
  }
}

function hasNothingInside<P>({ provisions }: Branch<P>): boolean {
  return provisions === undefined || provisions.length === 0;
}

function outcomeOf(deciding: Deciding): Outcome {
  if (deciding.type === 'permit') return { permit: deciding, denyNamed: undefined, denyPlain: undefined, none: false };
  return namesBreakGlass(deciding)
    ? { permit: undefined, denyNamed: deciding, denyPlain: undefined, none: false }
    : { permit: undefined, denyNamed: undefined, denyPlain: deciding, none: false };
}

function join(first: Outcome, second: Outcome, none: boolean): Outcome {
  return {
    permit: first.permit ?? second.permit,
    denyNamed: first.denyNamed ?? second.denyNamed,
    denyPlain: first.denyPlain ?? second.denyPlain,
    none,
  };
}

/** Not by subsumption (docs/decision.md, step 8). */
function namesBreakGlass({ type, purposes }: Deciding): boolean {
  return type === 'deny' && purposes?.includes('BTG') === true;
}
