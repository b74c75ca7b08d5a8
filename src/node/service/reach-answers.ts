import type { NodeList, ReachView } from '../../api/index.ts';
import type { Clock } from '../../base/index.ts';
import { describeNodes } from '../../contracts/index.ts';
import type { Ledger } from '../../ledger/index.ts';
import type { InputOf } from '../queries/query.ts';
import type { Replica } from '../replica/index.ts';

export interface ReachSources {
  readonly replica: Pick<Replica, 'waitEverywhere'>;
  readonly ledger: Pick<Ledger, 'state'>;
  readonly clock: Clock;
}

function nodesOf(ledger: Pick<Ledger, 'state'>): NodeList['nodes'] {
  return (describeNodes(ledger.state) as unknown as NodeList).nodes;
}

/** Waits until every node says that it has applied the block, or for `timeoutMs`. Rejects with `overloaded`. */
export function reachOf(sources: ReachSources, { height, timeoutMs }: InputOf<'reach'>): Promise<ReachView> {
  const { replica, ledger, clock } = sources;
  return new Promise((resolve) => {
    let stop = (): void => undefined;
    const timer = clock.after(timeoutMs, () => stop());
    stop = replica.waitEverywhere(height, (applied) => {
      timer.cancel();
      const members = new Map(nodesOf(ledger).map(({ nodeId, member }) => [nodeId, member]));
      const nodes = [...applied].map(([nodeId, newest]) => {
        const member = members.get(nodeId) ?? null;
        return { nodeId, member, applied: newest === 0 ? null : newest, reached: newest >= height };
      });
      resolve({ height, everywhere: nodes.every(({ reached }) => reached), nodes });
    });
  });
}
