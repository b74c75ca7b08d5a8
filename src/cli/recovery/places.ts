import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { AssentError, messageOf } from '../../base/index.ts';
import { type Genesis, genesisFromText } from '../../ledger/index.ts';
import { nodeDirectory } from '../cluster/cluster-file.ts';
import type { Context } from '../context.ts';

/** The directory of a node, by its place in a local cluster where it is of one. */
export interface NodePlace {
  readonly directory: string;
  readonly number?: number;
}

export const reportName = 'recovery-report.json';

/** The node in --dir, or every node of the local cluster there. Throws `usage`. */
export function nodePlaces(context: Context): NodePlace[] {
  const directory = context.path(context.options.dir ?? '.');
  if (existsSync(join(directory, 'node.json'))) return [{ directory }];
  const { cluster, clusterDirectory } = context;
  if (cluster === undefined)
    throw new AssentError('usage', `There is neither a node nor a local cluster in ${directory}; name one with --dir.`);
  return cluster.nodes.map(({ number }) => ({ directory: nodeDirectory(clusterDirectory, number), number }));
}

/** The genesis that was named, or that of the node in --dir. Throws `usage`, `genesis-invalid`. */
export function genesisOf(context: Context, named: string | undefined): Genesis {
  const [first] = named === undefined ? nodePlaces(context) : [];
  const file = named === undefined ? join(first?.directory ?? '.', 'genesis') : context.path(named);
  return genesisFromText(readText(file));
}

/** Throws `input-invalid`. */
export function readText(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    throw new AssentError('input-invalid', `${file} cannot be read: ${messageOf(error)}.`, {}, { cause: error });
  }
}
