import type { Replica } from '../replica/index.ts';
import type { SnapshotKeeper } from '../snapshots/index.ts';

/** What keeps a node from giving snapshots, as a sentence; undefined where nothing does. */
export function snapshotProblem(
  { history }: Pick<Replica, 'history'>,
  keeper: Pick<SnapshotKeeper, 'problem'>,
): string | undefined {
  if (!history.isOnePiece)
    return 'The history of configurations is longer than a snapshot can hold: no node can begin with one, only replay the blocks.';
  return keeper.problem?.message;
}
