import type { Command } from 'commander';
import type { DisputeView, ReviewView } from '../../api/index.ts';
import type { Context } from '../context.ts';
import { table } from '../output/table.ts';
import { shortDid, whenText } from '../output/words.ts';
import type { Report, Session } from '../session.ts';

/** Lists of what waits for a privacy officer. */
export function addAccessWaiting(access: Command, session: Session): void {
  access
    .command('overdue')
    .description('broken glasses that nobody has reviewed, though the deadline has passed')
    .option('--domain <name>', 'of this domain (default: of all)')
    .option('--pending', 'those whose deadline has not passed instead')
    .action(session.run(overdue));
  access
    .command('disputes')
    .description('disputes that nobody has answered')
    .option('--domain <name>', 'of this domain (default: of all)')
    .action(session.run(disputes));
}

async function domainsOf(context: Context, domain: string | undefined): Promise<readonly string[]> {
  return domain === undefined ? (await context.client().domains()).domains.map(({ name }) => name) : [domain];
}

async function overdue(context: Context, flags: { domain?: string; pending?: boolean }): Promise<Report> {
  const state = flags.pending === true ? 'pending' : 'overdue';
  const reviews: ({ domain: string } & ReviewView)[] = [];
  for (const domain of await domainsOf(context, flags.domain))
    for await (const one of context.client().allReviews(domain, state)) reviews.push({ domain, ...one });
  const rows = reviews.map((one) => [
    one.domain,
    shortDid(one.subject),
    `${one.entry}`,
    shortDid(one.agent),
    one.organisation,
    whenText(one.openedAt, context.nowMs),
    whenText(one.reviewBy, context.nowMs),
  ]);
  const columns = ['domain', 'person', 'entry', 'broken by', 'organisation', 'opened', 'review due'];
  const none = state === 'overdue' ? 'No review is overdue.' : 'No review is due.';
  return { json: { reviews }, text: rows.length === 0 ? none : table(context.style, columns, rows) };
}

async function disputes(context: Context, flags: { domain?: string }): Promise<Report> {
  const found: ({ domain: string } & DisputeView)[] = [];
  for (const domain of await domainsOf(context, flags.domain))
    for await (const one of context.client().allDisputes(domain)) found.push({ domain, ...one });
  const rows = found.map((one) => [
    one.domain,
    shortDid(one.subject),
    `${one.entry}`,
    whenText(one.raisedAt, context.nowMs),
  ]);
  const text = table(context.style, ['domain', 'person', 'entry', 'disputed'], rows);
  return { json: { disputes: found }, text: rows.length === 0 ? 'No dispute waits for an answer.' : text };
}
