import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { AssentError, present } from '../../base/index.ts';
import { genesisFromText } from '../../ledger/index.ts';
import type { Context } from '../context.ts';
import { writeDirectory } from '../join/directory.ts';
import {
  type ClusterFile,
  type ClusterNode,
  nodeDirectory,
  nodeLog,
  readCluster,
  writeCluster,
} from './cluster-file.ts';
import { interruptSignal } from './interrupts.ts';
import { choosePorts } from './ports.ts';
import { isRunning } from './processes.ts';
import { isRemoved } from './removed.ts';
import { startNodes } from './start.ts';

const host = '127.0.0.1';

/** Makes one more node of a local cluster, with a key, a directory and ports of its own. Under the cluster's lock. */
export async function makeNode(
  directory: string,
  cluster: ClusterFile,
  { member, replaces }: Pick<ClusterNode, 'member' | 'replaces'>,
): Promise<ClusterNode> {
  const there = cluster.nodes.filter((node) => !isRemoved(directory, node));
  const [first] = there;
  const genesisFile = join(nodeDirectory(directory, present(first, 'a node is left').number), 'genesis');
  const number = Math.max(...cluster.nodes.map((node) => node.number)) + 1;
  const folder = nodeDirectory(directory, number);
  // What an interrupted call left: nobody was told of its key.
  rmSync(folder, { recursive: true, force: true });
  const apiPort = await nextPort(cluster, (node) => node.apiPort);
  const p2pPort = await nextPort(cluster, (node) => node.p2pPort);
  const { nodeId } = await writeDirectory(folder, {
    genesis: genesisFromText(readFileSync(genesisFile, 'utf8')),
    member,
    host,
    p2pPort,
    apiPort,
    peers: there.map((node) => ({ nodeId: node.nodeId, addresses: [`/ip4/${host}/tcp/${node.p2pPort}`] })),
  });
  const node = { number, nodeId, member, apiPort, p2pPort, process: null, membership: 'joining', replaces } as const;
  writeCluster(directory, { ...cluster, nodes: [...cluster.nodes, node] });
  return node;
}

/** `host:port` of a node, as the ledger is told. */
export function addressOf({ p2pPort }: ClusterNode): string {
  return `${host}:${p2pPort}`;
}

/** The first free port above the cluster's own of this sort that no stopped node has either. */
async function nextPort({ nodes }: ClusterFile, portOf: (node: ClusterNode) => number): Promise<number> {
  const taken = new Set(nodes.flatMap(({ apiPort, p2pPort }) => [apiPort, p2pPort]));
  const start = Math.max(...nodes.map(portOf)) + 1;
  const free = await choosePorts(taken.size + 1, { start, exact: false });
  return present(
    free.find((port) => !taken.has(port)),
    'more ports than are taken',
  );
}

/** Starts a node of the cluster unless it runs, and waits until it answers. Under the cluster's lock. */
export async function startNode(context: Context, { number }: ClusterNode): Promise<void> {
  const directory = context.clusterDirectory;
  const cluster = present(readCluster(directory), 'the node is of a cluster');
  const node = nodeNumbered(cluster, number);
  if (isRunning(node.process)) return;
  const { signal, release } = interruptSignal(context.shell, () => undefined);
  try {
    await startNodes(directory, [node], cluster, signal);
  } finally {
    release();
  }
}

/** Throws `node-unreachable` when the node's process has ended. */
export function checkRuns(directory: string, { number }: ClusterNode): void {
  const cluster = present(readCluster(directory), 'the node is of a cluster');
  if (isRunning(nodeNumbered(cluster, number).process)) return;
  throw new AssentError('node-unreachable', `Node ${number} has stopped; see ${nodeLog(directory, number)}.`);
}

export function nodeNumbered(cluster: ClusterFile, number: number): ClusterNode {
  return present(
    cluster.nodes.find((node) => node.number === number),
    'the node is in cluster.json',
  );
}
