import { type Command, Option } from 'commander';
import { AssentError } from '../../base/index.ts';
import { type Consent, type Effect, includedPurposes, isPurpose } from '../../decision/index.ts';
import { actorOf, type ProvisionFlags, provisionOf, provisionOptions } from '../consents/provision.ts';
import { readConsent, readMap } from '../consents/read-consent.ts';
import { sealedIn } from '../consents/sealed.ts';
import type { Context } from '../context.ts';
import { identityOfKey } from '../keys/people.ts';
import { committedReport, submitAs } from '../ledger/submit.ts';
import { shortHash } from '../output/words.ts';
import type { Report, Session } from '../session.ts';
import { findOwnConsent } from './consent.ts';
import { listOf } from './values.ts';

interface NewFlags extends ProvisionFlags {
  readonly domain: string;
  readonly for?: string;
}

interface ImportFlags {
  readonly domain: string;
  readonly map?: string;
  readonly rootType?: Effect;
  readonly supersedes?: readonly string[];
}

/** The verbs that put a content on the ledger. */
export function addConsentChanges(consent: Command, session: Session): void {
  const fresh = (name: string): Command =>
    provisionOptions(consent.command(name))
      .requiredOption('--domain <name>', 'the custodian that it is said to')
      .option('--for <did>', 'act for this person, as a delegate');
  fresh('grant')
    .description('permit, or with --deny deny')
    .option('--deny', 'deny instead of permitting')
    .action(session.run((context, flags: NewFlags & { deny?: boolean }) => add(context, flags)));
  fresh('refuse')
    .description('deny without exceptions; there is room for it when there is none for another grant')
    .action(session.run((context, flags: NewFlags) => add(context, { ...flags, deny: true }, 'consent.refuse')));
  fresh('supersede <consents>')
    .description('put one consent in the place of others (their ids, with commas), in one step')
    .option('--deny', 'deny instead of permitting')
    .action(session.run(supersede));
  provisionOptions(consent.command('amend <consent>'))
    .description('change what a consent says, under its id')
    .option('--deny', 'deny instead of permitting')
    .action(session.run(amend));
  consent
    .command('import <file>')
    .description('grant what a FHIR R4 Consent says, or refuse it with every path that is open')
    .requiredOption('--domain <name>', 'the custodian that it is said to')
    .option('--map <file>', 'JSON that maps its references to keys, DIDs, member:NAME, group:MEMBER/NAME or role:ROLE')
    .addOption(new Option('--root-type <type>', 'what the root is, where it does not say').choices(['permit', 'deny']))
    .option('--supersedes <consents>', 'put it in the place of these', listOf)
    .action(session.run(importFile));
}

async function add(
  context: Context,
  flags: NewFlags & { readonly deny?: boolean },
  kind: 'consent.grant' | 'consent.refuse' = 'consent.grant',
): Promise<Report> {
  const home = await context.home('write');
  const { domain } = flags;
  const sender = await identityOfKey(home, context.required(context.options.as, "--as NAME, the person's key"), domain);
  const subject = flags.for === undefined ? {} : { subject: flags.for };
  const root = provisionOf(home, flags.deny === true ? 'deny' : 'permit', flags);
  const { provision, nested } = sealedIn(home, root, { domain, subject: flags.for ?? sender.did });
  const content = kind === 'consent.refuse' ? { provision } : { provision, nested };
  const receipt = await submitAs(home, sender, kind, { domain, ...subject, ...content });
  const text = `The consent ${shortHash(receipt.id)} is in force in ${domain}.`;
  const includes = flags.deny === true ? '' : includesText(root.purposes);
  return committedReport(context.style, receipt, text + includes, { consent: receipt.id, provision });
}

async function supersede(
  context: Context,
  ids: string,
  flags: NewFlags & { readonly deny?: boolean },
): Promise<Report> {
  const home = await context.home('write');
  const { domain } = flags;
  const as = context.required(context.options.as, "--as NAME, the person's key");
  const sender = await identityOfKey(home, as, domain);
  const supersedes = await ownIds(context, as, listOf(ids));
  const subject = flags.for === undefined ? {} : { subject: flags.for };
  const root = provisionOf(home, flags.deny === true ? 'deny' : 'permit', flags);
  const tree = sealedIn(home, root, { domain, subject: flags.for ?? sender.did });
  const receipt = await submitAs(home, sender, 'consent.supersede', { domain, ...subject, supersedes, ...tree });
  const text = `The consent ${shortHash(receipt.id)} stands in the place of ${supersedes.map(shortHash).join(', ')}.`;
  return committedReport(context.style, receipt, text, { consent: receipt.id, supersedes });
}

async function amend(
  context: Context,
  reference: string,
  flags: ProvisionFlags & { readonly deny?: boolean },
): Promise<Report> {
  const home = await context.home('write');
  const as = context.required(context.options.as, "--as NAME, the person's key");
  const found = await findOwnConsent(context, home, as, reference);
  const sender = await identityOfKey(home, as, found.domain);
  const root = provisionOf(home, flags.deny === true ? 'deny' : 'permit', flags);
  const tree = sealedIn(home, root, { domain: found.domain, subject: found.subject });
  const payload = { consent: found.id, ifVersion: found.version, ...tree };
  const receipt = await submitAs(home, sender, 'consent.amend', payload);
  const version = found.version + 1;
  const text = `The consent ${shortHash(found.id)} says so from now on, as version ${version}.`;
  return committedReport(context.style, receipt, text, { consent: found.id, version });
}

async function importFile(context: Context, file: string, flags: ImportFlags): Promise<Report> {
  const home = await context.home('write');
  const { domain } = flags;
  const as = context.required(context.options.as, "--as NAME, the person's key");
  const sender = await identityOfKey(home, as, domain);
  const map = readMap(flags.map);
  const { policy } = await context.client().domain(domain);
  const read = readConsent(file, {
    timeZone: (policy as { readonly timeZone?: string }).timeZone ?? 'UTC',
    ...(flags.rootType === undefined ? {} : { rootType: flags.rootType }),
    resolve(reference) {
      const mapped = map.get(reference);
      // Whoever signs is the patient; every other reference is mapped, or refused.
      if (mapped !== undefined) return actorOf(home, mapped, domain);
      return reference.startsWith('Patient/') ? sender.did : undefined;
    },
  });
  if (!read.ok) {
    const lines = read.errors.map(({ path, code, message }) => `  ${path || '(the whole)'}: ${message} [${code}]`);
    const text = [`${file} is not taken: what it leaves open, or nobody could evaluate, is refused.`, ...lines].join(
      '\n',
    );
    return { json: { errors: read.errors }, text, exitCode: 1 };
  }
  const { consent } = read;
  if (consent.subject !== sender.did)
    throw new AssentError('usage', `${file} is the consent of ${consent.subject}, not of ${as}.`);
  const tree = sealedIn(home, consent.provision, { domain, subject: sender.did });
  const supersedes = await ownIds(context, as, flags.supersedes ?? []);
  const receipt =
    supersedes.length === 0
      ? await submitAs(home, sender, 'consent.grant', { domain, ...tree })
      : await submitAs(home, sender, 'consent.supersede', { domain, supersedes, ...tree });
  const sealed = [tree.provision, ...tree.nested].filter((one) => one.sealed !== undefined).length;
  const text = `The consent ${shortHash(receipt.id)} is in force in ${domain}: ${countText(consent)}, ${sealed} sealed.`;
  return committedReport(context.style, receipt, text, { consent: receipt.id, ...tree });
}

function countText({ provision }: Consent): string {
  const count = (one: Consent['provision']): number => (one.provisions ?? []).reduce((sum, in_) => sum + count(in_), 1);
  const provisions = count(provision);
  return provisions === 1 ? 'one provision' : `${provisions} provisions`;
}

async function ownIds(context: Context, as: string, references: readonly string[]): Promise<string[]> {
  const home = await context.home('read');
  const found = [];
  for (const reference of references) found.push((await findOwnConsent(context, home, as, reference)).id);
  return found;
}

/** HL7's purposes contain others: whoever grants one is told what they grant with it. */
function includesText(granted: readonly string[] | undefined): string {
  const lines = (granted ?? []).flatMap((purpose) => {
    const included = isPurpose(purpose) ? includedPurposes(purpose).filter((other) => other !== purpose) : [];
    return included.length === 0 ? [] : [` ${purpose} includes ${included.join(', ')}.`];
  });
  return lines.join('');
}
