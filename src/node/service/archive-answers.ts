import type { ArchiveView, PruneRequest, PruneView } from '../../api/index.ts';
import { AssentError } from '../../base/index.ts';
import type { Ledger } from '../../ledger/index.ts';
import type { HistoryKeeper, PruneOutcome } from '../archive/index.ts';
import type { Jobs } from './jobs.ts';

/** Looks at the archive's files again: some may have come from elsewhere. Throws `archive-unset`. */
export function lookAtArchive(keeper: HistoryKeeper | undefined): ArchiveView {
  const kept = demand(keeper);
  kept.lookAgain();
  return kept.status();
}

/** Throws `archive-unset`, and what keeps the archive from being used. */
export async function prune(
  keeper: HistoryKeeper | undefined,
  ledger: Pick<Ledger, 'firstBlockHeight' | 'prunedThrough'>,
  jobs: Jobs<PruneOutcome>,
  { keepBlocks, keepDays }: PruneRequest,
): Promise<PruneView> {
  const kept = demand(keeper);
  const isOwnPolicy = keepBlocks === null && keepDays === null;
  const asked = { keepBlocks: keepBlocks ?? undefined, keepDays: keepDays ?? undefined };
  const outcome = await jobs.step(() => kept.prune(isOwnPolicy ? undefined : asked));
  const { prunedThrough, firstBlockHeight } = ledger;
  return { isDone: outcome !== undefined, prunedThrough, firstBlockHeight, bound: outcome?.bound ?? null };
}

function demand(keeper: HistoryKeeper | undefined): HistoryKeeper {
  if (keeper !== undefined) return keeper;
  throw new AssentError('archive-unset', 'This node keeps no archive: its configuration names no "archive.directory".');
}
