import { type Command, Option } from 'commander';
import type { TransactionPage, TransactionRow, TransactionsQuery } from '../../api/index.ts';
import { AssentError } from '../../base/index.ts';
import { builtInContracts } from '../../contracts/index.ts';
import type { Context } from '../context.ts';
import { didNamed } from '../keys/people.ts';
import { resultText } from '../output/results.ts';
import { paintDecision } from '../output/style.ts';
import { table } from '../output/table.ts';
import { shortDid, shortHash, whenText } from '../output/words.ts';
import type { Report, Session } from '../session.ts';
import { pastTime, wholeNumber } from './values.ts';

interface ListFlags {
  readonly subject?: string;
  readonly agent?: string;
  readonly organisation?: string;
  readonly kind?: string;
  readonly consent?: string;
  readonly domain?: string;
  readonly from?: number;
  readonly to?: number;
  readonly oldestFirst?: boolean;
  readonly cursor?: string;
  readonly limit?: number;
}

/** A page that a person asks for may have several of the API's. */
const pageMax = 200;

/** `list` of all transactions, or of those of one contract. */
export function addTransactionList(parent: Command, session: Session, contract?: string): void {
  const command = parent
    .command('list')
    .description(
      contract === undefined
        ? 'transactions, newest first; of a batch of accesses, each access'
        : 'accesses by whoever asked, wherever, newest first; refused ones of a batch, too',
    )
    .option('--subject <who>', 'whose record or consent, by key or DID')
    .option('--agent <who>', 'who sent it or asked, by key or DID')
    .option('--domain <name>', 'the domain in which a person of the keystore is meant')
    .option('--organisation <name>', 'a domain or a member');
  if (contract === undefined) command.option('--kind <kind>', 'like access.record, or of a contract: access');
  command
    .option('--consent <id>', 'what names this consent; its id in full')
    .option('--from <time>', 'since then: a time, or 30d ago', pastTime)
    .option('--to <time>', 'before then', pastTime)
    .option('--oldest-first', 'in the order of the ledger')
    .addOption(new Option('--cursor <hex>', 'go on where the same list ended'))
    .option('--limit <n>', 'how many (default 20)', wholeNumber(1, 10_000))
    .action(
      session.run((context, flags: ListFlags) =>
        list(context, contract === undefined ? flags : { ...flags, kind: contract }),
      ),
    );
}

async function list(context: Context, flags: ListFlags): Promise<Report> {
  const limit = flags.limit ?? 20;
  const query = await queryOf(context, flags);
  const transactions: TransactionRow[] = [];
  let page: TransactionPage;
  let cursor = flags.cursor;
  do {
    const wanted = Math.min(limit - transactions.length, pageMax);
    page = await context.client().transactions({ ...query, cursor, limit: wanted });
    transactions.push(...page.rows);
    if (!page.isWhole && page.rows.length === 0) break;
    cursor = page.next;
  } while (cursor !== undefined && transactions.length < limit);
  const { next, at, indexed, isWhole } = page;
  const json = { transactions, ...(next && { next }), at, indexed, isWhole };
  const notes = notesOf(page, flags);
  const text = transactions.length === 0 ? nothingText(query.kind) : rowTable(context, transactions);
  return { json, text: [text, ...notes].join('\n') };
}

async function queryOf(context: Context, flags: ListFlags): Promise<Omit<Partial<TransactionsQuery>, 'limit'>> {
  const { subject, agent, organisation, kind, consent, from, to, domain } = flags;
  if (consent !== undefined && !/^[0-9a-f]{64}$/.test(consent))
    throw new AssentError('usage', `"${consent}" is no id of a consent; give its 64 hexadecimal digits.`);
  if (from !== undefined && to !== undefined && from >= to)
    throw new AssentError('usage', 'The time of --to is not after that of --from.');
  const did = async (who: string | undefined): Promise<string | undefined> => who && didNamed(context, who, domain);
  return {
    ...{ subject: await did(subject), agent: await did(agent), organisation, kind, consent, from, to },
    order: flags.oldestFirst === true ? 'oldest-first' : 'newest-first',
  };
}

/** A node may know kinds that this program does not. */
function nothingText(kind: string | undefined): string {
  const nothing = 'No transaction is like that.';
  const contracts = new Set(builtInContracts.kindNames.map((name) => name.split('.')[0] as string));
  if (kind === undefined || contracts.has(kind) || builtInContracts.kindNames.includes(kind)) return nothing;
  return `${nothing} "${kind}" is no kind that this program knows; contracts are ${[...contracts].join(', ')}.`;
}

function rowTable({ style, nowMs }: Context, rows: readonly TransactionRow[]): string {
  return table(
    style,
    ['transaction', 'kind', 'sender', 'agent', 'subject', 'result', { title: 'block', align: 'right' }, 'time'],
    rows.map(({ id, number, kind, sender, names, result, access, height, timestamp }) => [
      number === 0 ? shortHash(id) : `${shortHash(id)} #${number}`,
      kind,
      shortDid(sender),
      names.agents
        .filter((agent) => agent !== sender)
        .map(shortDid)
        .join(' '),
      names.subjects.map(shortDid).join(' '),
      access === undefined ? resultText(style, result) : paintDecision(style, access.decision),
      String(height),
      whenText(timestamp, nowMs),
    ]),
  );
}

/** What the list may lack is said. */
function notesOf({ next, indexed, isWhole, at }: TransactionPage, { oldestFirst }: ListFlags): string[] {
  const notes: string[] = [];
  if (next !== undefined) notes.push(`There may be more: the same list with --cursor ${next}`);
  if (!isWhole)
    notes.push(`The node has indexed blocks up to ${indexed?.through ?? 0} of ${at}: newer ones are missing.`);
  if (indexed !== null && indexed.from > 1 && (next === undefined || oldestFirst === true))
    notes.push(`The node has its history from block ${indexed.from} on: earlier ones are missing.`);
  return notes;
}
