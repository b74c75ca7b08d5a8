import { toHex } from '../../../base/index.ts';
import type { Domain } from '../../enrolment/state.ts';
import type { BatchAccess } from './batch.ts';

/** Codes of the rules of `access.record` for which one entry of a batch is not recorded, while the others are. */
export const entryRefusals = [
  'subject-not-linked',
  'event-conflict',
  'category-not-open',
  'result-set-twice',
  'result-set-not-allowed',
  'agent-deactivated',
] as const;
export type EntryRefusal = (typeof entryRefusals)[number];

/** What the rules of `access.record` say first of one access, by whether its event was recorded before. */
export interface AccessRefusals {
  readonly ifNew: EntryRefusal | undefined;
  /** A retry may have been decided under another state, and is no new access. */
  readonly ifKnown: EntryRefusal | undefined;
}

export function refusalsOf(
  { policy }: Domain,
  { category, results }: BatchAccess,
  judged: { readonly isLinked: boolean; readonly isDeactivated: boolean; readonly hasImpossibleClaim: boolean },
): AccessRefusals {
  const notLinked = judged.isLinked ? undefined : 'subject-not-linked';
  const notOpen = category !== undefined && policy.openCategories !== true ? 'category-not-open' : undefined;
  const twice = isTwice(results) ? 'result-set-twice' : undefined;
  const notAllowed = judged.hasImpossibleClaim ? 'result-set-not-allowed' : undefined;
  const deactivated = judged.isDeactivated ? 'agent-deactivated' : undefined;
  // In the order of the rules of `access.record`.
  return { ifNew: notLinked ?? notOpen ?? twice ?? notAllowed ?? deactivated, ifKnown: twice ?? deactivated };
}

function isTwice(results: BatchAccess['results']): boolean {
  return results.length > 1 && new Set(results.map(({ consent }) => toHex(consent))).size < results.length;
}
