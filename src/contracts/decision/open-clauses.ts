import { equalBytes } from '../../base/index.ts';
import { type Purpose, type ResultSet, result, subsumes } from '../../decision/index.ts';
import type { Provision } from '../consent/provision.ts';
import type { Credential } from '../credential/state.ts';
import { isWithin } from '../engine/leaves.ts';
import type { Action, Category, Role } from '../tables/codes.ts';

/** Who asks for what. Signed by the agent; the same shape is asked without a log entry. */
export interface RequestFacts {
  readonly agent: Uint8Array;
  /** The role that the agent claims, by a credential of this organisation. */
  readonly role: Role;
  readonly organisation: string;
  readonly purpose: Purpose;
  readonly action: Action;
}

/** The element of a provision that kept it from applying. */
export interface Mismatch {
  readonly element: 'subject' | 'period' | 'actor' | 'purpose' | 'action' | 'category';
  readonly expected: string;
  readonly got: string;
}

/**
 * Target = period ∧ actor ∧ purpose ∧ action (contracts.md, decision step 3). Returns the first element that failed,
 * or undefined when the target matched. `held` are the agent's credentials in force: an actor that names a member or a
 * role matches whoever belongs to it then.
 */
export function targetMismatch(
  provision: Provision,
  request: RequestFacts,
  held: readonly Credential[],
  atMs: number,
): Mismatch | undefined {
  if (!isWithin(provision.period, atMs)) {
    const { from, until } = provision.period ?? {};
    return { element: 'period', expected: `from ${from ?? 'ever'} until ${until ?? 'ever'}`, got: `${atMs}` };
  }
  const { actors, purposes, actions } = provision;
  if (actors !== undefined && !actors.some((actor) => isActor(actor, request.agent, held)))
    return { element: 'actor', expected: `one of ${actors.length} named`, got: 'none of them' };
  if (purposes !== undefined && !purposes.some((purpose) => subsumes(purpose, request.purpose)))
    return { element: 'purpose', expected: purposes.join(', '), got: request.purpose };
  if (actions !== undefined && !actions.includes(request.action))
    return { element: 'action', expected: actions.join(', '), got: request.action };
  return undefined;
}

function isActor(actor: Uint8Array | string, agent: Uint8Array, held: readonly Credential[]): boolean {
  if (typeof actor !== 'string') return equalBytes(actor, agent);
  const [kind, name] = [actor.slice(0, actor.indexOf(':')), actor.slice(actor.indexOf(':') + 1)];
  return held.some((credential) => (kind === 'member' ? credential.organisation : credential.role) === name);
}

/**
 * Every result that the open clauses leave possible (contracts.md, decision step 6). A sealed scope may be in or out;
 * open categories decide as soon as the resource's category is known.
 */
export function possibleResults(provision: Provision, matched: boolean, category: Category | undefined): ResultSet {
  if (!matched) return result.notApplicable;
  const inScope = provision.type === 'permit' ? result.permit : result.deny;
  const outOfScope = provision.type === 'permit' ? result.weakDeny : result.notApplicable;
  if (provision.sealed !== undefined) return inScope | outOfScope;
  if (provision.categories === undefined) return inScope;
  if (category === undefined) return inScope | outOfScope;
  return provision.categories.includes(category) ? inScope : outOfScope;
}

/** Whether a denial names break-glass itself, not by subsumption (contracts.md, decision step 8). */
export function namesBreakGlass(provision: Provision): boolean {
  return provision.type === 'deny' && provision.purposes?.includes('BTG') === true;
}
