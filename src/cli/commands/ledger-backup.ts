import { dirname, join } from 'node:path';
import type { Command } from 'commander';
import { AssentError } from '../../base/index.ts';
import type { Context } from '../context.ts';
import { moveFile } from '../ledger/move-file.ts';
import { nodePlaces } from '../recovery/places.ts';
import type { Report, Session } from '../session.ts';

const restoreExamples = `
A restored disk never starts under its old key: what that key has signed since, nobody could tell. So a backup holds no
key, and is restored into the directory of a new node.

Examples:
  $ assent join --dir ./node-b --member riverside --genesis ./genesis --peer 12D3KooW…=st-mary.example:7400
  $ assent ledger restore backup --dir ./node-b
  $ assent node replace 12D3KooW… --new-dir ./node-b --as member/riverside    in the place of the lost one`;

export function addBackup(ledger: Command, session: Session): void {
  ledger
    .command('backup <file>')
    .description(
      "write all that a node has of the ledger into one file; no key is in it (the node's archive is not, either)",
    )
    .option('--stopped', 'of the stopped node in --dir')
    .action(session.run(backup));
  ledger
    .command('restore <file>')
    .description('fill the data directory of a new node (`assent join`) from a backup')
    .addHelpText('after', restoreExamples)
    .action(session.run(restore));
}

async function backup(
  context: Context,
  name: string,
  { stopped = false }: { readonly stopped?: boolean },
): Promise<Report> {
  const file = context.path(name);
  const height = stopped ? await ofStopped(context, file) : await ofRunning(context, file);
  return {
    json: { file, height },
    text: `Wrote all up to block ${height} into ${file}. Keep it as you keep the ledger's data.`,
  };
}

async function ofRunning(context: Context, file: string): Promise<number> {
  const made = await context.client().backup();
  moveFile(made.file, file);
  return made.height;
}

async function ofStopped(context: Context, file: string): Promise<number> {
  const { backupNode } = await import('../../node/index.ts');
  const { directory } = onlyPlace(context);
  const made = await backupNode(join(directory, 'node.json'), dirname(file));
  moveFile(made.file, file);
  return made.height;
}

async function restore(context: Context, name: string): Promise<Report> {
  const { loadConfig, restoreBackup } = await import('../../node/index.ts');
  const { directory } = onlyPlace(context);
  const restored = await restoreBackup(loadConfig(join(directory, 'node.json')), context.path(name));
  const { nodeId, formerNodeId, height } = restored;
  const text = [
    `Node ${nodeId} has what ${formerNodeId} had up to block ${height}.`,
    'It is another node, and no part of the ledger yet. In the place of one of its member:',
    `  assent node replace ${formerNodeId} --new-dir ${directory} --as member/NAME`,
    `  assent start --dir ${directory}`,
    'or as one more: `assent node propose add`. The node that was backed up must not be started again.',
  ];
  return { json: { ...restored, directory }, text: text.join('\n') };
}

/** The one node in --dir. Throws `usage`. */
export function onlyPlace(context: Context): { readonly directory: string } {
  const [place, ...others] = nodePlaces(context);
  if (place !== undefined && others.length === 0) return place;
  throw new AssentError('usage', 'Name the directory of one node with --dir.');
}
