import { setTimeout as pause } from 'node:timers/promises';
import { AssentError } from '../../base/index.ts';
import type { Context } from '../context.ts';
import { countText } from '../output/words.ts';
import { type ClusterFile, type ClusterNode, readCluster, writeCluster } from './cluster-file.ts';
import { withClusterLock } from './cluster-lock.ts';
import { consortiumIn, createCluster, prepareDirectory } from './create.ts';
import { startRelay, stopRelay } from './links/launch-relay.ts';
import { defaultBasePort } from './ports.ts';
import { isPaused, isRunning } from './processes.ts';
import { isRemoved } from './removed.ts';
import { startNodes } from './start.ts';
import { stopNode } from './stop.ts';

export interface UpOptions {
  /** How many nodes a new cluster has; 3 unless given. */
  readonly nodes?: number;
  readonly basePort?: number;
  /** A new cluster's nodes are linked through a relay, so that links can be cut. */
  readonly links?: boolean;
}

export interface UpResult {
  readonly directory: string;
  /** Without the nodes that were removed. */
  readonly cluster: ClusterFile;
  /** The cluster was made by this call. */
  readonly created: boolean;
  /** Numbers of the nodes that this call started; none when all ran. */
  readonly started: readonly number[];
}

const defaultNodeCount = 3;

/** Brings the local cluster up: makes it where there is none, starts what does not run. Does nothing when all runs. */
export function bringUp(context: Context, options: UpOptions, signal: AbortSignal): Promise<UpResult> {
  const directory = context.clusterDirectory;
  // Before the lock, which would be a file of ours in a directory of somebody else's.
  const madeDirectory = readCluster(directory) === undefined && prepareDirectory(directory);
  return withClusterLock(directory, async () => {
    const known = readCluster(directory);
    const created = known?.complete !== true;
    const cluster = created ? await create(context, directory, known?.madeDirectory ?? madeDirectory, options) : known;
    const nodes = cluster.nodes.filter((node) => !isRemoved(directory, node));
    if (options.nodes !== undefined && options.nodes !== nodes.length)
      throw new AssentError(
        'usage',
        `The cluster in ${directory} has ${countText(nodes.length, 'node')}; for another number use another --dir.`,
      );
    if (options.links === true && cluster.links === null)
      throw new AssentError(
        'usage',
        `The nodes of the cluster in ${directory} are linked directly; for one with --links use another --dir.`,
      );
    const started = nodes.filter(({ process }) => !isRunning(process)).map(({ number }) => number);
    if (started.length > 0) {
      const meanwhile = setTimeout(() => context.remark('Starting the nodes …'), 1000);
      try {
        await startNodes(directory, nodes, cluster, signal);
      } finally {
        clearTimeout(meanwhile);
      }
    } else await startRelay(directory);
    setWanted(directory, true);
    const now = readCluster(directory) ?? cluster;
    const there = now.nodes.filter((node) => !isRemoved(directory, node));
    return { directory, cluster: { ...now, nodes: there }, created, started };
  });
}

async function create(
  context: Context,
  directory: string,
  madeDirectory: boolean,
  options: UpOptions,
): Promise<ClusterFile> {
  const draft: ClusterFile = {
    format: 'assent-cluster-1',
    complete: false,
    ledgerId: '',
    ledgerName: '',
    wanted: false,
    madeDirectory,
    nodes: [],
    links: null,
  };
  writeCluster(directory, draft);
  const consortium = consortiumIn(await context.keystore('create'));
  return createCluster(
    directory,
    draft,
    {
      nodeCount: options.nodes ?? defaultNodeCount,
      basePort: options.basePort ?? defaultBasePort,
      exactPorts: options.basePort !== undefined && options.basePort !== 0,
      links: options.links === true,
    },
    consortium,
  );
}

/** Stops every node that runs, and takes back that they should. Answers the numbers of those that ran. */
export async function bringDown(directory: string): Promise<readonly number[]> {
  if (readCluster(directory) === undefined) return [];
  return withClusterLock(directory, async () => {
    setWanted(directory, false);
    const running = (readCluster(directory)?.nodes ?? []).filter(({ process }) => isRunning(process));
    await Promise.all(running.map((node) => stopNode(directory, node)));
    await stopRelay(directory);
    return running.map(({ number }) => number);
  });
}

/** Stops all nodes for the person who watched them, and says so. */
export async function stopAll(context: Context, directory: string): Promise<void> {
  context.remark('Stopping the nodes …');
  await bringDown(directory);
  context.remark('All nodes are stopped. The ledger is kept; `assent cluster up` goes on with it.');
}

function setWanted(directory: string, wanted: boolean): void {
  const cluster = readCluster(directory);
  if (cluster !== undefined && cluster.wanted !== wanted) writeCluster(directory, { ...cluster, wanted });
}

function stateOf(directory: string, node: ClusterNode): string {
  if (isRunning(node.process)) return isPaused(node.process) ? 'paused' : 'running';
  return isRemoved(directory, node) ? 'removed from the ledger' : 'stopped';
}

const watchEveryMs = 500;

/** Resolves when the signal aborts, or when another command has brought the cluster down. */
export async function watchCluster(context: Context, directory: string, signal: AbortSignal): Promise<void> {
  const state = new Map<number, string>();
  while (!signal.aborted) {
    const cluster = readCluster(directory);
    if (cluster === undefined || !cluster.wanted) return;
    for (const node of cluster.nodes) {
      const { number } = node;
      const now = stateOf(directory, node);
      const before = state.get(number);
      state.set(number, now);
      if (before !== undefined && before !== now) context.remark(`Node ${number} is ${now}.`);
    }
    await pause(watchEveryMs, undefined, { signal }).catch(() => undefined);
  }
}
