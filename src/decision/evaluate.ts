import type { Consent, Effect, Provision } from './consent.ts';
import type { Question, Resource } from './request.ts';
import { type ResultSet, result } from './result-set.ts';
import { placeInScope, type Scope, scopeOf } from './scope.ts';
import { type Mismatch, targetMismatch } from './target.ts';

/** Where a consent says what it comes to. */
export interface Deciding {
  /** `provision.provision[0]`. */
  readonly path: string;
  readonly provision: Provision;
}

export interface ConsentResult {
  readonly results: ResultSet;
  /** The provision that permits or denies, where one may. Of several that deny, one that names break-glass goes first. */
  readonly permit: Deciding | undefined;
  readonly deny: Deciding | undefined;
  /** Why provisions did not apply, or may not; in the consent's order. */
  readonly mismatches: readonly Mismatch[];
}

/** What one provision may come to for a resource: several effects where something is undecided. */
interface Outcome {
  readonly permit: Deciding | undefined;
  readonly deny: Deciding | undefined;
  readonly none: boolean;
}

const nothing: Outcome = { permit: undefined, deny: undefined, none: true };

/** The result of one consent (contracts.md, decision steps 5 and 6). */
export function evaluateConsent({ provision }: Consent, question: Question, resource: Resource): ConsentResult {
  const mismatches: Mismatch[] = [];
  const mismatch = targetMismatch(provision, 'provision', question);
  if (mismatch !== undefined)
    return { results: result.notApplicable, permit: undefined, deny: undefined, mismatches: [mismatch] };
  const { permit, deny, none } = new Evaluation(question, resource, mismatches).outcome(provision, 'provision');
  const otherwise = provision.type === 'permit' ? result.weakDeny : result.notApplicable;
  const results = (permit ? result.permit : 0) | (deny ? result.deny : 0) | (none ? otherwise : 0);
  return { results, permit, deny, mismatches };
}

class Evaluation {
  readonly #question: Question;
  readonly #resource: Resource;
  readonly #mismatches: Mismatch[];
  /** By whether every deny around holds: each provision is looked at twice at most, however deep it is. */
  readonly #known = { held: new Map<Provision, Outcome>(), free: new Map<Provision, Outcome>() };

  constructor(question: Question, resource: Resource, mismatches: Mismatch[]) {
    this.#question = question;
    this.#resource = resource;
    this.#mismatches = mismatches;
  }

  /**
   * Every effect that a provision whose target matches may have. A scope is one thing wherever it counts: where it is
   * undecided, the provision and what it holds are looked at with it in and with it out.
   *
   * @param around of the permit that this one stands in
   * @param isHeld whether every deny around it has the resource in its scope: a permit inside holds only then
   */
  outcome(provision: Provision, path: string, around?: Scope, isHeld = true): Outcome {
    const known = isHeld ? this.#known.held : this.#known.free;
    const before = known.get(provision);
    if (before !== undefined) return before;
    const scope = scopeOf(provision, around);
    const { standing, clause } = placeInScope(scope, provision.type, this.#resource);
    if (isHeld && clause !== undefined) this.#mismatches.push({ path, ...clause });
    const ways = standing === 'undecided' ? [true, false] : [standing === 'in'];
    const outcome = join(ways.map((isIn) => this.#resolved(provision, path, scope, isIn, isHeld)));
    known.set(provision, outcome);
    return outcome;
  }

  #resolved(provision: Provision, path: string, scope: Scope, isIn: boolean, isHeld: boolean): Outcome {
    const isDeny = provision.type === 'deny';
    const around = isDeny ? undefined : scope;
    const inside = this.#children(provision, path, around, isDeny ? isHeld && isIn : isHeld);
    if (!inside.none) return inside;
    const isOwn = isIn && (isDeny || isHeld);
    const own: Outcome = isOwn ? effectOutcome(provision.type, { path, provision }) : nothing;
    return { permit: inside.permit ?? own.permit, deny: preferred(inside.deny, own.deny), none: own.none };
  }

  /** Deny before permit; undecided ones in every combination. */
  #children({ provisions = [] }: Provision, path: string, around: Scope | undefined, isHeld: boolean): Outcome {
    const outcomes: Outcome[] = [];
    for (const [place, child] of provisions.entries()) {
      const at = `${path}.provision[${place}]`;
      const mismatch = targetMismatch(child, at, this.#question);
      if (mismatch === undefined) outcomes.push(this.outcome(child, at, around, isHeld));
      else if (!this.#mismatches.some(({ path: noted }) => noted === at)) this.#mismatches.push(mismatch);
    }
    // A permit is the effect where nothing denies: where each can be other than a denial.
    const isDenied = outcomes.some(({ permit, none }) => permit === undefined && !none);
    return {
      permit: isDenied ? undefined : outcomes.find(({ permit }) => permit !== undefined)?.permit,
      deny: outcomes.map(({ deny }) => deny).reduce(preferred, undefined),
      none: outcomes.every(({ none }) => none),
    };
  }
}

function effectOutcome(effect: Effect, deciding: Deciding): Outcome {
  return effect === 'permit'
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
  return namesBreakGlass(left.provision) || !namesBreakGlass(right.provision) ? left : right;
}

/** Not by subsumption (contracts.md, decision step 8). */
export function namesBreakGlass({ type, purposes }: Provision): boolean {
  return type === 'deny' && purposes?.includes('BTG') === true;
}
