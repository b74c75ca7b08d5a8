import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { AssentError, type ErrorCode, errorTable, toHex } from '../../base/index.ts';
import { AssentClient } from '../../client/index.ts';
import { genesisFromText } from '../../ledger/index.ts';
import { type ClusterFile, type ClusterNode, nodeDirectory, nodeLog, readCluster } from './cluster-file.ts';
import { type Launched, launchNode } from './launch.ts';
import { startRelay, stopRelay } from './links/launch-relay.ts';
import { isFree } from './ports.ts';
import { isPaused, isRunning } from './processes.ts';
import { isRemoved } from './removed.ts';
import { stopNode } from './stop.ts';
import { apiUrl, statusOf } from './survey.ts';

/** Elections take a second or two; a slow disk and a busy machine take the rest. */
const readyMsMax = 60_000;
const pollMs = 50;

/** Thrown when the person interrupted; what was started is stopped by then. */
export class Interrupted extends Error {
  override readonly name = 'Interrupted';
}

/**
 * Starts the nodes that do not run, and waits until all running ones follow a leader and take work. When one cannot start,
 * or the signal aborts, those that this call started are stopped again. Of several, one that learns that it was removed
 * is let go.
 *
 * Throws `port-in-use`, `storage-foreign`, what a node said that did not start, `no-quorum` when time is up.
 */
export async function startNodes(
  directory: string,
  nodes: readonly ClusterNode[],
  cluster: ClusterFile,
  signal: AbortSignal,
): Promise<void> {
  const stopped = nodes.filter(({ process }) => !isRunning(process));
  for (const node of stopped) await checkBeforeStart(directory, node, cluster);
  const relayStarted = await startRelay(directory);
  const launched: Launched[] = [];
  try {
    for (const node of stopped) {
      if (signal.aborted) throw new Interrupted();
      launched.push(launchNode(directory, node));
    }
    await untilReady(directory, launched, signal);
  } catch (error) {
    await Promise.all(launched.map(({ node, process }) => stopNode(directory, { ...node, process })));
    if (relayStarted) await stopRelay(directory);
    throw error;
  }
}

/** What a node would find wrong only after others were started. */
async function checkBeforeStart(directory: string, node: ClusterNode, cluster: ClusterFile): Promise<void> {
  const file = join(nodeDirectory(directory, node.number), 'genesis');
  const ledgerId = toHex(genesisFromText(readFileSync(file, 'utf8')).ledgerId);
  if (ledgerId !== cluster.ledgerId)
    throw new AssentError('storage-foreign', `${file} is the genesis of another ledger than this cluster's.`);
  for (const port of [node.apiPort, node.p2pPort])
    if (!(await isFree(port)))
      throw new AssentError(
        'port-in-use',
        `Port ${port}, which node ${node.number} has in this cluster, is in use by another program.`,
        { port },
      );
}

async function untilReady(directory: string, launched: readonly Launched[], signal: AbortSignal): Promise<void> {
  const ended = new Set<Launched>();
  for (const one of launched) void one.ended.then(() => ended.add(one));
  const deadline = performance.now() + readyMsMax;
  const others = launched.length > 1;
  for (const { node } of launched) {
    while (!(others && isRemoved(directory, node)) && !(await takesWork(directory, node))) {
      if (signal.aborted) throw new Interrupted();
      for (const one of ended) if (!(others && isRemoved(directory, one.node))) throw notStarted(one);
      if (performance.now() > deadline)
        throw new AssentError(
          'no-quorum',
          `Node ${node.number} takes no work after ${readyMsMax / 1000} s; see ${nodeLog(directory, node.number)}.`,
        );
      await pause(pollMs);
    }
  }
}

/** Follows a leader, or says that it must not. Where too few nodes run for a majority there is none, and answering is enough. */
async function takesWork(directory: string, node: ClusterNode): Promise<boolean> {
  const status = await statusOf(node);
  if (status === undefined) return false;
  // It will not take work by itself, and its status says why.
  if (status.role === 'recovering') return true;
  const nodes = (readCluster(directory)?.nodes ?? []).filter((each) => !isRemoved(directory, each));
  // Nobody talks to it before the ledger has let it in.
  if (node.membership === 'joining') return true;
  const awake = nodes.filter(({ process }) => isRunning(process) && !isPaused(process)).length;
  if (awake * 2 <= nodes.length) return true;
  if (status.leader === null) return false;
  try {
    await new AssentClient({ nodes: [apiUrl(node)] }).waitForReady({ timeoutMs: pollMs });
    return true;
  } catch (thrown) {
    if (thrown instanceof AssentError) return false;
    throw thrown;
  }
}

/** The node's own sentence, under the code that it gave. */
function notStarted({ node, lastWords }: Launched): AssentError {
  const words = /^(?<sentence>.*?)\s*\[(?<code>[a-z-]+)\]$/.exec(lastWords() ?? '')?.groups;
  const { sentence = 'it ended without a word; see its log.', code = 'internal' } = words ?? {};
  if (!Object.hasOwn(errorTable, code)) return new AssentError('internal', `Node ${node.number}: ${sentence}`);
  const known = code as ErrorCode;
  const what = sentence.replace(errorTable[known].action, '').trim();
  return new AssentError(known, `Node ${node.number} did not start: ${what}`, { node: node.number });
}
