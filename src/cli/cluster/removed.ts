import { existsSync, statSync } from 'node:fs';
import { type ClusterNode, nodeLog } from './cluster-file.ts';
import { readPart } from './log-part.ts';
import { isRunning } from './processes.ts';

const lastWordsBytesMax = 4096;

/** Whether the node left the ledger for good: as was noted, or as it said itself when it ended. */
export function isRemoved(directory: string, node: ClusterNode): boolean {
  if (node.membership === 'removed') return true;
  if (isRunning(node.process)) return false;
  const log = nodeLog(directory, node.number);
  const sizeBytes = existsSync(log) ? statSync(log).size : 0;
  const end = readPart(log, Math.max(0, sizeBytes - lastWordsBytesMax), sizeBytes);
  return end.trimEnd().endsWith('[node-removed]');
}
