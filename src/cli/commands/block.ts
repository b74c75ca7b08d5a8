import { setTimeout as pause } from 'node:timers/promises';
import type { Command } from 'commander';
import type { BlockSummary, BlockView } from '../../api/index.ts';
import { interruptSignal } from '../cluster/interrupts.ts';
import type { Context } from '../context.ts';
import { findBlock, headersBackwards } from '../ledger/find.ts';
import { reachText } from '../output/reach.ts';
import { resultText } from '../output/results.ts';
import type { Style } from '../output/style.ts';
import { facts, table } from '../output/table.ts';
import { shortDid, shortHash, shortNodeId, whenText } from '../output/words.ts';
import type { Report, Session } from '../session.ts';
import { wholeNumber } from './values.ts';

const examples = `
Examples:
  $ assent block list --limit 5
  $ assent block show 12
  $ assent block show head --json
  $ assent block tail
  $ assent block reach 12 --timeout 5`;

const tailEveryMs = 200;

export function addBlock(program: Command, session: Session): void {
  const block = program.command('block').description('committed blocks').addHelpText('after', examples);
  block
    .command('list')
    .description('the newest blocks, newest first')
    .option('--limit <n>', 'how many (default 20)', wholeNumber(1, 10_000))
    .action(session.run(list));
  block
    .command('show <reference>')
    .description('one block, by height, hash, the beginning of a hash, or head')
    .action(
      session.run(async (context, reference: string) => {
        const view = await findBlock(context.client(), reference);
        return { json: view, text: blockText(context.style, view, context.nowMs) };
      }),
    );
  block
    .command('reach')
    .argument('<height>', 'of the block', wholeNumber(1, Number.MAX_SAFE_INTEGER))
    .description('which nodes have applied a block, as they say themselves; exits 1 unless all of them have')
    .option('--timeout <seconds>', 'how long to wait for the others (default 10)', wholeNumber(0, 60))
    .action(session.run(reach));
  block
    .command('tail')
    .description('blocks as they are committed, until Ctrl-C; with --json one document a line')
    .action(session.run(tail));
}

async function list(context: Context, flags: { limit?: number }): Promise<Report> {
  const blocks: BlockSummary[] = [];
  for await (const header of headersBackwards(context.client(), flags.limit ?? 20)) blocks.push(header);
  const right = (title: string) => ({ title, align: 'right' }) as const;
  const text = table(
    context.style,
    [right('height'), 'hash', right('term'), right('transactions'), 'proposer', 'time'],
    blocks.map((header) => [
      String(header.height),
      shortHash(header.hash),
      String(header.term),
      String(header.transactionCount),
      shortNodeId(header.proposer),
      whenText(header.timestamp, context.nowMs),
    ]),
  );
  return { json: { blocks }, text };
}

async function reach(context: Context, height: number, flags: { timeout?: number }): Promise<Report> {
  const view = await context.client().reach(height, { waitMs: (flags.timeout ?? 10) * 1000 });
  const rows = view.nodes.map(({ nodeId, member, applied, reached }) => [
    shortNodeId(nodeId),
    member ?? '',
    applied === null ? 'nothing heard' : String(applied),
    reached ? 'yes' : 'no',
  ]);
  const text = `${reachText(view)}\n\n${table(context.style, ['node', 'member', 'applied', `has ${height}`], rows)}`;
  return { json: view, text, exitCode: view.everywhere ? 0 : 1 };
}

async function tail(context: Context): Promise<undefined> {
  const client = context.client();
  const { signal, release } = interruptSignal(context.shell, () => undefined);
  try {
    let next = (await client.status()).height + 1;
    while (!signal.aborted) {
      const { blocks } = await client.blocks({ from: next, limit: 100 });
      for (const header of blocks) context.shell.stdout.write(`${tailLine(context, header)}\n`);
      next += blocks.length;
      if (blocks.length === 0) await pause(tailEveryMs, undefined, { signal }).catch(() => undefined);
    }
  } finally {
    release();
  }
  return undefined;
}

function tailLine({ json, nowMs }: Context, header: BlockSummary): string {
  if (json) return JSON.stringify(header);
  const { height, hash, term, transactionCount, timestamp } = header;
  return `${height}  ${shortHash(hash)}  term ${term}  ${transactionCount} tx  ${whenText(timestamp, nowMs)}`;
}

function blockText(style: Style, view: BlockView, nowMs: number): string {
  const { certificate } = view;
  const head = facts(style, [
    ['height', style.strong(String(view.height))],
    ['hash', view.hash],
    ['parent', view.parentHash],
    ['term', String(view.term)],
    ['time', whenText(view.timestamp, nowMs)],
    ['proposer', view.proposer],
    ['transactions root', view.transactionsRoot],
    ['results root', view.resultsRoot],
    ['state root', view.stateRoot],
    ['history root', view.historyRoot],
    ['configuration', view.configurationHash],
    [
      'certificate',
      certificate === null
        ? 'none kept'
        : `of block ${certificate.height}, by ${certificate.signatures.map(({ signer }) => shortNodeId(signer)).join(', ')}`,
    ],
  ]);
  const rows = view.transactions.map(({ id, kind, sender, result }) => [
    shortHash(id),
    kind,
    shortDid(sender),
    resultText(style, result),
  ]);
  if (rows.length === 0) return `${head}\n\nNo transactions.`;
  return `${head}\n\n${table(style, ['transaction', 'kind', 'sender', 'result'], rows)}`;
}
