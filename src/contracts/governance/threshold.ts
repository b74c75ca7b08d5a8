import type { StateView } from '../ledger-types.ts';
import { memberNamesOf } from './members.ts';
import { statedParameter, thresholdName } from './parameters.ts';

/**
 * The least that a threshold can be among so many: where there is more than one, nobody decides alone. One of two that did
 * could add a third of its own, and remove the other with it.
 */
export function thresholdMin(members: number): number {
  return members >= 2 ? 2 : 1;
}

/** How many members must approve, of those that there are now: what is set as far as it fits, else more than half. */
export function thresholdOf(state: StateView): number {
  const members = memberNamesOf(state).length;
  const stated = statedParameter(state, thresholdName) ?? Math.floor(members / 2) + 1;
  return Math.max(thresholdMin(members), Math.min(stated, Math.max(1, members)));
}

/**
 * Whether the approvals pass a proposal. A member cannot be locked out by a single other, since nobody decides alone among
 * others. Nobody is given anything against its will: a member that is to take something over (`receiver`) is among those
 * that approve.
 */
export function passes(state: StateView, approvals: readonly string[], receiver: string | undefined): boolean {
  return approvals.length >= thresholdOf(state) && (receiver === undefined || approvals.includes(receiver));
}
