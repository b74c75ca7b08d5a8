import { readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import type { z } from 'zod';
import { AssentError, messageOf } from '../../base/index.ts';
import { JsonPositions } from './positions.ts';
import { type NodeConfig, nodeConfigSchema } from './schema.ts';

/** Reads a configuration file and makes its file names absolute. Throws `configuration-invalid` naming file and line. */
export function loadConfig(file: string): NodeConfig {
  return resolveFiles(parseConfig(readText(file), file), dirname(resolve(file)));
}

/** Checks the text of a configuration file. `file` is only named in errors. Throws `configuration-invalid`. */
export function parseConfig(text: string, file: string): NodeConfig {
  const json = parseJson(text, file);
  const positions = new JsonPositions(text);
  if (positions.duplicate !== undefined) {
    const { key, line } = positions.duplicate;
    throw invalid(file, line, `${key} is given twice`);
  }
  const parsed = nodeConfigSchema.safeParse(json);
  if (parsed.success) return parsed.data;
  const issue = firstIssue(parsed.error);
  throw invalid(file, positions.lineOf(issue.path), issue.sentence);
}

/** The same configuration with file names that do not depend on the working directory. */
export function resolveFiles(config: NodeConfig, folder: string): NodeConfig {
  const { file } = config.log;
  return {
    ...config,
    directory: resolve(folder, config.directory),
    nodeKeyFile: resolve(folder, config.nodeKeyFile),
    genesisFile: resolve(folder, config.genesisFile),
    ...(config.archive && { archive: { directory: resolve(folder, config.archive.directory) } }),
    snapshots: { ...config.snapshots, directory: resolve(folder, config.snapshots.directory) },
    log: { ...config.log, ...(file === undefined ? {} : { file: resolve(folder, file) }) },
  };
}

function readText(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'EACCES') throw new AssentError('storage-permission', `${file} cannot be read.`, {}, { cause: error });
    throw new AssentError(
      'configuration-invalid',
      `${file} cannot be read: ${messageOf(error)}.`,
      {},
      { cause: error },
    );
  }
}

function parseJson(text: string, file: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    const message = messageOf(error);
    const line = /line (\d+)/.exec(message)?.[1];
    throw invalid(
      file,
      line === undefined ? text.trimEnd().split('\n').length : Number(line),
      `it is not JSON: ${message}`,
    );
  }
}

function firstIssue(error: z.ZodError): { readonly path: readonly PropertyKey[]; readonly sentence: string } {
  const [issue] = error.issues;
  if (issue === undefined) return { path: [], sentence: 'it is wrong' };
  if (issue.code === 'unrecognized_keys') {
    const path = [...issue.path, issue.keys[0] ?? ''];
    return { path, sentence: `${path.join('.')} is not a setting` };
  }
  const place = issue.path.length === 0 ? 'the file' : issue.path.join('.');
  return { path: issue.path, sentence: `${place}: ${issue.message}` };
}

function invalid(file: string, line: number, sentence: string): AssentError {
  return new AssentError('configuration-invalid', `${file}, line ${line}: ${sentence}.`, { file, line });
}
