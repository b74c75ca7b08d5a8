import type { StatusView } from '../../api/index.ts';
import { AssentError } from '../../base/index.ts';
import { AssentClient } from '../../client/index.ts';
import type { ClusterFile, ClusterNode } from './cluster-file.ts';
import { isPaused, isRunning } from './processes.ts';
import { isRemoved } from './removed.ts';

/** A node of a local cluster as it is now. */
export interface NodeView {
  readonly node: ClusterNode;
  readonly state: 'running' | 'paused' | 'stopped' | 'removed';
  /** Undefined while it does not answer. */
  readonly status: StatusView | undefined;
}

const statusTimeoutMs = 2000;

export function apiUrl(node: ClusterNode): string {
  return `http://127.0.0.1:${node.apiPort}`;
}

/** Asks every node of the cluster that can answer. */
export function surveyCluster(directory: string, cluster: ClusterFile): Promise<NodeView[]> {
  return Promise.all(
    cluster.nodes.map(async (node): Promise<NodeView> => {
      if (!isRunning(node.process))
        return { node, state: isRemoved(directory, node) ? 'removed' : 'stopped', status: undefined };
      if (isPaused(node.process)) return { node, state: 'paused', status: undefined };
      return { node, state: 'running', status: await statusOf(node) };
    }),
  );
}

/** What the node says of itself; undefined while it does not answer. */
export async function statusOf(node: ClusterNode): Promise<StatusView | undefined> {
  try {
    const status = await new AssentClient({ nodes: [apiUrl(node)] }).status({ timeoutMs: statusTimeoutMs });
    // Another program, or another cluster's node, may have its port.
    return status.nodeId === node.nodeId ? status : undefined;
  } catch (thrown) {
    if (thrown instanceof AssentError) return undefined;
    throw thrown;
  }
}

/** The node that leads in the highest term, if any says that it leads. */
export function leaderOf(views: readonly NodeView[]): NodeView | undefined {
  return views
    .filter(({ status }) => status?.role === 'leader')
    .toSorted((left, right) => (right.status?.term ?? 0) - (left.status?.term ?? 0))[0];
}

/** The node that a person named: a number, `leader`, or (the end of) a node id. Throws `usage`, `no-quorum`. */
export async function selectNode(directory: string, cluster: ClusterFile, selector: string): Promise<ClusterNode> {
  if (selector === 'leader') {
    const leader = leaderOf(await surveyCluster(directory, cluster));
    if (leader === undefined) throw new AssentError('no-quorum', 'No node of the cluster leads now.');
    return leader.node;
  }
  const matching = cluster.nodes.filter(
    ({ number, nodeId }) => String(number) === selector || (selector.length >= 6 && nodeId.endsWith(selector)),
  );
  const [node] = matching;
  if (node !== undefined && matching.length === 1) return node;
  throw new AssentError(
    'usage',
    `"${selector}" names no node; the cluster has the nodes 1 to ${cluster.nodes.length}, and \`leader\` is whichever leads.`,
  );
}
