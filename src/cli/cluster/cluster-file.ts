import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { z } from 'zod';
import { AssentError, messageOf } from '../../base/index.ts';
import type { Shell } from '../shell.ts';
import type { Route } from './links/relay.ts';

/** The process of a node: the pid alone would name a stranger once it is recycled. */
export interface NodeProcess {
  readonly pid: number;
  /** When the process began, in the words of the operating system. */
  readonly startedAt: string;
}

export interface ClusterNode {
  /** From 1. */
  readonly number: number;
  readonly nodeId: string;
  readonly member: string;
  readonly apiPort: number;
  readonly p2pPort: number;
  readonly process: NodeProcess | null;
  /** Whether the ledger has it: a joining node waits to be let in, a removed one left for good. */
  readonly membership: 'joining' | 'member' | 'removed';
  /** Id of the node whose place it takes; null for one that takes nobody's. */
  readonly replaces: string | null;
}

/** The relay between the nodes of a cluster whose links can be cut. */
export interface ClusterLinks {
  /** Where the relay takes orders. */
  readonly controlPort: number;
  readonly routes: readonly Route[];
  readonly process: NodeProcess | null;
}

/** `cluster.json`: what a local cluster is made of, and the sign that its directory was made by this program. */
export interface ClusterFile {
  readonly format: 'assent-cluster-1';
  /** False while the parts are being made. */
  readonly complete: boolean;
  readonly ledgerId: string;
  readonly ledgerName: string;
  /** Whether the nodes are meant to run: who watches them in the foreground leaves when it is taken back. */
  readonly wanted: boolean;
  /** The directory was made, too, and goes with the last part. */
  readonly madeDirectory: boolean;
  readonly nodes: readonly ClusterNode[];
  /** Null where the nodes are linked directly. */
  readonly links: ClusterLinks | null;
}

export const clusterFileName = 'cluster.json';
const defaultName = '.assent';

const port = z.int().min(1).max(65_535);
const nodeNumber = z.int().min(1);
const nodeProcess = z.union([z.object({ pid: z.int().min(2), startedAt: z.string() }), z.null()]);
const clusterFile: z.ZodType<ClusterFile> = z.object({
  format: z.literal('assent-cluster-1'),
  complete: z.boolean(),
  ledgerId: z.string(),
  ledgerName: z.string(),
  wanted: z.boolean(),
  madeDirectory: z.boolean(),
  nodes: z.array(
    z.object({
      number: nodeNumber,
      nodeId: z.string(),
      member: z.string(),
      apiPort: port,
      p2pPort: port,
      process: nodeProcess,
      membership: z.enum(['joining', 'member', 'removed']).default('member'),
      replaces: z.union([z.string(), z.null()]).default(null),
    }),
  ),
  links: z
    .union([
      z.object({
        controlPort: port,
        routes: z.array(z.object({ from: nodeNumber, to: nodeNumber, port, targetPort: port })),
        process: nodeProcess,
      }),
      z.null(),
    ])
    .default(null),
});

/** `--dir`, else the nearest directory upwards that holds a cluster in `.assent`, else `.assent` here. */
export function clusterDirectoryFrom(shell: Shell, named: string | undefined): string {
  if (named !== undefined) return resolve(shell.workingDirectory, named);
  for (let folder = shell.workingDirectory; ; folder = dirname(folder)) {
    if (existsSync(join(folder, defaultName, clusterFileName))) return join(folder, defaultName);
    if (folder === dirname(folder)) return join(shell.workingDirectory, defaultName);
  }
}

/** The cluster in this directory, if there is one. Throws `configuration-invalid`, `storage-permission`. */
export function readCluster(directory: string): ClusterFile | undefined {
  const file = join(directory, clusterFileName);
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined;
    throw new AssentError('storage-permission', `${file} cannot be read: ${messageOf(error)}.`, {}, { cause: error });
  }
  try {
    return clusterFile.parse(JSON.parse(text));
  } catch (error) {
    throw new AssentError('configuration-invalid', `${file} is no description of a cluster.`, {}, { cause: error });
  }
}

/** Replaces `cluster.json` as a whole. */
export function writeCluster(directory: string, cluster: ClusterFile): void {
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  const file = join(directory, clusterFileName);
  writeFileSync(`${file}.new`, `${JSON.stringify(cluster, undefined, 2)}\n`, { mode: 0o600 });
  renameSync(`${file}.new`, file);
}

/** Notes the process of a node, or that it has none. */
export function noteProcess(directory: string, number: number, process: NodeProcess | null): void {
  noteNode(directory, number, { process });
}

/** Notes whether the ledger has a node. */
export function noteMembership(directory: string, number: number, membership: ClusterNode['membership']): void {
  noteNode(directory, number, { membership });
}

function noteNode(directory: string, number: number, change: Partial<ClusterNode>): void {
  const cluster = readCluster(directory);
  if (cluster === undefined) return;
  const nodes = cluster.nodes.map((node) => (node.number === number ? { ...node, ...change } : node));
  writeCluster(directory, { ...cluster, nodes });
}

/** Notes the process of the relay, or that it has none. */
export function noteRelay(directory: string, process: NodeProcess | null): void {
  const cluster = readCluster(directory);
  if (cluster === undefined || cluster.links === null) return;
  writeCluster(directory, { ...cluster, links: { ...cluster.links, process } });
}

export function nodeDirectory(directory: string, number: number): string {
  return join(directory, `node-${number}`);
}

export function nodeLog(directory: string, number: number): string {
  return join(nodeDirectory(directory, number), 'node.log');
}
