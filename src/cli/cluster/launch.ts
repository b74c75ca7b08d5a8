import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, existsSync, openSync, readFileSync, renameSync, statSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { AssentError } from '../../base/index.ts';
import { nodeEnvironment, nodeOptions } from '../node-options.ts';
import { type ClusterNode, type NodeProcess, nodeDirectory, nodeLog, noteProcess } from './cluster-file.ts';
import { processFacts } from './processes.ts';

const logBytesMax = 16 * 1024 * 1024;

/** A node's process as this command started it. */
export interface Launched {
  readonly node: ClusterNode;
  readonly process: NodeProcess;
  readonly child: ChildProcess;
  /** Resolves when it has ended. */
  readonly ended: Promise<void>;
  /** What it said that is not in the form of a log line: why it did not start. */
  lastWords(): string | undefined;
}

/** Starts a node in a process of its own, which outlives this one; what it has to say goes into its log file. */
export function launchNode(directory: string, node: ClusterNode): Launched {
  const log = nodeLog(directory, node.number);
  rotate(log);
  const from = existsSync(log) ? statSync(log).size : 0;
  const descriptor = openSync(log, 'a', 0o600);
  const main = fileURLToPath(new URL(`../main${import.meta.url.endsWith('.ts') ? '.ts' : '.js'}`, import.meta.url));
  const args = [...nodeOptions, main, 'start', '--dir', nodeDirectory(directory, node.number)];
  const child = spawn(process.execPath, args, {
    detached: true,
    stdio: ['ignore', 'ignore', descriptor],
    // A node that has stopped must end at once, and not first write down what it compiled.
    env: { ...nodeEnvironment, ...process.env, NODE_DISABLE_COMPILE_CACHE: '1' },
  });
  closeSync(descriptor);
  const ended = new Promise<void>((resolve) => {
    child.once('exit', () => resolve());
    child.once('error', () => resolve());
  });
  child.unref();
  if (child.pid === undefined)
    throw new AssentError('internal', `No process could be started for node ${node.number}.`);
  const startedAt = processFacts(child.pid)?.startedAt ?? '';
  const noted: NodeProcess = { pid: child.pid, startedAt };
  noteProcess(directory, node.number, noted);
  return { node, process: noted, child, ended, lastWords: () => lastWords(log, from) };
}

/** One older log is kept. */
function rotate(log: string): void {
  if (existsSync(log) && statSync(log).size > logBytesMax) renameSync(log, `${log}.1`);
}

function lastWords(log: string, from: number): string | undefined {
  const lines = readFileSync(log).subarray(from).toString('utf8').trim().split('\n');
  return lines.findLast((line) => line !== '' && !line.startsWith('{'))?.replace(/^assent: /, '');
}
