import { type Command, Option } from 'commander';
import { time } from '../commands/values.ts';
import type { Context } from '../context.ts';
import { didOf, identityOfKey } from '../keys/people.ts';
import { committedReport, submitAs } from '../ledger/submit.ts';
import { shortDid, timeText } from '../output/words.ts';
import type { Report, Session } from '../session.ts';
import { identityShown } from './show.ts';
import { delegatesText } from './words.ts';

const examples = `
A person names who may act for them. For a child whose key the hospital holds, its gateway or privacy officer names a
parent with --as. A delegate acts under a fresh DID that serves this person alone.

Examples:
  $ assent identity delegate add ada pat-for-ada --kind proxy --domain st-mary
  $ assent identity delegate add DID mum-for-mia --kind parent --until 2031-05-04 --domain st-mary --as gateway
  $ assent identity delegate remove ada pat-for-ada --domain st-mary`;

interface Flags {
  readonly domain?: string;
  readonly kind: string;
  readonly until?: number;
}

export function addDelegate(identity: Command, session: Session): void {
  const delegate = identity.command('delegate').description('who acts for a person').addHelpText('after', examples);
  const domain = ['--domain <name>', 'the domain in which the person is known so'] as const;
  delegate
    .command('add <who> <delegate>')
    .description('name a proxy, or a parent of a minor')
    .addOption(new Option('--kind <kind>', 'what the delegate is').choices(['proxy', 'parent']).makeOptionMandatory())
    .option('--until <time>', 'when it ends; a parent always has an end', time)
    .option(...domain)
    .action(session.run(add));
  delegate
    .command('remove <who> <delegate>')
    .description('end it at once: as the person, or with --as the delegate or the custodian that named it')
    .option(...domain)
    .action(session.run(remove));
  delegate
    .command('list <who>')
    .description('who acts for the person now')
    .option(...domain)
    .action(session.run(list));
}

async function add(context: Context, who: string, delegate: string, flags: Flags): Promise<Report> {
  const home = await context.home('read');
  const { domain, kind, until } = flags;
  const { as } = context.options;
  const subject = didOf(home, who, domain);
  const named = { delegate: didOf(home, delegate, undefined), kind, ...(until === undefined ? {} : { until }) };
  const sender = await identityOfKey(home, as ?? who, domain);
  const payload = as === undefined ? named : { ...named, subject, ...(domain === undefined ? {} : { domain }) };
  const receipt = await submitAs(home, sender, 'identity.addDelegate', payload);
  const end = until === undefined ? 'until it is removed' : `until ${timeText(until)}`;
  return committedReport(context.style, receipt, `${delegate} may act for ${who} ${end}.`, { did: subject });
}

async function remove(context: Context, who: string, delegate: string, { domain }: Flags): Promise<Report> {
  const home = await context.home('read');
  const subject = didOf(home, who, domain);
  const sender = await identityOfKey(home, context.options.as ?? who, domain);
  const payload = { subject, delegate: didOf(home, delegate, undefined) };
  const receipt = await submitAs(home, sender, 'identity.removeDelegate', payload);
  return committedReport(context.style, receipt, `${delegate} acts for ${who} no more.`, { did: subject });
}

async function list(context: Context, who: string, { domain }: Flags): Promise<Report> {
  const { did, delegates } = await identityShown(context, who, domain);
  const text = delegatesText(context.style, delegates);
  return { json: { did, delegates }, text: delegates.length === 0 ? `Nobody acts for ${shortDid(did)}.` : text };
}
