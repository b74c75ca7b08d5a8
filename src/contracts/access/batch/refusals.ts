import { toHex } from '../../../base/index.ts';
import type { Domain } from '../../enrolment/state.ts';
import { linkOf } from '../../enrolment/state.ts';
import type { StateView } from '../../ledger-types.ts';
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
  state: StateView,
  { name, policy }: Domain,
  { subject, category, results }: BatchAccess,
  judged: { readonly isDeactivated: boolean; readonly hasImpossibleClaim: boolean },
): AccessRefusals {
  const found: Readonly<Record<Exclude<EntryRefusal, 'event-conflict'>, boolean>> = {
    'subject-not-linked': linkOf(state, name, subject) === undefined,
    'category-not-open': category !== undefined && policy.openCategories !== true,
    'result-set-twice':
      results.length > 1 && new Set(results.map(({ consent }) => toHex(consent))).size < results.length,
    'result-set-not-allowed': judged.hasImpossibleClaim,
    'agent-deactivated': judged.isDeactivated,
  };
  const first = (codes: readonly (keyof typeof found)[]): EntryRefusal | undefined => codes.find((code) => found[code]);
  return { ifNew: first(ifNew), ifKnown: first(ifKnown) };
}

/** In the order of the rules of `access.record`. */
const ifKnown = ['result-set-twice', 'agent-deactivated'] as const;
const ifNew = [
  'subject-not-linked',
  'category-not-open',
  'result-set-twice',
  'result-set-not-allowed',
  'agent-deactivated',
] as const;
