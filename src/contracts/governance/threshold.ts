import type { StateView } from '../ledger-types.ts';
import { memberNamesOf } from './members.ts';
import { statedParameter, thresholdName } from './parameters.ts';

/** The least that a threshold can be among so many: where there are three or more, nobody decides alone. */
export function thresholdMin(members: number): number {
  return members >= 3 ? 2 : 1;
}

/** How many members must approve, of those that there are now: what is set as far as it fits, else more than half. */
export function thresholdOf(state: StateView): number {
  const members = memberNamesOf(state).length;
  const stated = statedParameter(state, thresholdName) ?? Math.floor(members / 2) + 1;
  return Math.max(thresholdMin(members), Math.min(stated, Math.max(1, members)));
}

/**
 * Whether the approvals pass a proposal. A member cannot be locked out by a single other: what is aimed at a member
 * (`subject`) passes with its own approval, or with that of two others. Nobody is given anything against its will: a
 * member that is to take something over (`receiver`) is among those that approve.
 */
export function passes(
  state: StateView,
  approvals: readonly string[],
  { subject, receiver }: { readonly subject: string | undefined; readonly receiver: string | undefined },
): boolean {
  if (approvals.length < thresholdOf(state)) return false;
  if (receiver !== undefined && !approvals.includes(receiver)) return false;
  return subject === undefined || approvals.includes(subject) || approvals.length >= 2;
}
