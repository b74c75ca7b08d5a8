import type { Provision } from './consent.ts';
import type { Question } from './request.ts';
import { isPurpose, subsumes } from './tables/purposes.ts';

/** The element of a provision that kept it from applying: what it asks for, and what there is. */
export interface Mismatch {
  /** The provision's path. */
  readonly path: string;
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

/** Target = period ∧ actor ∧ purpose ∧ action (contracts.md, decision step 3). The first element that failed. */
export function targetMismatch(provision: Provision, path: string, question: Question): Mismatch | undefined {
  const { period, actors, purposes, actions } = provision;
  const { request, atMs, purpose } = question;
  const { references, roles } = request.requester;
  if (period !== undefined && (atMs < (period.from ?? atMs) || atMs >= (period.until ?? Number.POSITIVE_INFINITY))) {
    const expected = `from ${momentText(period.from) ?? 'ever'} until ${momentText(period.until) ?? 'ever'}`;
    return { path, element: 'period', expected, got: momentText(atMs) ?? '' };
  }
  if (
    actors !== undefined &&
    !actors.some((actor) => references.includes(actor) || roles.includes(roleOf(actor) ?? ''))
  )
    return {
      path,
      element: 'actor',
      expected: actors.join(', '),
      got: [...references, ...roles].join(', ') || 'nobody',
    };
  if (purposes !== undefined && !purposes.some((general) => includesPurpose(general, purpose)))
    return { path, element: 'purpose', expected: purposes.join(', '), got: purpose };
  if (actions !== undefined && !actions.includes(request.action))
    return { path, element: 'action', expected: actions.join(', '), got: request.action };
  return undefined;
}

/** By subsumption within v3 ActReason, by equality elsewhere. */
export function includesPurpose(general: string, special: string): boolean {
  return general === special || (isPurpose(general) && isPurpose(special) && subsumes(general, special));
}

function roleOf(actor: string): string | undefined {
  return actor.startsWith('role:') ? actor.slice('role:'.length) : undefined;
}

export function momentText(moment: number | undefined): string | undefined {
  return moment === undefined ? undefined : new Date(moment).toISOString();
}
