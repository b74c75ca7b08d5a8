import { present } from '../base/index.ts';
import { instantOf } from './instant.ts';
import type { DecisionRequest, Policy, Resource } from './request.ts';
import { defaultCategories, isInCategory } from './tables/emergency-categories.ts';
import type { Asked } from './target.ts';

const hourMs = 3_600_000;
const hoursMax = 24;

/** Why the glass is not broken for a resource. */
export type GlassRefusal =
  | 'not-asked'
  | 'domain'
  | 'role'
  | 'justification'
  | 'time'
  | 'category'
  /** A denial names break-glass itself, and the domain honours it. */
  | 'denied';

/** When and with what the glass was broken. */
export interface Glass {
  readonly justified: boolean;
  readonly openedAtMs: number;
  readonly expiresAtMs: number;
}

/**
 * Step 8, after a non-permit: undefined when the break-glass holds for a record, else the first condition that fails.
 * `inCategory`: it is in a category that was named, and that the domain allows to be. `namesBreakGlass`: a denial that may
 * stand names break-glass itself; it is honoured too, since where it does stand nothing may be released.
 */
export function glassRefusal(
  asked: Asked,
  { emergency }: Pick<Policy, 'emergency'>,
  glass: Glass | undefined,
  inCategory: boolean,
  namesBreakGlass: boolean,
): GlassRefusal | undefined {
  if (asked.purpose !== 'BTG' || glass === undefined) return 'not-asked';
  if (emergency === undefined) return 'domain';
  if (!emergency.roles.some((role) => asked.request.requester.roles.includes(role))) return 'role';
  if (!glass.justified) return 'justification';
  const { openedAtMs, expiresAtMs } = glass;
  const limitMs = Math.min(hoursMax, emergency.maxHours ?? hoursMax) * hourMs;
  const isRunning = openedAtMs <= asked.atMs && asked.atMs < expiresAtMs;
  if (!isRunning || expiresAtMs > openedAtMs + limitMs) return 'time';
  if (!inCategory) return 'category';
  return namesBreakGlass && (emergency.honourDeny ?? true) ? 'denied' : undefined;
}

/** The glass that a request speaks of. */
export function glassOf({ breakGlass }: DecisionRequest): Glass | undefined {
  if (breakGlass === undefined) return undefined;
  const [openedAtMs, expiresAtMs] = [instantOf(breakGlass.openedAt), instantOf(breakGlass.expiresAt)];
  return {
    justified: breakGlass.justified,
    openedAtMs: present(openedAtMs, 'the request was read'),
    expiresAtMs: present(expiresAtMs, 'the request was read'),
  };
}

/** Whether the record is in a category that was named, and that the domain allows to be named. */
export function isInNamedCategory(
  { breakGlass }: DecisionRequest,
  { emergency }: Pick<Policy, 'emergency'>,
  { type }: Pick<Resource, 'type'>,
): boolean {
  if (breakGlass === undefined || emergency === undefined || type === undefined) return false;
  const allowed = emergency.categories ?? defaultCategories;
  return breakGlass.categories.some((category) => allowed.includes(category) && isInCategory(category, type));
}
