import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { assert } from '../../../src/base/index.ts';
import { type Consent, type DecisionRequest, decide, type Provision, purposes } from '../../../src/decision/index.ts';
import { hasVectors, readJson } from '../../support/vectors.ts';
import { exampleFolders, importsTables } from './consent-document/imports-table.ts';
import { purposeNames } from './consent-document/purpose-names.ts';
import { purposesTable } from './consent-document/purposes-table.ts';

const file = join(import.meta.dirname, '../../../docs/consent.md');
const hasExamples = exampleFolders.every(hasVectors);

/** The document with what stands between the marks of a section written anew. */
function withSection(document: string, name: string, content: string): string {
  const [begin, end] = [document.indexOf(`<!-- ${name}: `), document.indexOf(`<!-- ${name} end -->`)];
  assert(begin >= 0 && end > begin, `docs/consent.md has no section ${name}`);
  const contentFrom = document.indexOf('-->', begin) + '-->'.length;
  return `${document.slice(0, contentFrom)}\n\n${content}\n\n${document.slice(end)}`;
}

describe('docs/consent.md', () => {
  const document = readFileSync(file, 'utf8');

  /** `npx vitest run test/unit/house -u` after a change. The table of imports is written only where the examples are. */
  it('holds the tables that the rules make', async () => {
    const anew = withSection(document, 'purposes', purposesTable());
    await expect(hasExamples ? withSection(anew, 'imports', importsTables()) : anew).toMatchFileSnapshot(file);
  });

  it.skipIf(!hasExamples)('says of every published example what becomes of it', () => {
    const tables = importsTables();
    expect(tables.match(/\| \*\*(Imported|Refused)/g)).toHaveLength(12 + 23);
  });

  it.skipIf(!hasVectors('fhir-r4-examples/terminology'))('calls purposes what HL7 calls them', () => {
    const { concept } = readJson<{ concept: Concept[] }>(
      'fhir-r4-examples/terminology',
      'CodeSystem-v3-ActReason.json',
    );
    const displays = new Map(flat(concept).map(({ code, display }) => [code, display]));
    for (const code of purposes) expect(purposeNames[code], code).toBe(displays.get(code));
  });
});

interface Concept {
  readonly code: string;
  readonly display: string;
  readonly concept?: readonly Concept[];
}

function flat(concepts: readonly Concept[]): Concept[] {
  return concepts.flatMap((one) => [one, ...flat(one.concept ?? [])]);
}

describe('its examples come out as told:', () => {
  const treatment = { type: 'permit', purposes: ['TREAT'] } as const;
  const normal = { labels: { confidentiality: ['N'], sensitivity: [] } } as const;
  const psychiatry = { labels: { confidentiality: [], sensitivity: ['PSY'] } } as const;

  function decisionOf(
    provisions: readonly Provision[],
    who: string,
    resource: Omit<DecisionRequest['resources'][number], 'reference'>,
    more: { readonly implicit?: 'permit'; readonly purpose?: string } = {},
  ): string {
    const consents = provisions.map((provision, place): Consent => ({ id: `c${place}`, subject: 'ada', provision }));
    const { decision } = decide({
      consents,
      policy: { implicit: more.implicit ?? 'deny' },
      request: {
        subject: 'ada',
        at: '2026-03-01T10:00:00Z',
        purpose: more.purpose ?? 'TREAT',
        action: 'access',
        requester: { references: [who, 'member:st-mary'], roles: ['clinician'] },
        resources: [{ reference: 'Observation/1', ...resource }],
      },
    });
    return decision;
  }

  const plain = { confidentiality: 'N', sensitivity: [] };
  const restricted = { confidentiality: 'R', sensitivity: [] };

  it('a denial beats a permit, in any order', () => {
    const said: Provision[] = [
      { ...treatment, actors: ['member:st-mary'] },
      { type: 'deny', actors: ['dr-xavier'] },
    ];
    expect(decisionOf(said, 'dr-xavier', plain)).toBe('deny');
    expect(decisionOf([...said].reverse(), 'dr-xavier', plain)).toBe('deny');
    expect(decisionOf(said, 'dr-lee', plain)).toBe('permit');
  });

  it('a permit beats a weak denial', () => {
    const said: Provision[] = [
      { ...treatment, actors: ['member:st-mary'], ...normal },
      { ...treatment, actors: ['dr-lee'] },
    ];
    expect(decisionOf(said, 'dr-lee', restricted)).toBe('permit');
    expect(decisionOf(said, 'dr-ng', restricted)).toBe('deny');
  });

  it("a weak denial beats the domain's own rule", () => {
    const of2024 = { dataPeriod: { from: Date.parse('2024-01-01'), until: Date.parse('2025-01-01') } };
    const old = { ...plain, date: '2019-05-01' };
    expect(decisionOf([{ ...treatment, ...of2024 }], 'dr-ng', old, { implicit: 'permit' })).toBe('deny');
    expect(decisionOf([], 'dr-ng', old, { implicit: 'permit' })).toBe('permit');
  });

  it('what is unknown is not released, and makes no difference where it cannot', () => {
    const said: Provision[] = [treatment, { type: 'deny', ...psychiatry }, { type: 'deny', purposes: ['HRESCH'] }];
    expect(decisionOf(said, 'dr-ng', {})).toBe('indeterminate');
    expect(decisionOf(said, 'dr-ng', plain)).toBe('permit');
    expect(decisionOf(said, 'dr-ng', { confidentiality: 'N', sensitivity: ['PSY'] })).toBe('deny');
    expect(decisionOf(said, 'dr-ng', {}, { purpose: 'HRESCH' })).toBe('deny');
  });

  it('treatment without trials, and psychiatry to one physician alone', () => {
    const said: Provision = {
      ...treatment,
      actors: ['member:st-mary'],
      provisions: [
        { type: 'deny', purposes: ['CLINTRL'] },
        { type: 'deny', actors: ['dr-xavier'] },
        { type: 'deny', ...psychiatry, provisions: [{ type: 'permit', actors: ['dr-lee'] }] },
      ],
    };
    const psychiatric = { confidentiality: 'N', sensitivity: ['PSY'] };
    expect(decisionOf([said], 'dr-ng', plain)).toBe('permit');
    expect(decisionOf([said], 'dr-ng', plain, { purpose: 'CLINTRL' })).toBe('deny');
    expect(decisionOf([said], 'dr-xavier', plain)).toBe('deny');
    expect(decisionOf([said], 'dr-ng', psychiatric)).toBe('deny');
    expect(decisionOf([said], 'dr-lee', psychiatric)).toBe('permit');
  });
});
