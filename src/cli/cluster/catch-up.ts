import type { AssentClient } from '../../client/index.ts';
import type { Context } from '../context.ts';
import { untilSeen } from '../nodes/await-change.ts';
import type { ClusterNode } from './cluster-file.ts';
import { checkRuns } from './new-node.ts';
import { statusOf } from './survey.ts';

/** Waits until a new node has what the ledger had when it was let in. Throws `node-unreachable`, `change-waiting`. */
export async function untilCaughtUp(context: Context, client: AssentClient, node: ClusterNode): Promise<void> {
  const progress = context.progress(`Node ${node.number} catches up`);
  try {
    const { height: target } = await client.status();
    const check = (): void => checkRuns(context.clusterDirectory, node);
    await untilSeen({ sentence: `Node ${node.number} has not caught up`, check }, async () => {
      const status = await statusOf(node);
      if (status === undefined) return undefined;
      progress.update(target === 0 ? 1 : Math.min(1, status.height / target), `block ${status.height} of ${target}`);
      return status.leader !== null && status.height >= target ? status : undefined;
    });
  } finally {
    progress.finish();
  }
}
