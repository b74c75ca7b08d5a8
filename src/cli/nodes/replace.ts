import { present } from '../../base/index.ts';
import type { AssentClient } from '../../client/index.ts';
import {
  type ClusterFile,
  type ClusterNode,
  nodeDirectory,
  noteMembership,
  readCluster,
} from '../cluster/cluster-file.ts';
import { withClusterLock } from '../cluster/cluster-lock.ts';
import { addressOf, checkRuns, makeNode, nodeNumbered, startNode } from '../cluster/new-node.ts';
import { isRunning, untilGone } from '../cluster/processes.ts';
import { isRemoved } from '../cluster/removed.ts';
import { apiUrl, statusOf } from '../cluster/survey.ts';
import type { Context } from '../context.ts';
import { shortNodeId } from '../output/words.ts';
import type { Report } from '../session.ts';
import { roleIn, untilNodes } from './await-change.ts';
import { askForReplacement, isReplaced } from './replacement.ts';

/** A removed node ends once it holds the certificate; then it has ten seconds to close. */
const leaveMsMax = 30_000;

/**
 * `assent node replace` in a local cluster: a new node with its own key, directory and ports takes the place of one that
 * may have lost its disk. Every step looks first whether it is done, so that a second call goes on where one stopped.
 */
export async function replaceInCluster(context: Context, old: ClusterNode): Promise<Report> {
  const directory = context.clusterDirectory;
  const client = context.client();
  const node = await withClusterLock(directory, async () => {
    const cluster = present(readCluster(directory), 'the node is of a cluster');
    const node =
      successor(directory, cluster, old) ?? (await makeNode(directory, cluster, { ...old, replaces: old.nodeId }));
    await startNode(context, node);
    return node;
  });
  context.remark(`Node ${node.number}, ${shortNodeId(node.nodeId)} of ${node.member}, runs.`);
  await askForReplacement(context, client, { old: old.nodeId, node: node.nodeId, address: addressOf(node) });
  await untilReplaced(context, client, old, node);
  await withClusterLock(directory, async () => noteMembership(directory, node.number, 'member'));
  const ended = await untilEnded(context, old);
  await withClusterLock(directory, async () => noteMembership(directory, old.number, 'removed'));
  const oldDirectory = nodeDirectory(directory, old.number);
  const text = [
    `Node ${node.number} votes in the place of node ${old.number}, and runs at ${apiUrl(node)}.`,
    `Node ${old.number} ${ended ? 'has ended' : 'still runs, and ends once it hears of its removal'}; its directory ${oldDirectory} is kept and can be deleted.`,
  ].join('\n');
  const json = { old: old.number, oldNodeId: old.nodeId, oldDirectory, node: node.number, nodeId: node.nodeId, ended };
  return { json: { ...json, api: apiUrl(node) }, text };
}

/** The node that an earlier call made to take this one's place, unless it was removed itself. */
function successor(directory: string, { nodes }: ClusterFile, old: ClusterNode): ClusterNode | undefined {
  return nodes.find((node) => node.replaces === old.nodeId && !isRemoved(directory, node));
}

async function untilReplaced(
  context: Context,
  client: AssentClient,
  old: ClusterNode,
  node: ClusterNode,
): Promise<void> {
  const progress = context.progress(`Node ${node.number} catches up`);
  const { height: target } = await client.status();
  let said: string | undefined;
  try {
    const sentence = `Node ${node.number} has not taken the place of node ${old.number}`;
    const check = (): void => checkRuns(context.clusterDirectory, node);
    await untilNodes(client, { sentence, check }, async (list) => {
      const role = roleIn(list, node.nodeId);
      if (role !== said && role !== undefined) {
        progress.finish();
        context.remark(`Node ${node.number} is a ${role}.`);
        said = role;
      }
      const height = (role === 'learner' ? await statusOf(node) : undefined)?.height;
      if (height !== undefined && target > 0)
        progress.update(Math.min(1, height / target), `block ${height} of ${target}`);
      return isReplaced(list, { old: old.nodeId, node: node.nodeId });
    });
  } finally {
    progress.finish();
  }
  context.remark(`Node ${old.number} has left the ledger.`);
}

async function untilEnded({ clusterDirectory }: Context, old: ClusterNode): Promise<boolean> {
  const cluster = present(readCluster(clusterDirectory), 'the node is of a cluster');
  const { process } = nodeNumbered(cluster, old.number);
  return !isRunning(process) || untilGone(process, leaveMsMax);
}
