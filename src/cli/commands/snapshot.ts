import { join } from 'node:path';
import type { Command } from 'commander';
import type { Context } from '../context.ts';
import { table } from '../output/table.ts';
import type { Report, Session } from '../session.ts';
import { onlyPlace } from './ledger-backup.ts';

const examples = `
A snapshot is the certified state after one block, proved from the genesis on: a new node begins with it, and has its
history from there on. Blocks before it are read from an archive.

Examples:
  $ assent snapshot create
  $ assent snapshot list
  $ assent snapshot restore snapshots/snapshot-000000004711.snapshot --dir ./node-b      made by \`assent join\``;

export function addSnapshot(program: Command, session: Session): void {
  const snapshot = program
    .command('snapshot')
    .description('certified snapshots of the state')
    .addHelpText('after', examples);
  snapshot
    .command('create')
    .description('have a node write one into its folder (`snapshots.directory`)')
    .action(session.run(create));
  snapshot.command('list').description("those in a node's folder").action(session.run(list));
  snapshot
    .command('restore <file>')
    .description('let a new node (`assent join`) begin with one')
    .action(session.run(restore));
}

async function create(context: Context): Promise<Report> {
  const json = await context.client().createSnapshot();
  return { json, text: `Wrote the state after block ${json.height} into ${json.file}.` };
}

async function list(context: Context): Promise<Report> {
  const json = await context.client().snapshots();
  const rows = json.files.map(({ height, file }) => [String(height), file]);
  const text = table(context.style, [{ title: 'block', align: 'right' }, 'file'], rows);
  return { json, text: rows.length === 0 ? 'There are no snapshots yet.' : text };
}

async function restore(context: Context, name: string): Promise<Report> {
  const { loadConfig, restoreSnapshot } = await import('../../node/index.ts');
  const { directory } = onlyPlace(context);
  const height = await restoreSnapshot(loadConfig(join(directory, 'node.json')), context.path(name));
  const text = `The node in ${directory} begins with block ${height}. Let it into the ledger (\`assent node propose add\`), then start it.`;
  return { json: { directory, height }, text };
}
