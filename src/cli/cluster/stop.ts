import type { ClusterNode } from './cluster-file.ts';
import { noteProcess } from './cluster-file.ts';
import { isRunning, signal, untilGone } from './processes.ts';

/** A node gives itself ten seconds for a clean stop. */
const cleanStopMs = 12_000;
const killedMs = 5000;

/** How a node came to its end. */
export type Stopped = 'was-stopped' | 'stopped' | 'killed';

/** Stops a node cleanly; by force when it takes too long, so that nothing is left running. */
export async function stopNode(directory: string, node: ClusterNode): Promise<Stopped> {
  const { process } = node;
  if (!isRunning(process)) return 'was-stopped';
  signal(process, 'SIGTERM');
  // A paused process takes no signal but this one.
  signal(process, 'SIGCONT');
  const clean = await untilGone(process, cleanStopMs);
  if (!clean) return killNode(directory, node);
  noteProcess(directory, node.number, null);
  return 'stopped';
}

/** Ends a node as a power cut would. */
export async function killNode(directory: string, node: ClusterNode): Promise<Stopped> {
  const { process } = node;
  if (!isRunning(process)) return 'was-stopped';
  signal(process, 'SIGKILL');
  await untilGone(process, killedMs);
  noteProcess(directory, node.number, null);
  return 'killed';
}
