import {
  accessSync,
  closeSync,
  constants,
  existsSync,
  fsyncSync,
  openSync,
  rmSync,
  statSync,
  writeSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { messageOf } from '../../base/index.ts';
import { AssentClient } from '../../client/index.ts';
import { type ClusterFile, type ClusterNode, nodeDirectory } from '../cluster/cluster-file.ts';
import { choosePorts, defaultBasePort, isFree, p2pOffset } from '../cluster/ports.ts';
import { isRunning } from '../cluster/processes.ts';
import { apiUrl } from '../cluster/survey.ts';
import type { Context } from '../context.ts';
import { relativeText } from '../output/words.ts';

export interface Finding {
  readonly name: string;
  readonly verdict: 'ok' | 'warning' | 'problem';
  readonly detail: string;
}

/** Every check, each with what it found. Nothing is changed. */
export async function examine(context: Context): Promise<Finding[]> {
  const { cluster, clusterDirectory } = context;
  return [
    nodeVersion(),
    directoryPermission(clusterDirectory),
    ...keyPermissions(clusterDirectory, cluster),
    diskLatency(clusterDirectory),
    ...(await ports(cluster)),
    await clock(context, cluster),
  ];
}

function nodeVersion(): Finding {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  const fits = (major === 22 && minor >= 18) || major === 24 || major === 26;
  return {
    name: 'Node',
    verdict: fits ? 'ok' : 'problem',
    detail: `${process.versions.node}${fits ? '' : '; needed: 22.18, 24 or 26'}`,
  };
}

function directoryPermission(directory: string): Finding {
  const place = nearestExisting(directory);
  try {
    accessSync(place, constants.R_OK | constants.W_OK | constants.X_OK);
    return {
      name: 'directory',
      verdict: 'ok',
      detail: `${directory} ${place === directory ? 'can be written' : 'can be made'}`,
    };
  } catch (error) {
    return { name: 'directory', verdict: 'problem', detail: `${place} cannot be written: ${messageOf(error)}` };
  }
}

function keyPermissions(directory: string, cluster: ClusterFile | undefined): Finding[] {
  return (cluster?.nodes ?? []).map(({ number }) => {
    const file = join(nodeDirectory(directory, number), 'node.key');
    const name = `key of node ${number}`;
    if (!existsSync(file)) return { name, verdict: 'problem', detail: `${file} is missing` };
    const mode = statSync(file).mode & 0o777;
    const closed = (mode & 0o077) === 0;
    return {
      name,
      verdict: closed ? 'ok' : 'problem',
      detail: closed ? 'only its owner can read it' : `${file} has mode ${mode.toString(8)}; set it to 600`,
    };
  });
}

const syncsMeasured = 21;
const slowSyncMs = 20;

/** How long this disk takes to make 4 KiB durable: every commit waits for it. */
function diskLatency(directory: string): Finding {
  const file = join(nearestExisting(directory), `.assent-doctor-${process.pid}`);
  try {
    const descriptor = openSync(file, 'wx', 0o600);
    try {
      const content = new Uint8Array(4096);
      const durations = Array.from({ length: syncsMeasured }, () => {
        const startedMs = performance.now();
        writeSync(descriptor, content);
        fsyncSync(descriptor);
        return performance.now() - startedMs;
      }).sort((left, right) => left - right);
      const medianMs = durations[(syncsMeasured - 1) / 2] ?? 0;
      const worstMs = durations.at(-1) ?? 0;
      return {
        name: 'disk',
        verdict: medianMs > slowSyncMs ? 'warning' : 'ok',
        detail: `a sync takes ${medianMs.toFixed(2)} ms (median of ${syncsMeasured}), ${worstMs.toFixed(2)} ms at worst`,
      };
    } finally {
      closeSync(descriptor);
      rmSync(file, { force: true });
    }
  } catch (error) {
    return { name: 'disk', verdict: 'problem', detail: messageOf(error) };
  }
}

async function ports(cluster: ClusterFile | undefined): Promise<Finding[]> {
  if (cluster !== undefined) return Promise.all(cluster.nodes.map(portsOfNode));
  try {
    const found = await choosePorts(3, { start: defaultBasePort + 1, exact: false });
    const p2p = await choosePorts(3, { start: defaultBasePort + p2pOffset + 1, exact: false });
    return [{ name: 'ports', verdict: 'ok', detail: `a new cluster gets ${[...found, ...p2p].join(', ')}` }];
  } catch (error) {
    return [{ name: 'ports', verdict: 'problem', detail: messageOf(error) }];
  }
}

async function portsOfNode(node: ClusterNode): Promise<Finding> {
  const name = `ports of node ${node.number}`;
  const text = `${node.apiPort} and ${node.p2pPort}`;
  if (isRunning(node.process)) return { name, verdict: 'ok', detail: `${text}, the node runs` };
  const free = [await isFree(node.apiPort), await isFree(node.p2pPort)];
  if (free.every(Boolean)) return { name, verdict: 'ok', detail: `${text} are free` };
  return { name, verdict: 'problem', detail: `another program listens on ${free[0] ? node.p2pPort : node.apiPort}` };
}

const clockToleranceMs = 5000;

/** Compares this clock with the head of the chain, whose time a majority agreed to. */
async function clock(context: Context, cluster: ClusterFile | undefined): Promise<Finding> {
  const now = new Date(context.nowMs).toISOString();
  const running = cluster?.nodes.filter(({ process }) => isRunning(process)) ?? [];
  if (running.length === 0) return { name: 'clock', verdict: 'ok', detail: `${now}; no node runs to compare it with` };
  try {
    const { timestamp } = await new AssentClient({ nodes: running.map(apiUrl) }).block('head', { timeoutMs: 2000 });
    const ahead = timestamp - context.nowMs > clockToleranceMs;
    return {
      name: 'clock',
      verdict: ahead ? 'problem' : 'ok',
      detail: `${now}; the newest block is of ${relativeText(timestamp - context.nowMs)}`,
    };
  } catch (error) {
    return { name: 'clock', verdict: 'warning', detail: `${now}; no node answered: ${messageOf(error)}` };
  }
}

function nearestExisting(path: string): string {
  let place = path;
  while (!existsSync(place) && dirname(place) !== place) place = dirname(place);
  return place;
}
