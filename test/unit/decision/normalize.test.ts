import { describe, expect, it } from 'vitest';
import { type NormalizeOptions, normalizeConsent } from '../../../src/decision/index.ts';
import { hasVectors, listJson, readJson } from '../../support/vectors.ts';

const v3 = (system: string, code: string): object => ({
  system: `http://terminology.hl7.org/CodeSystem/${system}`,
  code,
});
const recipient = { coding: [v3('v3-ParticipationType', 'IRCP')] };

function fhir(provision: object | undefined, more: object = {}): object {
  return {
    resourceType: 'Consent',
    id: 'c1',
    status: 'active',
    scope: { coding: [v3('consentscope', 'patient-privacy')] },
    category: [{ coding: [{ system: 'http://loinc.org', code: '59284-0' }] }],
    patient: { reference: 'Patient/p' },
    ...(provision && { provision }),
    ...more,
  };
}

function refusals(consent: unknown, options?: NormalizeOptions): string[] {
  const normalized = normalizeConsent(consent, options);
  return normalized.ok ? [] : normalized.errors.map(({ path, code }) => `${path}: ${code}`);
}

function provisionOf(provision: object | undefined, more?: object, options?: NormalizeOptions): unknown {
  const normalized = normalizeConsent(fhir(provision, more), options);
  return normalized.ok ? normalized.consent.provision : normalized.errors;
}

const optOut = { policyRule: { coding: [v3('v3-ActCode', 'OPTOUT')] } };
const permit = { type: 'permit' };

describe('the type of the root', () => {
  it('is its own', () => expect(provisionOf({ type: 'permit' }, optOut)).toEqual({ type: 'permit' }));

  it('is that of the policy rule where the root says nothing at all', () => {
    expect(provisionOf(undefined, optOut)).toEqual({ type: 'deny' });
    expect(provisionOf({ provision: [permit] }, optOut)).toEqual({ type: 'deny', provisions: [{ type: 'permit' }] });
  });

  it('is refused where the root has a clause, unless the importer states it', () => {
    const period = { period: { start: '2015-01-01', end: '2015-02-01' } };
    expect(refusals(fhir(period, optOut))).toEqual(['provision.type: root-type-ambiguous']);
    expect(provisionOf(period, optOut, { rootType: 'deny' })).toMatchObject({ type: 'deny' });
    expect(provisionOf(undefined, optOut, { rootType: 'permit' })).toEqual({ type: 'deny' });
    expect(refusals(fhir({}))).toEqual(['provision.type: root-type-ambiguous']);
  });
});

describe('a consent is refused, with the path,', () => {
  it.each<[string, unknown]>([
    [': shape-invalid', 'no object'],
    ['status: status-not-active', fhir(permit, { status: 'inactive' })],
    ['scope: scope-unsupported', fhir(permit, { scope: { coding: [v3('consentscope', 'research')] } })],
    ['scope: text-only', fhir(permit, { scope: { text: 'privacy' } })],
    ['patient: subject-missing', fhir(permit, { patient: { display: 'Ada' } })],
    ['modifierExtension: modifier-unknown', fhir(permit, { modifierExtension: [{}] })],
    ['provision.modifierExtension: modifier-unknown', fhir({ ...permit, modifierExtension: [{}] })],
    ['provision.resourceType: element-unknown', fhir({ ...permit, resourceType: [{ code: 'Observation' }] })],
    ['provision.purpose: list-empty', fhir({ ...permit, purpose: [] })],
    ['provision.purpose[0]: code-unknown', fhir({ ...permit, purpose: [v3('v3-ActReason', 'FUN')] })],
    ['provision.purpose[1]: text-only', fhir({ ...permit, purpose: [v3('v3-ActReason', 'TREAT'), { display: 'x' }] })],
    ['provision.action[0]: text-only', fhir({ ...permit, action: [{ text: 'look' }] })],
    ['provision.action[0]: code-unknown', fhir({ ...permit, action: [{ coding: [v3('consentaction', 'look')] }] })],
    ['provision.securityLabel[0]: code-unknown', fhir({ ...permit, securityLabel: [v3('v3-ActCode', 'OPTIN')] })],
    ['provision.code[0]: system-missing', fhir({ ...permit, code: [{ coding: [{ code: '34133-9' }] }] })],
    ['provision.class[0]: system-missing', fhir({ ...permit, class: [{ code: 'Observation' }] })],
    ['provision.purpose[0]: system-missing', fhir({ ...permit, purpose: [{ code: 'TREAT' }] })],
    ['except: element-unknown', fhir(permit, { except: [{ type: 'deny' }] })],
    [
      'policy[0].modifierExtension: modifier-unknown',
      fhir(permit, { policy: [{ uri: 'http://example.org', modifierExtension: [{}] }] }),
    ],
    ['provision.period._start: element-unknown', fhir({ ...permit, period: { _start: {}, end: '2030' } })],
    [
      'provision.action[0]: code-unknown',
      fhir({ ...permit, action: [{ coding: [v3('consentaction', 'access'), v3('consentaction', 'look')] }] }),
    ],
    [
      'provision.data[0].reference: reference-unresolved',
      fhir({ ...permit, data: [{ meaning: 'instance', reference: { reference: '#contained' } }] }),
    ],
    ['provision.code[0]: text-only', fhir({ ...permit, code: [{ text: 'blood' }] })],
    ['provision.period: period-invalid', fhir({ ...permit, period: { start: '2022-02-30' } })],
    ['provision.period: period-invalid', fhir({ ...permit, period: {} })],
    ['provision.dataPeriod: period-invalid', fhir({ ...permit, dataPeriod: { start: '2022', end: '2021' } })],
    ['provision.provision[0].type: type-missing', fhir({ ...permit, provision: [{}] })],
    [
      'provision.actor[0].role: actor-role-unsupported',
      fhir({
        ...permit,
        actor: [{ role: { coding: [v3('v3-ParticipationType', 'AUT')] }, reference: { reference: 'Practitioner/a' } }],
      }),
    ],
    [
      'provision.actor[0].reference: reference-unresolved',
      fhir({ ...permit, actor: [{ role: recipient, reference: { display: 'Dr A' } }] }),
    ],
    [
      'provision.data[0].reference: reference-unresolved',
      fhir({ ...permit, data: [{ meaning: 'instance', reference: { identifier: {} } }] }),
    ],
    ['status: status-not-active', fhir(permit, { status: { toString: 1, valueOf: 1 } })],
    ['status: status-not-active', fhir(permit, { status: 'x'.repeat(100_000) })],
    ['patient: subject-missing', fhir(permit, { patient: { reference: 'Patient/ p' } })],
    [
      'patient.modifierExtension: modifier-unknown',
      fhir(permit, { patient: { reference: 'a', modifierExtension: [] } }),
    ],
    [
      'verification.modifierExtension: modifier-unknown',
      fhir(permit, { verification: { verified: true, modifierExtension: [{}] } }),
    ],
    ['provision.purpose[0]: shape-invalid', fhir({ ...permit, purpose: [v3('v3-ActReason|2018-08-12', 'TREAT')] })],
    ['provision.purpose[0]: shape-invalid', fhir({ ...permit, purpose: [v3('v3-ActReason', 'TREAT ')] })],
    ['provision.purpose[0]: shape-invalid', fhir({ ...permit, purpose: [{ system: 'urn:x ', code: 'a' }] })],
    ['provision.class[0]: shape-invalid', fhir({ ...permit, class: [{ system: 'urn:x', code: 'a\u0000' }] })],
    [
      'provision.purpose[0].valueSet: element-unknown',
      fhir({ ...permit, purpose: [{ ...v3('v3-ActReason', 'TREAT'), valueSet: 'urn:v' }] }),
    ],
    [
      'provision.actor[0].reference.modifierExtension: modifier-unknown',
      fhir({ ...permit, actor: [{ role: recipient, reference: { reference: 'a', modifierExtension: [{}] } }] }),
    ],
    [
      'provision.class[0]: too-large',
      fhir({ ...permit, class: [{ system: `urn:${'x'.repeat(300)}`, code: 'y'.repeat(300) }] }),
    ],
    [
      'provision.data[0].meaning: code-unknown',
      fhir({ ...permit, data: [{ meaning: 'near', reference: { reference: 'Observation/a' } }] }),
    ],
  ])('%s', (expected, consent) => expect(refusals(consent)).toEqual([expected]));

  it('where a reference stands for what is too long', () => {
    const named = fhir({ ...permit, actor: [{ role: recipient, reference: { reference: 'Practitioner/a' } }] });
    const resolve = (reference: string): string => (reference === 'Patient/p' ? 'p' : 'x'.repeat(513));
    expect(refusals(named, { resolve })).toEqual(['provision.actor[0].reference: reference-unresolved']);
  });

  it('in as many words as are enough, whatever it has', () => {
    const long = 'x'.repeat(100_000);
    const refused = normalizeConsent(fhir({ ...permit, [long]: 1, period: { start: long } }));
    if (refused.ok) throw new Error('it is taken');
    expect(refused.errors.map(({ code }) => code)).toEqual(['element-unknown', 'period-invalid']);
    for (const { path, message } of refused.errors) expect(path.length + message.length).toBeLessThan(2000);
  });

  it('where its parts together are too many', () => {
    const concept = { coding: Array.from({ length: 200 }, (_, index) => ({ system: 'urn:k', code: `${index}` })) };
    const more = { coding: Array.from({ length: 200 }, (_, index) => ({ system: 'urn:k', code: `m${index}` })) };
    expect(refusals(fhir({ ...permit, code: [concept, more] }))).toEqual(['provision.code: too-large']);
    expect(refusals(fhir({ ...permit, code: [concept, concept] }))).toEqual([]);
  });

  it('for everything that is wrong at once', () => {
    const wrong = fhir({ purpose: [], provision: [{ type: 'permit', action: [{ text: 'x' }] }] }, { status: 'draft' });
    expect(refusals(wrong)).toEqual([
      'status: status-not-active',
      'provision.type: root-type-ambiguous',
      'provision.purpose: list-empty',
      'provision.provision[0].action[0]: text-only',
    ]);
  });

  it('where provisions are deeper than the bound, or more', () => {
    let deep: object = permit;
    for (let depth = 1; depth < 20; depth++) deep = { type: 'permit', provision: [deep] };
    expect(refusals(fhir(deep))).toEqual([`provision${'.provision[0]'.repeat(16)}: too-large`]);
    const wide = {
      type: 'permit',
      provision: Array.from({ length: 256 }, () => ({ ...permit, provision: [permit, permit] })),
    };
    expect(refusals(fhir(wide))).toHaveLength(1);
  });
});

describe('references', () => {
  const actor = [{ role: recipient, reference: { reference: 'Practitioner/a' } }];
  const authored = [{ meaning: 'authoredby', reference: { reference: 'Practitioner/b' } }];

  it('of the patient, of actors and of authors are resolved; those of records stay', () => {
    const asked: string[] = [];
    const resolve = (reference: string): string => {
      asked.push(reference);
      return `did:${reference}`;
    };
    const instance = { meaning: 'instance', reference: { reference: 'Observation/o' } };
    const normalized = normalizeConsent(fhir({ ...permit, actor, data: [...authored, instance] }), { resolve });
    expect(normalized).toMatchObject({
      ok: true,
      consent: {
        id: 'c1',
        subject: 'did:Patient/p',
        provision: {
          actors: ['did:Practitioner/a'],
          data: [{ reference: 'did:Practitioner/b' }, { reference: 'Observation/o' }],
        },
      },
    });
    expect(asked).toEqual(['Patient/p', 'Practitioner/a', 'Practitioner/b']);
  });

  it('that resolve to nothing refuse the consent', () => {
    const resolve = (): undefined => undefined;
    const nobody = (() => null) as unknown as () => undefined;
    expect(refusals(fhir({ ...permit, actor }), { resolve: nobody })).toHaveLength(2);
    expect(refusals(fhir({ ...permit, actor, data: authored }), { resolve })).toEqual([
      'patient: reference-unresolved',
      'provision.actor[0].reference: reference-unresolved',
      'provision.data[0].reference: reference-unresolved',
    ]);
  });
});

describe('dates', () => {
  const dataPeriod = (start: string | undefined, end: string | undefined, timeZone?: string): unknown => {
    const period = { ...(start && { start }), ...(end && { end }) };
    const read = provisionOf({ ...permit, dataPeriod: period }, {}, timeZone === undefined ? {} : { timeZone });
    const { from, until } = (read as { dataPeriod: { from?: number; until?: number } }).dataPeriod;
    return [from, until].map((moment) => moment && new Date(moment).toISOString().replace('.000', ''));
  };

  it('become half-open intervals of their precision', () => {
    expect(dataPeriod('2022', '2022')).toEqual(['2022-01-01T00:00:00Z', '2023-01-01T00:00:00Z']);
    expect(dataPeriod('2022-02', '2022-02')).toEqual(['2022-02-01T00:00:00Z', '2022-03-01T00:00:00Z']);
    expect(dataPeriod('2024-02-28', '2024-02-28')).toEqual(['2024-02-28T00:00:00Z', '2024-02-29T00:00:00Z']);
    expect(dataPeriod('2022-12-31T23:00:00-01:00', undefined)).toEqual(['2023-01-01T00:00:00Z', undefined]);
    expect(dataPeriod(undefined, '2022-12-31T23:59:59Z')).toEqual([undefined, '2023-01-01T00:00:00Z']);
    expect(dataPeriod(undefined, '2022-12-31T23:59:59.5Z')).toEqual([undefined, '2022-12-31T23:59:59.600Z']);
  });

  it('without a zone are of the domain, whose days begin when its clocks say so', () => {
    expect(dataPeriod('2022-07-01', '2022-07-01', 'Europe/Brussels')).toEqual([
      '2022-06-30T22:00:00Z',
      '2022-07-01T22:00:00Z',
    ]);
    // Clocks go forward at midnight, so that the day begins at one.
    expect(dataPeriod('2024-04-26', '2024-04-26', 'Africa/Cairo')).toEqual([
      '2024-04-25T22:00:00Z',
      '2024-04-26T21:00:00Z',
    ]);
    expect(dataPeriod('2022-01-01', '2022-01-01', 'Pacific/Kiritimati')).toEqual([
      '2021-12-31T10:00:00Z',
      '2022-01-01T10:00:00Z',
    ]);
    expect(refusals(fhir({ ...permit, period: { start: '2022' } }), { timeZone: 'Mars/Base' })).toEqual([
      'provision.period: period-invalid',
    ]);
  });
});

describe('a purpose', () => {
  const purposes = (...purpose: object[]): unknown => provisionOf({ ...permit, purpose });

  it('is bare where it is of v3 ActReason, under whatever address', () =>
    expect(
      purposes(
        v3('v3-ActReason', 'TREAT'),
        { system: 'http://hl7.org/fhir/v3/ActReason', code: 'HRESCH' },
        { system: 'urn:oid:2.16.840.1.113883.5.8', code: 'TREAT' },
      ),
    ).toMatchObject({ purposes: ['TREAT', 'HRESCH'] }));

  it('has its system where it is of another', () =>
    expect(purposes({ system: 'urn:x', code: 'TREAT' }, { system: 'urn:x', code: 'a|b' })).toMatchObject({
      purposes: ['urn:x|TREAT', 'urn:x|a|b'],
    }));
});

describe.skipIf(!hasVectors('fhir-r4-examples/consent'))("HL7's examples", () => {
  it('are refused where they do not say what they mean', () => {
    const outcomes = listJson('fhir-r4-examples/consent').map((file) => {
      const name = /consent-example-(.*)\.json$/.exec(file)?.[1] ?? file;
      return [
        name,
        [...new Set(refusals(readJson(file)).map((text) => text.split(': ')[1]))].sort().join(' '),
      ] as const;
    });
    expect(Object.fromEntries(outcomes)).toEqual({
      basic: 'root-type-ambiguous',
      Emergency: 'actor-role-unsupported root-type-ambiguous',
      grantor: 'actor-role-unsupported root-type-ambiguous',
      notAuthor: 'actor-role-unsupported root-type-ambiguous',
      notOrg: '',
      notThem: 'root-type-ambiguous',
      notThis: 'root-type-ambiguous',
      notTime: 'root-type-ambiguous',
      Out: 'actor-role-unsupported root-type-ambiguous',
      pkb: 'root-type-ambiguous type-missing',
      signature: 'actor-role-unsupported root-type-ambiguous',
      smartonfhir: 'root-type-ambiguous',
    });
  });
});
