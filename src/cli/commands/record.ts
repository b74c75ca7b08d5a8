import type { Command } from 'commander';
import { AssentError } from '../../base/index.ts';
import {
  bundleFile,
  custodiansIn,
  defaultDomain,
  type Home,
  importBundles,
  parseEntryReference,
  type TimelineRow,
  timelineOf,
  verifyRecord,
} from '../../demo/index.ts';
import { startOfDate } from '../../fhir/index.ts';
import type { Context } from '../context.ts';
import { type Person, peopleIn, personNamed } from '../keys/people.ts';
import { facts } from '../output/table.ts';
import { timelineTable } from '../output/timeline-table.ts';
import { countText, whenText } from '../output/words.ts';
import type { Report, Session } from '../session.ts';

const examples = `
Examples:
  $ assent record anchor bundle.json --domain st-mary
  $ assent record timeline ada-verstraete      one person, in order of the date of care
  $ assent record timeline                     everybody whose keys are here
  $ assent record verify bundle.json#/entry/3  exits 4 when a byte of the entry was changed`;

export function addRecord(program: Command, session: Session): void {
  const record = program.command('record').description('anchored records').addHelpText('after', examples);
  record
    .command('anchor <files...>')
    .description('anchor every entry of FHIR R4 Bundles, each once')
    .option('--domain <name>', 'the custodian that takes them in')
    .action(session.run(anchor));
  record
    .command('timeline [subject]')
    .description('what is anchored for a person, in order of the date of care; by key or DID')
    .action(session.run(timeline));
  record
    .command('verify <entry>')
    .description('whether FILE#/entry/N is, byte for byte or in content, what was anchored')
    .action(session.run(verify));
}

async function anchor(context: Context, files: string[], flags: { domain?: string }): Promise<Report> {
  const home = await context.home('write');
  const domain = flags.domain ?? defaultDomain(home);
  const custodian = custodiansIn(home).find((candidate) => candidate.domain === domain);
  if (custodian === undefined)
    throw new AssentError(
      'key-unknown',
      `The keystore holds no governance and gateway key of the custodian of ${domain}.`,
    );
  const sources = await Promise.all(files.map((file) => bundleFile(context.path(file))));
  const progress = context.progress('Anchoring records');
  try {
    const { patients, ...counts } = await importBundles(home, custodian, sources, ({ doneBytes, totalBytes, file }) =>
      progress.update(totalBytes === 0 ? 1 : doneBytes / totalBytes, file),
    );
    return {
      json: { domain, ...counts, patients: patients.map(({ key, identity }) => ({ key, did: identity.did })) },
      text: `${countText(counts.anchored, 'entry', 'entries')} anchored in ${domain}, ${counts.skipped} were there before.`,
    };
  } finally {
    progress.finish();
  }
}

async function timeline(context: Context, subject: string | undefined): Promise<Report> {
  const home = await context.home('read');
  const domains = (await context.client().domains()).domains.map(({ name }) => name);
  const wanted = subject ?? context.options.as;
  const people = wanted === undefined ? await peopleIn(home, domains) : [await personNamed(home, wanted, domains)];
  const rows = await rowsOf(home, people);
  return { json: { entries: rows }, text: timelineTable(context.style, rows) };
}

/** The timelines of several people as one, by date of care; what has none comes last. */
async function rowsOf(home: Home, people: readonly Person[]): Promise<(TimelineRow & { readonly patient: string })[]> {
  const rows: (TimelineRow & { readonly patient: string })[] = [];
  for (const { title, dids } of people)
    rows.push(...(await timelineOf(home, dids)).map((row) => ({ ...row, patient: title })));
  const startOf = ({ date }: TimelineRow): number =>
    (date === undefined ? undefined : startOfDate(date)) ?? Number.MAX_SAFE_INTEGER;
  return rows.sort((left, right) => startOf(left) - startOf(right));
}

async function verify(context: Context, text: string): Promise<Report> {
  const { path, index } = parseEntryReference(text);
  const home = await context.home('read');
  const verified = await verifyRecord(home, { path: context.path(path), index });
  const { style } = context;
  const how = verified.matched === 'fhir-source' ? 'byte for byte' : 'in content, though written anew';
  const report = facts(style, [
    ['type', verified.resourceType],
    ['date of care', verified.date],
    ['domain', verified.domain],
    ['subject', verified.subject],
    ['event', verified.eventId],
    ['anchored', `${whenText(verified.anchoredAt, context.nowMs)}, block ${verified.height}`],
  ]);
  return {
    json: { verified: true, ...verified },
    text: `${style.good('Verified')}: the entry is what was anchored, ${how}.\n\n${report}`,
  };
}
