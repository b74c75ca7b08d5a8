import type { Consent, Effect, Provision } from './consent.ts';
import type { Resource } from './request.ts';
import { type ResultSet, result } from './result-set.ts';
import { placeInScope, type Scope, scopeOf } from './scope.ts';
import type { Miss, Targets } from './target.ts';

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
  /** Why provisions did not apply, or may not; in the consent's order. */
  readonly misses: readonly Miss[];
}

/** What one provision may come to for a resource: several effects where something is undecided. */
interface Outcome {
  readonly permit: Deciding | undefined;
  readonly deny: Deciding | undefined;
  readonly none: boolean;
}

const nothing: Outcome = { permit: undefined, deny: undefined, none: true };

/** The result of one consent (contracts.md, decision steps 5 and 6). */
export function evaluateConsent({ provision }: Consent, targets: Targets, resource: Resource): ConsentResult {
  const describe = targets.mismatch(provision);
  if (describe !== undefined) {
    const miss: Miss = { path: rootPath, type: provision.type, standing: 'out', describe };
    return { results: result.notApplicable, permit: undefined, deny: undefined, misses: [miss] };
  }
  const misses: Miss[] = [];
  const root = { path: rootPath, purposes: provision.purposes, scope: undefined, isHeld: true };
  const { permit, deny, none } = new Evaluation(targets, resource, misses).outcome(provision, root);
  const otherwise = provision.type === 'permit' ? result.weakDeny : result.notApplicable;
  const results = (permit ? result.permit : 0) | (deny ? result.deny : 0) | (none ? otherwise : 0);
  return { results, permit, deny, misses };
}

const rootPath = 'provision';

/** Where a provision stands. */
interface Place {
  readonly path: string;
  readonly purposes: readonly string[] | undefined;
  /** Of the permit that it stands in. */
  readonly scope: Scope | undefined;
  /** Whether every deny around it has the resource in its scope: a permit inside holds only then. */
  readonly isHeld: boolean;
}

class Evaluation {
  readonly #targets: Targets;
  readonly #resource: Resource;
  readonly #misses: Miss[];
  /** By {@link Place.isHeld}: each provision is looked at twice at most, however deep it is. */
  readonly #known = { held: new Map<Provision, Outcome>(), free: new Map<Provision, Outcome>() };

  constructor(targets: Targets, resource: Resource, misses: Miss[]) {
    this.#targets = targets;
    this.#resource = resource;
    this.#misses = misses;
  }

  /**
   * Every effect that a provision whose target matches may have. A scope is one thing wherever it counts: where it is
   * undecided, the provision and what it holds are looked at with it in and with it out.
   */
  outcome(provision: Provision, place: Place): Outcome {
    const known = place.isHeld ? this.#known.held : this.#known.free;
    const before = known.get(provision);
    if (before !== undefined) return before;
    const scope = scopeOf(provision, place.scope);
    const { standing, describe } = placeInScope(scope, provision.type, this.#resource);
    if (standing !== 'in' && describe !== undefined)
      this.#miss({ path: place.path, type: provision.type, standing, describe });
    const ways = standing === 'undecided' ? [true, false] : [standing === 'in'];
    const outcome = join(ways.map((isIn) => this.#resolved(provision, { ...place, scope }, isIn)));
    known.set(provision, outcome);
    return outcome;
  }

  #resolved(provision: Provision, { path, purposes, scope, isHeld }: Place, isIn: boolean): Outcome {
    const isDeny = provision.type === 'deny';
    const inside = this.#children(provision, {
      path,
      purposes,
      scope: isDeny ? undefined : scope,
      isHeld: isDeny ? isHeld && isIn : isHeld,
    });
    if (!inside.none) return inside;
    const isOwn = isIn && (isDeny || isHeld);
    const own = isOwn ? effectOutcome({ path, type: provision.type, purposes }) : nothing;
    return { permit: inside.permit ?? own.permit, deny: preferred(inside.deny, own.deny), none: own.none };
  }

  /** Deny before permit; undecided ones in every combination. */
  #children({ provisions = [] }: Provision, around: Place): Outcome {
    const outcomes: Outcome[] = [];
    for (const [place, child] of provisions.entries()) {
      const path = `${around.path}.provision[${place}]`;
      const describe = this.#targets.mismatch(child);
      if (describe === undefined)
        outcomes.push(this.outcome(child, { ...around, path, purposes: child.purposes ?? around.purposes }));
      else this.#miss({ path, type: child.type, standing: 'out', describe });
    }
    // A permit is the effect where nothing denies: where each can be other than a denial.
    const isDenied = outcomes.some(({ permit, none }) => permit === undefined && !none);
    return {
      permit: isDenied ? undefined : outcomes.find(({ permit }) => permit !== undefined)?.permit,
      deny: outcomes.map(({ deny }) => deny).reduce(preferred, undefined),
      none: outcomes.every(({ none }) => none),
    };
  }

  #miss(miss: Miss): void {
    if (!this.#misses.some(({ path }) => path === miss.path)) this.#misses.push(miss);
  }
}

function effectOutcome(deciding: Deciding): Outcome {
  return deciding.type === 'permit'
    ? { permit: deciding, deny: undefined, none: false }
    : { permit: undefined, deny: deciding, none: false };
}

function join(outcomes: readonly Outcome[]): Outcome {
  return {
    permit: outcomes.find(({ permit }) => permit !== undefined)?.permit,
    deny: outcomes.map(({ deny }) => deny).reduce(preferred, undefined),
    none: outcomes.some(({ none }) => none),
  };
}

/** The first, but one that names break-glass itself goes before one that does not: it is honoured. */
function preferred(left: Deciding | undefined, right: Deciding | undefined): Deciding | undefined {
  if (left === undefined || right === undefined) return left ?? right;
  return namesBreakGlass(left) || !namesBreakGlass(right) ? left : right;
}

/** Not by subsumption (contracts.md, decision step 8). */
export function namesBreakGlass({ type, purposes }: Deciding): boolean {
  return type === 'deny' && purposes?.includes('BTG') === true;
}
