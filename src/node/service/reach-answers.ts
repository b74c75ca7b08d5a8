import type { NodeList, ReachView } from '../../api/index.ts';
import type { Clock, Timer } from '../../base/index.ts';
import type { NodeId } from '../../crypto/index.ts';
import type { InputOf } from '../queries/query.ts';
import type { Replica } from '../replica/index.ts';

export interface ReachSources {
  readonly replica: Pick<Replica, 'waitEverywhere'>;
  /** As the ledger names them. */
  readonly nodes: () => NodeList;
  readonly clock: Clock;
}

/** Waits until every node says that it has applied the block, or for `timeoutMs`. Rejects with `overloaded`. */
export async function reachOf(sources: ReachSources, { height, timeoutMs }: InputOf<'reach'>): Promise<ReachView> {
  const applied = await waitFor(sources, height, timeoutMs);
  const members = new Map(sources.nodes().nodes.map(({ nodeId, member }) => [nodeId, member]));
  const nodes = [...applied].map(([nodeId, newest]) => {
    const member = members.get(nodeId) ?? null;
    return { nodeId, member, applied: newest === 0 ? null : newest, reached: newest >= height };
  });
  return { height, everywhere: nodes.every(({ reached }) => reached), nodes };
}

/** Nothing is read in the callback: a replica that ends because of damage calls it, and what it threw would hide that. */
function waitFor(
  { replica, clock }: ReachSources,
  height: number,
  timeoutMs: number,
): Promise<ReadonlyMap<NodeId, number>> {
  return new Promise((resolve) => {
    let timer: Timer | undefined;
    let isOver = false;
    const stop = replica.waitEverywhere(height, (applied) => {
      isOver = true;
      timer?.cancel();
      resolve(applied);
    });
    if (!isOver) timer = clock.after(timeoutMs, stop);
  });
}
