import type { Consent, DecisionPolicy, Provision } from '../../../src/decision/index.ts';
import type { Question, Resource } from '../../../src/decision/request.ts';
import { type Scope, scopingOf } from '../../../src/decision/scope.ts';
import { Targets } from '../../../src/decision/target.ts';

export type Result = 'permit' | 'deny' | 'weak-deny' | 'not-applicable';

/** Whether the resource is in the scope of each provision: one way to resolve what is undecided. */
type Resolution = ReadonlyMap<Provision, boolean>;

/** Everything that the consents may come to together, way by way: slow, and as the text of the rules goes. */
export function possibleDecisions(
  consents: readonly Consent[],
  question: Question,
  resource: Resource,
  { implicit }: DecisionPolicy,
): Set<'permit' | 'deny'> {
  let ways: Result[][] = [[]];
  for (const consent of consents) {
    const results = possibleResultsOf(consent, question, resource);
    ways = ways.flatMap((way) => [...results].map((one) => [...way, one]));
  }
  return new Set(
    ways.map((way) => {
      if (way.includes('deny')) return 'deny';
      if (way.includes('permit')) return 'permit';
      return way.includes('weak-deny') ? 'deny' : implicit;
    }),
  );
}

export function possibleResultsOf({ provision }: Consent, question: Question, resource: Resource): Set<Result> {
  if (new Targets(question).miss(provision, '') !== undefined) return new Set(['not-applicable']);
  return new Set(
    resolutionsOf(provision, undefined, resource).map((resolution) => {
      const effect = effectOf(provision, question, resolution, []);
      return effect ?? (provision.type === 'permit' ? 'weak-deny' : 'not-applicable');
    }),
  );
}

function resolutionsOf(provision: Provision, around: Scope | undefined, resource: Resource): Resolution[] {
  const scoping = scopingOf(resource);
  const scope = scoping.scopeOf(provision, around);
  const { standing } = scoping.place(scope, provision.type);
  const own = standing === 'undecided' ? [true, false] : [standing === 'in'];
  let ways: Resolution[] = own.map((isIn) => new Map([[provision, isIn]]));
  for (const child of provision.provisions ?? []) {
    const inner = resolutionsOf(child, provision.type === 'permit' ? scope : undefined, resource);
    ways = ways.flatMap((way) => inner.map((one) => new Map([...way, ...one])));
  }
  return ways;
}

/** `denies` are those around: a permit inside holds only where each of them has the resource in its scope. */
function effectOf(
  provision: Provision,
  question: Question,
  resolution: Resolution,
  denies: readonly Provision[],
): 'permit' | 'deny' | undefined {
  const around = provision.type === 'deny' ? [...denies, provision] : denies;
  const effects = (provision.provisions ?? [])
    .filter((child) => new Targets(question).miss(child, '') === undefined)
    .map((child) => effectOf(child, question, resolution, around));
  if (effects.includes('deny')) return 'deny';
  if (effects.includes('permit')) return 'permit';
  const holds = provision.type === 'deny' || denies.every((deny) => resolution.get(deny));
  return resolution.get(provision) && holds ? provision.type : undefined;
}
