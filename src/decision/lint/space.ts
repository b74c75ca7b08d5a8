import { actionCodes } from '../consent.ts';
import type { ReadProvision } from '../read-consents.ts';
import { purposes as allPurposes } from '../tables/purposes.ts';
import { includesPurpose } from '../target.ts';

/** The moments, purposes and actions that some provisions leave together. Half-open, milliseconds since the epoch. */
export interface Space {
  readonly from: number;
  readonly until: number;
  /** Codes of v3 ActReason, and those of other systems that are named; undefined: all there are. */
  readonly purposes: ReadonlySet<string> | undefined;
  readonly actions: readonly string[];
}

export const wholeSpace: Space = {
  from: Number.NEGATIVE_INFINITY,
  until: Number.POSITIVE_INFINITY,
  purposes: undefined,
  actions: actionCodes,
};

type Target = Pick<ReadProvision, 'period' | 'purposes' | 'actions'>;

/**
 * What a provision leaves of a space, or the element that leaves nothing. Actors leave always something: whoever asks may
 * be several of them, an agent and its organisation.
 */
export function narrowed(space: Space, { period, purposes, actions }: Target): Space | 'period' | 'purpose' | 'action' {
  const from = Math.max(space.from, period?.from ?? space.from);
  const until = Math.min(space.until, period?.until ?? space.until);
  if (from >= until) return 'period';
  const left = purposes === undefined ? space.purposes : common(space.purposes, included(purposes));
  if (left?.size === 0) return 'purpose';
  const acting = space.actions.filter((action) => actions === undefined || actions.some((one) => one === action));
  return acting.length === 0 ? 'action' : { from, until, purposes: left, actions: acting };
}

/** Every purpose that one of these is or includes. */
export function included(purposes: readonly string[]): ReadonlySet<string> {
  const known = allPurposes.filter((special) => purposes.some((general) => includesPurpose(general, special)));
  return new Set([...known, ...purposes]);
}

function common(left: ReadonlySet<string> | undefined, right: ReadonlySet<string>): ReadonlySet<string> {
  return left === undefined ? right : new Set([...left].filter((purpose) => right.has(purpose)));
}

/** Whether a target fits wherever the space does. */
export function coversSpace({ period, purposes, actions }: Target, { from, until, ...space }: Space): boolean {
  if (period?.from !== undefined && period.from > from) return false;
  if (period?.until !== undefined && period.until < until) return false;
  if (actions !== undefined && !space.actions.every((action) => actions.some((one) => one === action))) return false;
  if (purposes === undefined) return true;
  const covered = included(purposes);
  return space.purposes !== undefined && [...space.purposes].every((purpose) => covered.has(purpose));
}
