import { toHex } from '../../../base/index.ts';
import { type DecisionInput, impossibleClaim } from '../../decision/decide.ts';
import type { RuleContext } from '../../engine/contract.ts';
import { isDeactivated } from '../../identity/state.ts';
import { isLinked } from '../../rules.ts';
import { openCategoryOnly } from '../rules.ts';
import type { AccessBatch, BatchAccess } from './batch.ts';

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
  context: RuleContext<AccessBatch>,
  access: BatchAccess,
  input: DecisionInput,
): AccessRefusals {
  const { state, payload, block } = context;
  const { subject, category, results } = access;
  const twice = new Set(results.map((claim) => toHex(claim.consent))).size < results.length;
  const ended = isDeactivated(state, input.request.agent, block.timestamp);
  const impossible = impossibleClaim(input) !== undefined;
  const found: Readonly<Record<Exclude<EntryRefusal, 'event-conflict'>, boolean>> = {
    'subject-not-linked': !isLinked(context, payload.domain, subject),
    'category-not-open': !openCategoryOnly.holds(context, payload.domain, category),
    'result-set-twice': twice,
    'result-set-not-allowed': impossible,
    'agent-deactivated': ended,
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
