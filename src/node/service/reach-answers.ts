import type { NodeList, ReachView } from '../../api/index.ts';
import type { Clock } from '../../base/index.ts';
import type { NodeId } from '../../crypto/index.ts';
import type { InputOf } from '../queries/query.ts';
import type { Replica } from '../replica/index.ts';
import { waitUpTo } from './waiting.ts';

export interface ReachSources {
  readonly replica: Pick<Replica, 'waitEverywhere'>;
  /** As the ledger names them. */
  readonly nodes: () => NodeList;
  readonly clock: Clock;
}

/** Waits until every node says that it has applied the block, or for `timeoutMs`. Rejects with `overloaded`. */
export async function reachOf(sources: ReachSources, { height, timeoutMs }: InputOf<'reach'>): Promise<ReachView> {
  const { replica, clock } = sources;
  const applied = await waitUpTo<ReadonlyMap<NodeId, number>>(clock, timeoutMs, (done) =>
    replica.waitEverywhere(height, done),
  );
  const members = membersIn(sources.nodes());
  const nodes = [...applied].map(([nodeId, newest]) => {
    const member = members.get(nodeId) ?? null;
    return { nodeId, member, applied: newest === 0 ? null : newest, reached: newest >= height };
  });
  return { height, everywhere: nodes.every(({ reached }) => reached), nodes };
}

/** Who runs which node. */
export function membersIn({ nodes }: NodeList): ReadonlyMap<string, string> {
  return new Map(nodes.map(({ nodeId, member }) => [nodeId, member]));
}
