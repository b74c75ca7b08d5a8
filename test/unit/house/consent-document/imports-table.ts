import { basename } from 'node:path';
import { AssentError } from '../../../../src/base/index.ts';
import { sealProvisions } from '../../../../src/contracts/consent/sealing.ts';
import { builtInContracts } from '../../../../src/contracts/index.ts';
import { type Consent, normalizeConsent, type Provision, type Refusal } from '../../../../src/decision/index.ts';
import { listJson, readJson } from '../../../support/vectors.ts';

const hl7 = 'fhir-r4-examples/consent';
const pcf = 'ihe/pcf-consent';

/** Folders of the published examples. */
export const exampleFolders: readonly string[] = [hl7, pcf];

/** What becomes of every published example, imported with its references mapped and nothing else said. */
export function importsTables(): string {
  return [
    section("HL7's own examples (FHIR R4)", hl7, 'Consent-consent-example-'),
    section('Examples of IHE PCF', pcf, 'Consent-ex-'),
  ].join('\n\n');
}

function section(title: string, folder: string, prefix: string): string {
  const rows = listJson(folder).map((file) => {
    const name = basename(file, '.json')
      .replace(prefix, '')
      .replace(/^consent-/, '');
    return `| ${name} | ${becomes(readJson(file)).replaceAll('|', '\\|')} |`;
  });
  return `### ${title}\n\n| example | what becomes of it |\n|---|---|\n${rows.join('\n')}`;
}

function becomes(fhirConsent: unknown): string {
  const plain = normalizeConsent(fhirConsent);
  if (!plain.ok) {
    const isTakenWithType = normalizeConsent(fhirConsent, { rootType: 'permit' }).ok;
    const way = isTakenWithType ? ' Taken where the importer says what the root is.' : '';
    return `**Refused.** ${reasons(plain.errors)}${way}`;
  }
  const refused = refusedByLedger(fhirConsent);
  const says = inWords(plain.consent.provision);
  return refused === undefined ? `**Imported**: ${says}.` : `**Refused.** ${refused} It says: ${says}.`;
}

/** Whether the ledger takes it, where every reference stands for an organisation of the ledger. */
function refusedByLedger(fhirConsent: unknown): string | undefined {
  const mapped = normalizeConsent(fhirConsent, { resolve: () => 'member:st-mary' });
  if (!mapped.ok) return reasons(mapped.errors);
  const { provision, nested } = sealProvisions(mapped.consent.provision, () => new Uint8Array(32));
  try {
    builtInContracts.payloadFromJson('consent.grant', { domain: 'st-mary', provision, nested });
    return undefined;
  } catch (thrown) {
    if (!(thrown instanceof AssentError)) throw thrown;
    return `The ledger has no place for \`${String(thrown.data['path'])}\`.`;
  }
}

/** One sentence for each reason, with where it is found. */
function reasons(refusals: readonly Refusal[]): string {
  const byMessage = new Map<string, string[]>();
  for (const { path, message } of refusals) byMessage.set(message, [...(byMessage.get(message) ?? []), path]);
  return [...byMessage].map(([message, paths]) => `${message} (${shortened(paths)})`).join(' ');
}

function shortened(paths: readonly string[]): string {
  const [first = '', second, ...rest] = paths.map((path) => `\`${path}\``);
  if (second === undefined) return first;
  return rest.length === 0 ? `${first}, ${second}` : `${first} and ${rest.length + 1} more`;
}

function inWords(provision: Consent['provision']): string {
  const inner = (provision.provisions ?? []).map((one) => `; except: ${inWords(one)}`).join('');
  return `${provision.type}${clauses(provision)}${inner}`;
}

function clauses({ actors, purposes, actions, labels, data, dataPeriod, period, classes, codes }: Provision): string {
  const levels = [...(labels?.confidentiality ?? []), ...(labels?.sensitivity ?? [])];
  const stated: [string, readonly string[] | undefined][] = [
    [' to ', actors],
    [' for ', purposes],
    [' to do: ', actions],
    [', labelled ', levels.length > 0 ? levels : undefined],
    [', class ', classes],
    [', code ', codes],
    [', records: ', data?.map(({ meaning, reference }) => `${meaning} ${reference}`)],
  ];
  const lists = stated.flatMap(([word, values]) => (values === undefined ? [] : [`${word}${listed(values)}`]));
  return [...lists, intervalInWords(', dated ', dataPeriod), intervalInWords(', in force ', period)].join('');
}

function listed(values: readonly string[]): string {
  const shown = values.slice(0, 4).join(', ');
  return values.length > 4 ? `${shown} and ${values.length - 4} more` : shown;
}

function intervalInWords(
  word: string,
  interval: { readonly from?: number; readonly until?: number } | undefined,
): string {
  if (interval === undefined) return '';
  const day = (atMs: number): string => new Date(atMs).toISOString().slice(0, 10);
  const from = interval.from === undefined ? '' : `from ${day(interval.from)}`;
  const until = interval.until === undefined ? '' : `before ${day(interval.until)}`;
  return `${word}${[from, until].filter((part) => part !== '').join(' and ')}`;
}
