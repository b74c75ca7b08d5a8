import { describe, expect, it } from 'vitest';
import {
  type Consent,
  DecisionBase,
  type DecisionPolicy,
  type DecisionRequest,
  decide,
  type Provision,
  type ResourceFacts,
  redact,
} from '../../../src/decision/index.ts';

const at = '2026-03-01T10:00:00Z';

function consent(provision: Provision, id?: string): Consent {
  return { subject: 'patient', provision, ...(id !== undefined && { id }) };
}

function ask(
  consents: readonly Consent[],
  resource: Partial<ResourceFacts> = {},
  request: Partial<DecisionRequest> = {},
  policy: Partial<DecisionPolicy> = {},
): ReturnType<typeof decide> {
  return decide({
    consents,
    policy: { implicit: 'deny', ...policy },
    request: {
      subject: 'patient',
      at,
      purpose: 'TREAT',
      action: 'access',
      requester: { references: ['dr-x', 'st-mary'], roles: ['clinician'] },
      resources: [{ reference: 'Observation/1', ...resource }],
      ...request,
    },
  });
}

const labels = (...sensitivity: string[]): NonNullable<Provision['labels']> => ({ confidentiality: [], sensitivity });
const open: Provision = { type: 'permit' };

describe('provisions within provisions', () => {
  const psyButDrX: Provision = {
    type: 'permit',
    provisions: [{ type: 'deny', labels: labels('PSY'), provisions: [{ type: 'permit', actors: ['dr-x'] }] }],
  };
  const others = { requester: { references: ['dr-y'], roles: [] } };

  it('make an exception for whom they name, and for nothing else', () => {
    const psy = { confidentiality: 'R', sensitivity: ['PSY'] };
    expect(ask([consent(psyButDrX)], psy).decision).toBe('permit');
    expect(ask([consent(psyButDrX)], psy, others).decision).toBe('deny');
    const closed: Provision = { ...psyButDrX, labels: { confidentiality: ['N'], sensitivity: [] } };
    expect(ask([consent(closed)], psy).decision).toBe('permit');
    expect(ask([consent(closed)], { confidentiality: 'R', sensitivity: ['HIV'] }).decision).toBe('deny');
  });

  it('leave decided what comes to the same whatever is unknown', () => {
    expect(ask([consent(psyButDrX)]).decision).toBe('permit');
    expect(ask([consent(psyButDrX)], {}, others).decision).toBe('indeterminate');
  });

  it('inherit the scope that a permit around them states, each clause that they do not state themselves', () => {
    const narrow: Provision = {
      type: 'permit',
      labels: { confidentiality: ['N'], sensitivity: [] },
      codes: ['urn:k|one'],
      provisions: [{ type: 'permit', labels: { confidentiality: ['R'], sensitivity: [] } }],
    };
    expect(ask([consent(narrow)], { confidentiality: 'R', codes: ['urn:k|one'] }).decision).toBe('permit');
    expect(ask([consent(narrow)], { confidentiality: 'R', codes: ['urn:k|two'] }).decision).toBe('deny');
  });

  it('are reached only where the target of every provision around them matches', () => {
    const research: Provision = { type: 'deny', purposes: ['HRESCH'], provisions: [{ type: 'permit' }] };
    expect(ask([consent({ type: 'permit', provisions: [research] })]).decision).toBe('permit');
    expect(ask([consent({ type: 'deny', provisions: [{ ...open, purposes: ['BTG'] }] })]).decision).toBe('deny');
  });

  it('deny in one branch against a deeper permit in another', () => {
    const root: Provision = {
      type: 'permit',
      provisions: [{ type: 'deny' }, { type: 'permit', provisions: [{ type: 'permit', actors: ['dr-x'] }] }],
    };
    const { decision, resources } = ask([consent(root, 'c1')]);
    expect(decision).toBe('deny');
    expect(resources[0]?.determining).toEqual([{ consent: 'c1', path: 'provision.provision[0]', results: ['deny'] }]);
  });
});

describe('the gate', () => {
  const policy = { roles: [{ role: 'clinician', purposes: ['TREAT'] }] };

  it('lets a role claim what the domain lists for it, with what that includes', () => {
    expect(ask([consent(open)], {}, { purpose: 'ETREAT' }, policy).decision).toBe('permit');
  });

  it('refuses what no role of the requester may claim, whatever a consent says', () => {
    const refused = ask([consent(open)], {}, { purpose: 'HRESCH' }, policy);
    expect(refused).toMatchObject({ decision: 'deny', gate: { element: 'purpose', expected: 'TREAT', got: 'HRESCH' } });
    expect(refused.resources[0]).toMatchObject({ by: 'gate', considered: [], smallestChange: { kind: 'purpose' } });
    const nobody = { requester: { references: ['dr-x'], roles: [] } };
    expect(ask([consent(open)], {}, nobody, policy)).toMatchObject({ decision: 'deny', gate: { element: 'role' } });
  });
});

describe('a legal basis', () => {
  const policy = { legalBases: [{ name: 'notifiable-disease', role: 'clinician', purpose: 'PUBHLTH' }] };
  const cited = { purpose: 'THREAT', legalBasis: 'notifiable-disease' };
  const denied = [consent({ type: 'deny' })];

  it('permits what its purpose includes, against a denial', () => {
    const { decision, legalBasis, obligations } = ask(denied, {}, cited, policy);
    expect({ decision, legalBasis, obligations }).toEqual({
      decision: 'permit',
      legalBasis: { name: 'notifiable-disease', applies: true, honourDeny: false },
      obligations: ['log', 'log-disclosure'],
    });
  });

  it('honours a denial where it says so', () => {
    const [basis] = policy.legalBases;
    const honouring = { legalBases: [{ name: 'x', role: 'x', purpose: 'x', ...basis, honourDeny: true }] };
    expect(ask(denied, {}, cited, honouring).decision).toBe('deny');
    expect(ask([], {}, cited, honouring).decision).toBe('permit');
    const perhaps = [consent({ type: 'deny', labels: labels('HIV') })];
    expect(ask(perhaps, {}, cited, honouring).decision).toBe('indeterminate');
  });

  it('that does not apply leaves it to the consents, and is said not to', () => {
    const otherwise = ask(denied, {}, { ...cited, purpose: 'TREAT' }, policy);
    expect(otherwise).toMatchObject({ decision: 'deny', legalBasis: { applies: false, failed: 'purpose' } });
    const unlisted = ask([consent(open)], {}, { legalBasis: 'court-order' }, policy);
    expect(unlisted).toMatchObject({ decision: 'permit', legalBasis: { applies: false, failed: 'not-listed' } });
    expect(unlisted.obligations).toEqual(['log']);
  });
});

describe('breaking the glass', () => {
  const policy = { emergency: { roles: ['emergency-physician'], maxHours: 12 } };
  const glass = { justified: true, categories: ['allergies'], openedAt: at, expiresAt: '2026-03-01T22:00:00Z' };
  const emergency = {
    purpose: 'BTG',
    requester: { references: ['dr-x'], roles: ['emergency-physician'] },
    breakGlass: glass,
  };
  const allergy = { reference: 'AllergyIntolerance/1' };
  const by = (
    change: Partial<DecisionRequest>,
    resource: Partial<ResourceFacts> = allergy,
    consents: readonly Consent[] = [],
    domain: Partial<DecisionPolicy> = policy,
  ): string => {
    const { decision, resources } = ask(consents, resource, { ...emergency, ...change }, domain);
    return resources[0]?.breakGlassRefused ?? decision;
  };

  it('opens the categories that were named, against a denial too, and must be reviewed', () => {
    expect(by({})).toBe('permit-break-glass');
    expect(by({}, allergy, [consent({ type: 'deny' })])).toBe('permit-break-glass');
    expect(ask([], allergy, emergency, policy).obligations).toEqual(['log', 'notify-subject', 'review']);
    expect(by({}, { reference: 'Condition/1' })).toBe('category');
    expect(by({ breakGlass: { ...glass, categories: [] } })).toBe('category');
    expect(by({ breakGlass: { ...glass, categories: ['medications'] } }, { reference: 'MedicationRequest/1' })).toBe(
      'permit-break-glass',
    );
    const wider = { emergency: { ...policy.emergency, categories: ['imaging', 'Observation'] } };
    const named = { breakGlass: { ...glass, categories: ['imaging', 'Observation', 'allergies'] } };
    expect(by(named, { reference: 'ImagingStudy/1' }, [], wider)).toBe('permit-break-glass');
    expect(by(named, { reference: 'Observation/1' }, [], wider)).toBe('permit-break-glass');
    expect(by(named, allergy, [], wider)).toBe('category');
  });

  it('is not needed where a consent permits, and is looked at as well', () => {
    expect(by({}, allergy, [consent(open)])).toBe('permit');
    const duties = (purpose: string, consents: readonly Consent[]): readonly string[] =>
      ask(consents, allergy, { ...emergency, breakGlass: undefined, purpose }, policy).obligations;
    const treating = [consent({ type: 'permit', purposes: ['TREAT'] })];
    expect(duties('BTG', treating)).toEqual(['log', 'notify-subject', 'review']);
    expect(duties('ETREAT', treating)).toEqual(['log']);
    // Nothing was released.
    expect(duties('BTG', [])).toEqual(['log']);
  });

  it('asks for the purpose, the role, a justification, and a domain that allows it', () => {
    expect(by({ purpose: 'ETREAT' })).toBe('deny');
    expect(by({ requester: { references: ['dr-x'], roles: ['clinician'] } })).toBe('role');
    expect(by({ breakGlass: { ...glass, justified: false } })).toBe('justification');
    expect(by({}, allergy, [], {})).toBe('domain');
  });

  it('begins with the opening and ends by itself, within the hours of the domain', () => {
    expect(by({ at: '2026-03-01T09:59:59Z' })).toBe('time');
    expect(by({ at: '2026-03-01T21:59:59Z' })).toBe('permit-break-glass');
    expect(by({ at: '2026-03-01T22:00:00Z' })).toBe('time');
    expect(by({ breakGlass: { ...glass, expiresAt: '2026-03-01T22:00:01Z' } })).toBe('time');
    const days = { emergency: { ...policy.emergency, maxHours: 48 } };
    expect(by({ breakGlass: { ...glass, expiresAt: '2026-03-02T10:00:00Z' } }, allergy, [], days)).toBe(
      'permit-break-glass',
    );
    expect(by({ breakGlass: { ...glass, expiresAt: '2026-03-02T10:00:01Z' } }, allergy, [], days)).toBe('time');
  });

  it('is refused by a denial that names it, not by one that includes it, unless the law says otherwise', () => {
    const naming = [consent({ type: 'deny', purposes: ['TREAT', 'BTG'] })];
    expect(by({}, allergy, naming)).toBe('denied');
    expect(by({}, allergy, [consent({ type: 'deny', purposes: ['ETREAT'] })])).toBe('permit-break-glass');
    const inside: Provision = { type: 'permit', purposes: ['BTG'], provisions: [{ type: 'deny' }] };
    expect(by({}, allergy, [consent(inside)])).toBe('denied');
    const lawful = { emergency: { ...policy.emergency, honourDeny: false } };
    expect(by({}, allergy, naming, lawful)).toBe('permit-break-glass');
  });
});

describe('several resources', () => {
  it('have a decision each, and the worst of them together', () => {
    const mixed = ask(
      [consent({ type: 'permit', labels: { confidentiality: ['N'], sensitivity: [] } })],
      {},
      {
        resources: [
          { reference: 'Observation/1', confidentiality: 'N' },
          { reference: 'Observation/2' },
          { reference: 'Observation/3', confidentiality: 'V' },
        ],
      },
    );
    expect(mixed.resources.map(({ decision }) => decision)).toEqual(['permit', 'indeterminate', 'deny']);
    expect(mixed.decision).toBe('deny');
  });
});

describe('an explanation', () => {
  it('names what each consent lacks, and the least that would have to be otherwise', () => {
    const research = consent({ type: 'permit', purposes: ['HRESCH'] }, 'c1');
    const { resources } = ask([research]);
    expect(resources[0]).toMatchObject({
      by: 'implicit-policy',
      determining: [],
      considered: [
        {
          consent: 'c1',
          results: ['not-applicable'],
          mismatches: [{ path: 'provision', element: 'purpose', expected: 'HRESCH', got: 'TREAT' }],
        },
      ],
      smallestChange: { kind: 'element', consent: 'c1' },
    });
    expect(ask([]).resources[0]?.smallestChange?.kind).toBe('consent-given');
    const denied = [consent({ type: 'deny' }, 'c2')];
    expect(ask(denied, {}, {}, { implicit: 'permit' }).resources[0]?.smallestChange).toMatchObject({
      kind: 'consent-revoked',
      consent: 'c2',
    });
    // Nothing would permit without it either, or another denial would stand.
    expect(ask(denied).resources[0]?.smallestChange).toBeUndefined();
    expect(ask([...denied, ...denied], {}, {}, { implicit: 'permit' }).resources[0]?.smallestChange).toBeUndefined();
    expect(ask([consent({ type: 'deny', purposes: ['HRESCH'] })]).resources[0]?.smallestChange?.kind).toBe(
      'consent-given',
    );
  });

  it('says what is unknown, and shows the first of what is long', () => {
    const linked: Provision = { type: 'permit', data: [{ meaning: 'related', reference: 'Encounter/1' }] };
    const { resources } = ask([consent(linked)]);
    expect(resources[0]?.considered[0]?.mismatches).toEqual([
      {
        path: 'provision',
        type: 'permit',
        standing: 'undecided',
        element: 'data',
        expected: 'related Encounter/1',
        got: 'Observation/1; related: unknown',
      },
    ]);
    expect(resources[0]?.smallestChange?.sentence).toBe('To know the data of the record.');
    const many = Array.from({ length: 20 }, (_, index) => `dr-${index}`);
    const { expected } =
      ask([consent({ type: 'permit', actors: many })]).resources[0]?.considered[0]?.mismatches[0] ?? {};
    expect(expected).toBe('dr-0, dr-1, dr-2, dr-3, dr-4, dr-5, dr-6, dr-7 and 12 more');
  });

  it('names a consent without an id by its place among those that were given', () => {
    const [other, own] = [{ ...consent(open), subject: 'somebody' }, consent({ type: 'deny' })];
    expect(ask([other, own]).resources[0]?.determining).toMatchObject([{ consent: '#1' }]);
  });

  it('for a requester holds no consent, no clause and no label', () => {
    const { considered: _, ...shown } = {
      considered: 0,
      ...redact(ask([consent({ type: 'deny', labels: labels('HIV') }, 'c1')])),
    };
    expect(shown).toEqual({
      decision: 'deny',
      version: 'assent-decision/1',
      at: '2026-03-01T10:00:00.000Z',
      purpose: 'TREAT',
      action: 'access',
      resources: [{ reference: 'Observation/1', decision: 'deny' }],
    });
  });
});

describe('equal ways to say a thing', () => {
  const older = 'http://hl7.org/fhir/v3/ActReason|TREAT';
  const newer = 'http://terminology.hl7.org/CodeSystem/v3-ActReason|TREAT';

  it('are equal, in the request, in consents and in the policy', () => {
    const denied = [consent({ type: 'deny', purposes: [newer] })];
    for (const purpose of ['TREAT', older, newer, 'ETREAT'])
      expect(ask(denied, {}, { purpose }, { implicit: 'permit' }).decision).toBe('deny');
    const byList = { roles: [{ role: 'clinician', purposes: [older] }] };
    const byName = { roles: { clinician: [newer], researcher: [] } };
    for (const policy of [byList, byName]) expect(ask([consent(open)], {}, {}, policy).decision).toBe('permit');
    expect(ask([consent(open)], {}, { purpose: 'HRESCH' }, byName).decision).toBe('deny');
    const labelled = consent({ type: 'deny', labels: labels('PSY') });
    expect(ask([labelled], { sensitivity: ['http://hl7.org/fhir/v3/ActCode|PSY'] }).resources[0]?.by).toBe('deny');
  });

  it('are a version of a record and the record', () => {
    const one: Provision = { type: 'permit', data: [{ meaning: 'instance', reference: 'Observation/1/_history/3' }] };
    expect(ask([consent(one)], { reference: 'Observation/1/_history/2' })).toMatchObject({
      decision: 'permit',
      resources: [{ reference: 'Observation/1/_history/2' }],
    });
  });

  it('are an absent field and one that is undefined', () => {
    const nothing = { legalBasis: undefined, breakGlass: undefined };
    const policy = { roles: undefined, emergency: undefined, legalBases: undefined, timeZone: undefined };
    expect(ask([consent(open)], { date: undefined, codes: undefined }, nothing, policy).decision).toBe('permit');
  });

  it('are a leap second and the second after it', () => {
    const until = consent({ type: 'permit', period: { until: Date.UTC(2017, 0, 1) } });
    expect(ask([until], {}, { at: '2016-12-31t23:59:59z' }).decision).toBe('permit');
    expect(ask([until], {}, { at: '2016-12-31T23:59:60Z' }).decision).toBe('deny');
  });
});

describe('what was checked once', () => {
  it('is kept, whatever becomes of what was given', () => {
    const given = {
      type: 'permit' as const,
      actors: ['dr-x'],
      labels: { confidentiality: ['N' as const], sensitivity: [] },
    };
    const policy = { implicit: 'deny' as const, emergency: { roles: ['nobody'] } };
    const base = new DecisionBase({ consents: [consent(given)], policy });
    given.actors[0] = 'somebody';
    given.labels.confidentiality.pop();
    policy.emergency.roles.push('clinician');
    const request = {
      subject: 'patient',
      at,
      purpose: 'TREAT',
      action: 'access' as const,
      requester: { references: ['dr-x'], roles: [] },
      resources: [{ reference: 'Observation/1', confidentiality: 'N' }],
    };
    expect(base.decide(request).decision).toBe('permit');
    expect(
      base.decide({ ...request, resources: [{ reference: 'Observation/1', confidentiality: 'R' }] }).decision,
    ).toBe('deny');
  });
});

describe('what cannot be decided', () => {
  it('is an error, whatever is given', () => {
    const wrong = expect.objectContaining({ code: 'decision-input-invalid' });
    for (const input of [undefined, null, 5, {}, { consents: [], policy: {}, request: {} }])
      expect(() => decide(input as unknown as Parameters<typeof decide>[0])).toThrow(wrong);
    let deep: Provision = open;
    for (let depth = 1; depth < 5000; depth++) deep = { type: 'permit', provisions: [deep] };
    expect(() => ask([consent(deep)])).toThrow(wrong);
    const endless = { type: 'permit', provisions: [] as unknown[] };
    endless.provisions.push(endless);
    expect(() => ask([consent(endless as unknown as Provision)])).toThrow(wrong);
    expect(() => ask([], {}, {}, { roles: [{ role: 'clinician', purposes: ['treat'] }] })).toThrow(wrong);
  });

  it.each([
    ['request.purpose', { purpose: 'treat' }],
    ['request.purpose', { purpose: 'http://hl7.org/fhir/v3/ActReason|FOO' }],
    ['request.at', { at: '2026-02-30T10:00:00Z' }],
    ['request.resources', { resources: [] }],
    ['request.at', { at: 'yesterday' }],
    ['request.action', { action: 'look' as 'use' }],
    ['request.resources[0].confidentiality', { resources: [{ reference: 'a', confidentiality: 'X' }] }],
    ['request.resources[0].sensitivity', { resources: [{ reference: 'a', sensitivity: ['SECRET'] }] }],
    ['request.resources[0].date', { resources: [{ reference: 'a', date: '2022-13' }] }],
  ])('is an error that names %s', (path, request) => {
    expect(() => ask([], {}, request)).toThrow(
      expect.objectContaining({ code: 'decision-input-invalid', data: { path } }),
    );
  });
});
