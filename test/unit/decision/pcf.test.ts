import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import {
  type Consent,
  type DecisionRequest,
  decide,
  normalizeConsent,
  type ResourceFacts,
} from '../../../src/decision/index.ts';
import { hasVectors, readJson } from '../../support/vectors.ts';

/** Whom a row's word stands for: the agent, and what it belongs to. */
const askers: Readonly<Record<string, readonly string[]>> = {
  other: ['Practitioner/somebody-else', 'Organization/ex-organization'],
  dr: ['Practitioner/ex-practitioner', 'Organization/ex-organization'],
  privileged: ['Practitioner/somebody-else', 'Group/ex-privilegedUsers'],
  researcher: ['Practitioner/somebody-else', 'Organization/ex-org-researcher'],
  nurse: ['Practitioner/f204', 'Organization/ex-organization'],
  f001: ['Practitioner/somebody-else', 'Organization/f001'],
};

const levels = ['U', 'L', 'M', 'N', 'R', 'V'];

function recordOf(text: string): ResourceFacts {
  const words = text === '-' ? [] : text.split(',');
  const value = (name: string): string | undefined =>
    words.find((word) => word.startsWith(`${name}=`))?.slice(name.length + 1);
  const list = (name: string): readonly string[] | undefined =>
    value(name)
      ?.split(';')
      .filter((item) => item !== '');
  const bare = words.filter((word) => !word.includes('='));
  const confidentiality = bare.find((word) => levels.includes(word));
  const sensitivity = bare.filter((word) => !levels.includes(word) && word !== 'none');
  const [start, end] = value('date')?.split('/') ?? [];
  const [authors, related] = [list('by'), list('rel')];
  return {
    reference: value('ref') ?? 'Observation/of-the-row',
    ...(confidentiality !== undefined && { confidentiality }),
    ...((sensitivity.length > 0 || bare.includes('none')) && { sensitivity }),
    ...(start !== undefined && { date: end === undefined ? start : { start, end } }),
    ...(authors && { authors }),
    ...(related && { related }),
  };
}

const table = readFileSync(join(import.meta.dirname, 'pcf-outcomes.txt'), 'utf8');
const rows = table
  .split(/^= /m)
  .slice(1)
  .flatMap((section) => {
    const [consent = '', ...lines] = section.trim().split('\n');
    return lines.map((line) => [consent, line] as const);
  });

describe.skipIf(!hasVectors('ihe/pcf-consent') || !hasVectors('fhir-r4-examples/consent'))(
  'the consents of IHE PCF',
  () => {
    it('have at least 150 rows', () => expect(rows.length).toBeGreaterThanOrEqual(150));

    it.each(rows)('%s: %s', (names, row) => {
      const [purpose = '', who = '', record = '', expected, ...options] = row.split(' ');
      const option = (key: string): string | undefined =>
        options.find((one) => one.startsWith(`${key}=`))?.slice(key.length + 1);
      const timeZone = option('zone') ?? 'UTC';
      const { decision, resources } = decide({
        consents: names.split(' + ').map((name) => consentNamed(name, timeZone)),
        policy: { implicit: option('implicit') === 'permit' ? 'permit' : 'deny', timeZone },
        request: {
          subject: 'Patient/ex-patient',
          at: option('at') ?? '2022-06-15T12:00:00Z',
          purpose,
          action: (option('action') ?? 'access') as DecisionRequest['action'],
          requester: { references: askers[who] ?? [], roles: [] },
          resources: [recordOf(record)],
        },
      });
      expect(decision).toBe(expected);
      expect(resources[0]?.decision).toBe(expected);
    });
  },
);

function consentNamed(name: string, timeZone: string): Consent {
  const [isHl7, hl7Name, rootType] = name.startsWith('hl7/') ? name.split('/') : [];
  const fhirConsent = isHl7
    ? readJson('fhir-r4-examples', 'consent', `Consent-consent-example-${hl7Name}.json`)
    : readJson('ihe', 'pcf-consent', fileOf(name));
  const normalized = normalizeConsent(fhirConsent, {
    timeZone,
    ...(rootType !== undefined && { rootType: rootType === 'permit' ? 'permit' : 'deny' }),
    resolve: (reference) => (reference.startsWith('Patient/') ? 'Patient/ex-patient' : reference),
  });
  if (!normalized.ok) throw new Error(JSON.stringify(normalized.errors));
  return normalized.consent;
}

function fileOf(name: string): string {
  return name.startsWith('dissent') ? `Consent-ex-${name}.json` : `Consent-ex-consent-${name}.json`;
}
