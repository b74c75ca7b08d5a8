import { type ConsentResult, namesBreakGlass } from './evaluate.ts';
import { instantOf } from './instant.ts';
import type { Policy, Question, Resource } from './request.ts';
import { defaultCategories, isInCategory } from './tables/emergency-categories.ts';

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

/**
 * Step 8, after a non-permit: undefined when the break-glass holds for this resource, else the first condition that fails.
 * A denial that may stand is honoured too: where it does, nothing may be released.
 */
export function glassRefusal(
  question: Question,
  policy: Policy,
  resource: Resource,
  results: readonly Pick<ConsentResult, 'deny'>[],
): GlassRefusal | undefined {
  const { request, atMs, purpose } = question;
  const { breakGlass, requester } = request;
  const { emergency } = policy;
  if (purpose !== 'BTG' || breakGlass === undefined) return 'not-asked';
  if (emergency === undefined) return 'domain';
  if (!emergency.roles.some((role) => requester.roles.includes(role))) return 'role';
  if (!breakGlass.justified) return 'justification';
  const [openedAt, expiresAt] = [instantOf(breakGlass.openedAt), instantOf(breakGlass.expiresAt)];
  const limitMs = Math.min(hoursMax, emergency.maxHours ?? hoursMax) * hourMs;
  if (openedAt === undefined || expiresAt === undefined) return 'time';
  if (!(openedAt <= atMs && atMs < expiresAt && expiresAt <= openedAt + limitMs)) return 'time';
  const allowed = emergency.categories ?? defaultCategories;
  const { type } = resource;
  const named = breakGlass.categories.filter((category) => allowed.includes(category));
  if (type === undefined || !named.some((category) => isInCategory(category, type))) return 'category';
  const isDenied = results.some(({ deny }) => deny !== undefined && namesBreakGlass(deny));
  return isDenied && (emergency.honourDeny ?? true) ? 'denied' : undefined;
}
