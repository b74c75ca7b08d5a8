import type { Inadmissible } from '../block-builder.ts';
import type { MayGoOn } from './slices.ts';

/** A received block that is being executed. It is no part of the ledger until its verdict is good. */
export interface Execution {
  /** Executes one transaction at least, and as many as it may. Undefined while there is more to do. */
  step(mayGoOn: MayGoOn): BlockVerdict | undefined;
}

/** Why a follower refuses a block: stable names, used in refusals, logs and metrics. */
export type BlockRefusal =
  | Inadmissible
  | 'ledger'
  | 'parent-unknown'
  | 'height'
  | 'term'
  | 'timestamp'
  | 'rule-set-missing'
  | 'results-root'
  | 'state-root'
  | 'history-root'
  | 'configuration';

export type BlockVerdict = { readonly ok: true } | { readonly ok: false; readonly reason: BlockRefusal };
