import type { NodeList } from '../../api/index.ts';
import { AssentError, present } from '../../base/index.ts';
import type { Context } from '../context.ts';
import { roleIn, untilNodes, waitsFor } from '../nodes/await-change.ts';
import { decideTogether } from '../nodes/decide.ts';
import { shortNodeId } from '../output/words.ts';
import type { Report } from '../session.ts';
import { untilCaughtUp } from './catch-up.ts';
import { type ClusterFile, type ClusterNode, nodeDirectory, noteMembership, readCluster } from './cluster-file.ts';
import { withClusterLock } from './cluster-lock.ts';
import { addressOf, checkRuns, makeNode, startNode } from './new-node.ts';
import { isRemoved } from './removed.ts';
import { apiUrl } from './survey.ts';

export interface AddOptions {
  readonly member?: string;
  /** Whether it becomes a voter once it has caught up. */
  readonly promote: boolean;
}

/**
 * Adds one node to a local cluster: its directory and process, and the decisions of the cluster's members. One that an
 * interrupted call began is gone on with.
 */
export async function addNode(context: Context, options: AddOptions): Promise<Report> {
  const directory = context.clusterDirectory;
  const client = context.client();
  const list = await client.nodes();
  const node = await withClusterLock(directory, async () => {
    const cluster = present(readCluster(directory), 'the caller looked for the cluster');
    const node =
      begun(cluster) ?? (await makeNode(directory, cluster, { member: memberFor(list, options), replaces: null }));
    if (cluster.links !== null)
      context.remark(`Node ${node.number} is linked to the others directly; its links cannot be cut.`);
    await startNode(context, node);
    return node;
  });
  const name = `Node ${node.number}`;
  context.remark(`${name}, ${shortNodeId(node.nodeId)} of ${node.member}, runs and waits to be let in.`);
  const check = (): void => checkRuns(directory, node);
  const home = await context.home('read');
  const { member, nodeId: nodeKey } = node;
  if (roleIn(list, nodeKey) === undefined && !waitsFor(list, nodeKey))
    await decideTogether(client, home, member, { action: 'node-add', nodeKey, member, address: addressOf(node) });
  await untilNodes(client, { sentence: `${name} was not let in`, check }, (now) => roleIn(now, nodeKey) !== undefined);
  await withClusterLock(directory, async () => noteMembership(directory, node.number, 'member'));
  context.remark(`${name} is a learner.`);
  await untilCaughtUp(context, client, node);
  if (options.promote) {
    await decideTogether(client, home, member, { action: 'node-promote', nodeKey });
    await untilNodes(
      client,
      { sentence: `${name} did not become a voter`, check },
      (now) => roleIn(now, nodeKey) === 'voter',
    );
  }
  const role = options.promote ? 'voter' : 'learner';
  const text = `${name} of ${member} is a ${role} and runs at ${apiUrl(node)}, in ${nodeDirectory(directory, node.number)}.`;
  return { json: { node: node.number, nodeId: nodeKey, member, role, api: apiUrl(node) }, text };

  function begun({ nodes }: ClusterFile): ClusterNode | undefined {
    return nodes.find(
      (one) => one.membership === 'joining' && one.replaces === null && !isRemoved(directory, one) && fits(one),
    );
  }

  function fits(one: ClusterNode): boolean {
    return options.member === undefined || options.member === one.member;
  }
}

/** The member that was named, else the one with the fewest nodes. Throws `input-invalid`. */
function memberFor({ nodes }: NodeList, { member }: AddOptions): string {
  const members = [...new Set(nodes.map((node) => node.member))];
  if (member !== undefined) return member;
  const count = (name: string): number => nodes.filter((node) => node.member === name).length;
  const [fewest] = members.toSorted((left, right) => count(left) - count(right));
  if (fewest === undefined) throw new AssentError('input-invalid', 'The ledger has no nodes.');
  return fewest;
}
