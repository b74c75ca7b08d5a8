import { type Command, Option } from 'commander';
import { keyHolders } from '../../contracts/index.ts';
import type { Context } from '../context.ts';
import { didOf, gatewayOf, identityOfKey } from '../keys/people.ts';
import { commitTo, eventIdOf } from '../ledger/commit.ts';
import { committedReport, submitAs } from '../ledger/submit.ts';
import type { Report, Session } from '../session.ts';
import { time } from './values.ts';

interface DomainFlags {
  readonly domain: string;
}

interface ReasonFlags extends DomainFlags {
  readonly reason: string;
}

/** Verbs about a link that is there: unlink, merge, unmerge, and who holds the key. */
export function addSubjectActs(subject: Command, session: Session): void {
  withReason(subject.command('unlink <subject>'))
    .description('end the link of a person; nothing more is logged for them, except what puts things right')
    .action(session.run(unlink));
  withReason(subject.command('merge <surviving> <absorbed>'))
    .description('two people known to the domain are one: the first has the chart of the second, too')
    .action(session.run(merge));
  withReason(subject.command('unmerge <surviving> <absorbed>'))
    .description('undo a merge, as the custodian or as one of the two (--as)')
    .action(session.run(unmerge));
  inDomain(subject.command('agree <subject>'))
    .description('let the custodian merge a person who holds the key into another')
    .requiredOption('--into <surviving>', 'into whom, by key or DID')
    .addOption(new Option('--until <time>', 'how long, at most 30 days').default(undefined, '7d').argParser(time))
    .action(session.run(agree));
  inDomain(subject.command('hand-over <subject>'))
    .description('say who holds the key of a person now; after the key was changed')
    .addOption(new Option('--to <who>', 'who holds it now').choices(keyHolders).makeOptionMandatory())
    .action(session.run(handOver));
}

function inDomain(command: Command): Command {
  return command.requiredOption('--domain <name>', 'the domain');
}

function withReason(command: Command): Command {
  return inDomain(command).requiredOption('--reason <text>', 'why; the ledger gets a salted commitment to it');
}

async function unlink(context: Context, text: string, { domain, reason }: ReasonFlags): Promise<Report> {
  const home = await context.home('write');
  const subject = didOf(home, text, domain);
  const committed = commitTo(home, 'unlink', eventIdOf(home, undefined), reason);
  const gateway = await gatewayOf(home, context.options.as, domain);
  const receipt = await submitAs(home, gateway, 'enrolment.unlink', { domain, subject, reason: committed });
  return committedReport(context.style, receipt, `${text} is no longer linked to ${domain}.`, { subject });
}

async function merge(context: Context, surviving: string, absorbed: string, flags: ReasonFlags): Promise<Report> {
  const receipt = await submitMerge(context, 'enrolment.merge', surviving, absorbed, flags);
  return committedReport(context.style, receipt, `${surviving} has the chart of ${absorbed}, too.`);
}

async function unmerge(context: Context, surviving: string, absorbed: string, flags: ReasonFlags): Promise<Report> {
  const receipt = await submitMerge(context, 'enrolment.unmerge', surviving, absorbed, flags);
  return committedReport(context.style, receipt, `${surviving} and ${absorbed} are two again, as before.`);
}

async function submitMerge(
  context: Context,
  kind: string,
  surviving: string,
  absorbed: string,
  { domain, reason }: ReasonFlags,
) {
  const home = await context.home('write');
  return submitAs(home, await gatewayOf(home, context.options.as, domain), kind, {
    domain,
    surviving: didOf(home, surviving, domain),
    absorbed: didOf(home, absorbed, domain),
    reason: commitTo(home, 'merge', eventIdOf(home, undefined), reason),
  });
}

interface AgreeFlags extends DomainFlags {
  readonly into: string;
  readonly until?: number;
}

async function agree(
  context: Context,
  text: string,
  { domain, into, until = time('7d') }: AgreeFlags,
): Promise<Report> {
  const home = await context.home('write');
  const subject = await identityOfKey(home, text, domain);
  const surviving = didOf(home, into, domain);
  const receipt = await submitAs(home, subject, 'enrolment.agreeToMerge', { domain, surviving, until });
  return committedReport(context.style, receipt, `${text} lets ${domain} merge them into ${into}.`, { until });
}

async function handOver(context: Context, text: string, { domain, to }: DomainFlags & { to: string }): Promise<Report> {
  const home = await context.home('write');
  const subject = didOf(home, text, domain);
  const sender = await gatewayOf(home, context.options.as, domain);
  const receipt = await submitAs(home, sender, 'enrolment.changeKeyHolder', { domain, subject, keyHolder: to });
  return committedReport(context.style, receipt, `The key of ${text} is held by: ${to}.`, { subject });
}
