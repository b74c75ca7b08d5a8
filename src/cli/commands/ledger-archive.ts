import type { Command } from 'commander';
import type { PruneView } from '../../api/index.ts';
import type { Context } from '../context.ts';
import { facts } from '../output/table.ts';
import type { Report, Session } from '../session.ts';
import { wholeNumber } from './values.ts';

export function addArchive(ledger: Command, session: Session): void {
  ledger
    .command('archive')
    .description("one node's archive, after another look at its files: some may have come from elsewhere")
    .action(session.run(archive));
  ledger
    .command('prune')
    .description('let a node give up blocks that it has archived; by its own policy unless you say what it is to keep')
    .option('--keep-blocks <n>', 'keep the newest blocks, so many at least', wholeNumber(0, Number.MAX_SAFE_INTEGER))
    .option('--keep-days <n>', 'keep the blocks of the last days, so many at least', wholeNumber(0, 36_500))
    .action(session.run(prune));
}

async function archive(context: Context): Promise<Report> {
  const json = await context.client().lookAtArchive();
  const { directory, from, through, chunks, problem } = json;
  const text = facts(context.style, [
    ['archive', directory],
    ['blocks', through === 0 ? 'none yet' : `${from} to ${through}, in ${chunks} files`],
    ['problem', problem === null ? 'none' : context.style.bad(`${problem.message} [${problem.code}]`)],
  ]);
  return { json, text, exitCode: problem === null ? 0 : 1 };
}

const bounds: Readonly<Record<NonNullable<PruneView['bound']>, string>> = {
  kept: 'the next blocks are to be kept',
  recent: 'the next blocks are too young to be given up',
  'not-archived': 'the next blocks are not archived',
  'configuration-not-proved': 'a later block has yet to prove a change of the nodes',
};

async function prune(
  context: Context,
  { keepBlocks, keepDays }: { readonly keepBlocks?: number; readonly keepDays?: number },
): Promise<Report> {
  const json = await context.client().prune({ keepBlocks: keepBlocks ?? null, keepDays: keepDays ?? null });
  const { prunedThrough, bound } = json;
  const done =
    prunedThrough === 0
      ? 'Nothing was given up'
      : `Blocks up to ${prunedThrough} are read from the archive; their room on the disk follows`;
  return { json, text: bound === null ? `${done}.` : `${done}: ${bounds[bound]}.` };
}
