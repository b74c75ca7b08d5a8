import { AssentError } from '../../base/index.ts';
import type { Context } from '../context.ts';
import type { Report } from '../session.ts';
import { type ClusterFile, type ClusterNode, readCluster } from './cluster-file.ts';
import { withClusterLock } from './cluster-lock.ts';
import { interruptSignal } from './interrupts.ts';
import { signal, untilPaused } from './processes.ts';
import { startNodes } from './start.ts';
import { type Stopped, stopNode } from './stop.ts';
import { apiUrl, selectNode } from './survey.ts';

type SingleNodeAction = (context: Context, cluster: ClusterFile, selector: string) => Promise<Report>;

const stoppedTexts: Record<Stopped, string> = {
  'was-stopped': 'was stopped already',
  stopped: 'is stopped',
  killed: 'was killed',
};

/** Ends one node by the given means. */
export function stopOne(end: (directory: string, node: ClusterNode) => Promise<Stopped>): SingleNodeAction {
  return async (context, cluster, selector) => {
    const directory = context.clusterDirectory;
    const node = await selectNode(directory, cluster, selector);
    const stopped = await withClusterLock(directory, () => end(directory, node));
    return reportOf(node, stopped, stoppedTexts[stopped]);
  };
}

/** A system call that is under way ends within this, unless the disk is stuck. */
const pausedMs = 5000;

export const pauseOne: SingleNodeAction = async (context, cluster, selector) => {
  const node = await signalOne(context, cluster, selector, 'SIGSTOP');
  const isPaused = node.process !== null && (await untilPaused(node.process, pausedMs));
  return isPaused
    ? reportOf(node, 'paused', 'is paused')
    : reportOf(node, 'pausing', 'stands still soon: a call of it is under way');
};

export const resumeOne: SingleNodeAction = async (context, cluster, selector) =>
  reportOf(await signalOne(context, cluster, selector, 'SIGCONT'), 'resumed', 'goes on');

async function signalOne(
  context: Context,
  cluster: ClusterFile,
  selector: string,
  name: 'SIGSTOP' | 'SIGCONT',
): Promise<ClusterNode> {
  const node = await selectNode(context.clusterDirectory, cluster, selector);
  if (!signal(node.process, name))
    throw new AssentError(
      'not-found',
      `Node ${node.number} does not run; start it with \`assent cluster restart ${node.number}\`.`,
    );
  return node;
}

export const restartOne: SingleNodeAction = async (context, cluster, selector) => {
  const directory = context.clusterDirectory;
  const chosen = await selectNode(directory, cluster, selector);
  const interrupts = interruptSignal(context.shell, () => undefined);
  try {
    await withClusterLock(directory, async () => {
      await stopNode(directory, chosen);
      const now = readCluster(directory) ?? cluster;
      await startNodes(
        directory,
        now.nodes.filter(({ number }) => number === chosen.number),
        now,
        interrupts.signal,
      );
    });
  } finally {
    interrupts.release();
  }
  return reportOf(chosen, 'running', `runs again at ${apiUrl(chosen)}`);
};

function reportOf(node: ClusterNode, state: string, text: string): Report {
  return { json: { node: node.number, nodeId: node.nodeId, state }, text: `Node ${node.number} ${text}.` };
}
