import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { evaluateConsent } from '../../../src/decision/evaluate.ts';
import {
  type Consent,
  type DecisionRequest,
  decide,
  type LintFinding,
  lintConsent,
  type Provision,
  type ResourceFacts,
} from '../../../src/decision/index.ts';
import { readConsents } from '../../../src/decision/read-consents.ts';
import { readRequest } from '../../../src/decision/request.ts';
import { scopingOf } from '../../../src/decision/scope.ts';
import { Targets } from '../../../src/decision/target.ts';
import { provisions, requests } from './draw.ts';

const list = (...values: readonly string[]): fc.Arbitrary<string[]> => fc.subarray([...values]);

/** Of which everything is known. */
const knownResources: fc.Arbitrary<ResourceFacts> = fc.record({
  reference: fc.constantFrom('Observation/a', 'Condition/c'),
  date: fc.constantFrom('2021', '2022-05-01', '2022', '2024-02'),
  authors: list('dr', 'other'),
  related: list('Observation/a', 'Encounter/b'),
  confidentiality: fc.constantFrom('U', 'N', 'R', 'V'),
  sensitivity: list('PSY', 'HIV', 'MH'),
  class: list('urn:c|one', 'urn:c|two'),
  codes: list('urn:k|one', 'urn:k|three'),
  categories: list('medications', 'imaging'),
});
const knownRequests: fc.Arbitrary<DecisionRequest> = fc
  .tuple(requests, knownResources)
  .map(([request, resource]) => ({ ...request, resources: [resource] }));

function placesOf(path: string): number[] {
  return [...path.matchAll(/provision\[(\d+)\]/g)].map(([, place]) => Number(place));
}

/** The root without the provision at these places. */
function without(root: Provision, [place, ...inner]: readonly number[]): Provision {
  const provisions = (root.provisions ?? []).flatMap((one, index) => {
    if (index !== place) return [one];
    return inner.length === 0 ? [] : [without(one, inner)];
  });
  return { ...root, provisions };
}

/** With what a check finds, more often than chance has it. */
const suspicious: fc.Arbitrary<Provision> = fc.oneof(
  provisions,
  fc.tuple(provisions, provisions).map(([one, other]): Provision => ({ ...one, provisions: [other, one, other] })),
  fc.tuple(provisions, provisions).map(([one, { provisions: _, ...leaf }]): Provision => {
    const permit: Provision = { ...leaf, type: 'permit' };
    return { ...one, type: 'deny', provisions: [permit] };
  }),
  provisions.map(({ provisions: _, labels: __, ...leaf }): Provision => {
    const beside: Provision[] = [
      { ...leaf, type: 'permit' },
      { ...leaf, type: 'deny' },
    ];
    return { type: 'permit', provisions: beside };
  }),
);

const idle = ['never-matches', 'never-holds', 'always-denied', 'duplicate-provision'];

function found(provision: Provision): readonly LintFinding[] {
  return lintConsent({ subject: 'patient', provision });
}

describe('what a check says of a provision', () => {
  it('is true: one that it calls idle decides nothing', () => {
    const seen = new Map<string, number>();
    fc.assert(
      fc.property(suspicious, fc.array(knownRequests, { minLength: 6, maxLength: 6 }), (provision, asked) => {
        for (const { code, path } of found(provision)) {
          const places = placesOf(path);
          if (!idle.includes(code) || places.length === 0) continue;
          seen.set(code, (seen.get(code) ?? 0) + 1);
          const rest = without(provision, places);
          for (const request of asked)
            for (const implicit of ['permit', 'deny'] as const) {
              const decided = (root: Provision): string[] =>
                decide({
                  consents: [{ subject: 'patient', provision: root }],
                  request,
                  policy: { implicit },
                }).resources.map(({ decision, by }) => `${decision} ${by}`);
              expect(decided(rest)).toEqual(decided(provision));
            }
        }
      }),
      { numRuns: 1000, seed: 1 },
    );
    expect([...seen.keys()].sort()).toEqual([...idle].sort());
  });

  it('is true of a record, too, of which something is unknown: an idle provision is not what decides', () => {
    fc.assert(
      fc.property(suspicious, requests, (provision, request) => {
        const paths = found(provision).filter(({ code }) => idle.includes(code) && code !== 'duplicate-provision');
        const given = { consents: [{ subject: 'patient', provision }], request, policy: { implicit: 'deny' as const } };
        for (const { decision, determining } of decide(given).resources)
          for (const { path } of decision === 'indeterminate' ? [] : determining)
            expect(paths.map((one) => one.path.replace(/\.(period|purpose|action)$/, ''))).not.toContain(path);
      }),
      { numRuns: 1000 },
    );
  });

  it('leaves out no two opposites that can both hold', () => {
    let overlaps = 0;
    const holds = (provision: Provision, request: DecisionRequest): boolean => {
      const question = readRequest(request);
      const [consent] = readConsents([{ subject: 'patient', provision }]);
      const [resource] = question.resources;
      if (consent === undefined || resource === undefined) throw new Error('there are both');
      const { permit, deny } = evaluateConsent(consent.provision, new Targets(question), scopingOf(resource));
      return permit !== undefined || deny !== undefined;
    };
    const leaf = provisions.map(({ provisions: _, ...own }) => own);
    const leaves = fc.tuple(leaf, leaf).map(([one, other]): [Provision, Provision] => [
      { ...one, type: 'permit' },
      { ...other, type: 'deny' },
    ]);
    fc.assert(
      fc.property(leaves, fc.array(knownRequests, { minLength: 8, maxLength: 8 }), (pair, asked) => {
        const codes = found({ type: 'permit', provisions: pair }).map(({ code }) => code);
        const isSaid = codes.includes('opposites-overlap') || codes.includes('always-denied');
        if (isSaid) overlaps += 1;
        for (const request of asked) if (pair.every((one) => holds(one, request))) expect(isSaid).toBe(true);
      }),
      { numRuns: 1500 },
    );
    expect(overlaps).toBeGreaterThan(50);
  });
});

const labels = (
  confidentiality: readonly ('N' | 'R' | 'V')[],
  ...sensitivity: string[]
): NonNullable<Provision['labels']> => ({
  confidentiality,
  sensitivity,
});

function brief(provision: Provision): string[] {
  return found(provision).map(({ code, path }) => `${code} ${path}`);
}

describe('a check of a consent', () => {
  it('finds what nothing can fit', () => {
    const root: Provision = {
      type: 'permit',
      period: { until: 1000 },
      purposes: ['HRESCH'],
      actions: ['use'],
      provisions: [
        { type: 'deny', period: { from: 1000 } },
        { type: 'deny', purposes: ['ETREAT', 'urn:x|local'] },
        { type: 'deny', actions: ['access'] },
        { type: 'deny', purposes: ['CLINTRCH'] },
      ],
    };
    expect(brief(root).filter((one) => one.startsWith('never'))).toEqual([
      'never-matches provision.provision[0].period',
      'never-matches provision.provision[1].purpose',
      'never-matches provision.provision[2].action',
    ]);
  });

  it('takes nobody for one person: a doctor is of an organisation, too', () => {
    const root: Provision = {
      type: 'deny',
      actors: ['Organization/a'],
      provisions: [{ type: 'permit', actors: ['dr'] }],
    };
    expect(brief(root)).toEqual(['revocation-opens provision']);
  });

  it('finds an exception from what was not denied', () => {
    const root = (permit: Partial<Provision>): Provision => ({
      type: 'deny',
      labels: labels(['R']),
      dataPeriod: { from: 1000 },
      provisions: [{ type: 'permit', ...permit }],
    });
    for (const permit of [{ labels: labels(['N']) }, { dataPeriod: { until: 1000 } }])
      expect(brief(root(permit))).toContain('never-holds provision.provision[0]');
    for (const permit of [{ labels: labels(['R']) }, { labels: labels(['N'], 'PSY') }, { dataPeriod: { until: 1001 } }])
      expect(brief(root(permit))).not.toContain('never-holds provision.provision[0]');
  });

  it('finds a permit that a denial beside it takes back, and one that it takes back in part', () => {
    const beside = (permit: Partial<Provision>, deny: Partial<Provision>): string[] =>
      brief({
        type: 'permit',
        provisions: [
          { type: 'permit', ...permit },
          { type: 'deny', ...deny },
        ],
      }).filter((one) => !one.startsWith('revocation') && !one.startsWith('purpose'));
    const beaten = ['always-denied provision.provision[0]'];
    const overlapping = ['opposites-overlap provision.provision[0]'];
    expect(beside({ purposes: ['ETREAT'] }, { purposes: ['TREAT'] })).toEqual(beaten);
    expect(beside({ purposes: ['TREAT'] }, { purposes: ['ETREAT'] })).toEqual(overlapping);
    expect(beside({ actors: ['dr'] }, { actors: ['dr', 'nurse'] })).toEqual(beaten);
    expect(beside({ actors: ['dr'] }, { purposes: ['HRESCH'] })).toEqual(overlapping);
    expect(beside({ labels: labels([], 'MH') }, { labels: labels([], 'SPI') })).toEqual(beaten);
    expect(beside({ labels: labels(['N']) }, { labels: labels(['N']) })).toEqual(overlapping);
    expect(beside({ labels: labels(['N']) }, { labels: labels(['R']) })).toEqual([]);
    expect(beside({ purposes: ['BTG'] }, { purposes: ['HRESCH'] })).toEqual([]);
    expect(beside({}, { provisions: [{ type: 'permit', actors: ['dr'] }] })).toEqual(overlapping);
    for (const name of ['codes', 'classes', 'categories'] as const) {
      expect(beside({ [name]: ['a'] }, { [name]: ['b', 'a'] })).toEqual(beaten);
      expect(beside({ [name]: ['a'] }, { [name]: ['b'] })).toEqual(overlapping);
      expect(beside({}, { [name]: ['a'] })).toEqual(overlapping);
    }
    expect(beside({ dataPeriod: { until: 500 } }, { dataPeriod: { until: 1000 } })).toEqual(beaten);
    expect(beside({ dataPeriod: { until: 1001 } }, { dataPeriod: { until: 1000 } })).toEqual(overlapping);
    expect(beside({ dataPeriod: { until: 1000 } }, { dataPeriod: { from: 1, until: 1000 } })).toEqual(overlapping);
    expect(beside({}, { dataPeriod: { until: 1000 } })).toEqual(overlapping);
    expect(beside({ dataPeriod: { from: 1000 } }, { dataPeriod: { until: 1000 } })).toEqual([]);
    const about = (reference: string, meaning: 'instance' | 'related'): Partial<Provision> => ({
      data: [{ meaning, reference }],
    });
    expect(beside(about('a/1', 'related'), about('a/1', 'related'))).toEqual(beaten);
    expect(beside(about('a/1', 'instance'), about('a/2', 'related'))).toEqual(overlapping);
    expect(beside(about('a/1', 'instance'), about('a/2', 'instance'))).toEqual([]);
  });

  it('finds what is said twice, in whatever order', () => {
    const [one, other]: Provision[] = [
      { type: 'deny', actors: ['a', 'b'], codes: ['x|1'] },
      { type: 'deny', actors: ['b', 'a'], codes: ['x|1'] },
    ];
    expect(brief({ type: 'permit', provisions: [one as Provision, other as Provision] })).toEqual([
      'duplicate-provision provision.provision[1]',
      'revocation-opens provision.provision[0]',
    ]);
  });

  it('says what a purpose includes, and what taking it back opens', () => {
    const [treat] = found({ type: 'permit', purposes: ['TREAT', 'BTG'] });
    expect(treat).toEqual({
      code: 'purpose-includes-more',
      path: 'provision.purpose[0]',
      message: 'TREAT permits CLINTRL, COC, ETREAT, BTG, ERTREAT, POPHLTH as well.',
    });
    expect(brief({ type: 'permit', provisions: [{ type: 'deny', actors: ['dr'] }] })).toContain(
      'revocation-opens provision.provision[0]',
    );
    expect(brief({ type: 'permit', purposes: ['BTG'] })).toEqual([]);
  });

  it('takes a FHIR consent, whose refusals are findings', () => {
    const fhir = {
      resourceType: 'Consent',
      status: 'active',
      scope: { coding: [{ system: 'http://terminology.hl7.org/CodeSystem/consentscope', code: 'patient-privacy' }] },
      category: [],
      patient: { reference: 'Patient/1' },
      provision: { purpose: [{ system: 'http://terminology.hl7.org/CodeSystem/v3-ActReason', code: 'TREAT' }] },
    };
    const codes = (options?: { rootType: 'permit' }): string[] =>
      lintConsent(fhir, options).map(({ code, path }) => `${code} ${path}`);
    expect(codes()).toEqual(['root-type-ambiguous provision.type']);
    expect(codes({ rootType: 'permit' })).toEqual(['purpose-includes-more provision.purpose[0]']);
  });

  it('refuses what is no consent', () => {
    for (const wrong of [undefined, null, {}, { subject: 'patient', provision: { type: 'perhaps' } }])
      expect(() => lintConsent(wrong as unknown as Consent)).toThrow(
        expect.objectContaining({ code: 'decision-input-invalid' }),
      );
  });
});
