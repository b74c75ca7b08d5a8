import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { present } from '../../../src/base/index.ts';
import {
  type Combination,
  type Consent,
  combineResults,
  type DecisionInput,
  decideOpen,
  impossibleClaim,
  namesOfResultSet,
  type Provision,
  type RequestFacts,
  result,
  resultSetOf,
} from '../../../src/contracts/index.ts';

const { permit, deny, weakDeny, notApplicable } = result;

type Implicit = 'permit' | 'deny';

/** Step 7 word for word, for consents that have come to one result each. */
function decided(results: readonly number[], implicit: Implicit): Implicit {
  if (results.includes(deny)) return 'deny';
  if (results.includes(permit)) return 'permit';
  if (results.includes(weakDeny)) return 'deny';
  return implicit;
}

function resolutions(sets: readonly number[]): number[][] {
  return sets.reduce<number[][]>(
    (ways, set) =>
      [permit, deny, weakDeny, notApplicable]
        .filter((bit) => set & bit)
        .flatMap((bit) => ways.map((way) => [...way, bit])),
    [[]],
  );
}

function byEnumeration(sets: readonly number[], implicit: Implicit): Combination['decision'] {
  const outcomes = new Set(resolutions(sets).map((way) => decided(way, implicit)));
  return outcomes.size > 1 ? 'indeterminate' : ([...outcomes][0] ?? implicit);
}

const implicits: readonly Implicit[] = ['permit', 'deny'];
const setsOf = fc.array(fc.integer({ min: 1, max: 15 }), { maxLength: 6 });
const implicitOf = fc.constantFrom(...implicits);

describe('step 7: combineResults', () => {
  it('equals the enumeration of every way to resolve what is undecided, for all lists of up to three', () => {
    const lists: number[][] = [[]];
    for (let a = 1; a < 16; a++) {
      lists.push([a]);
      for (let b = 1; b < 16; b++) {
        lists.push([a, b]);
        for (let c = 1; c < 16; c++) lists.push([a, b, c]);
      }
    }
    for (const implicit of implicits)
      for (const sets of lists)
        expect(combineResults(sets, implicit).decision, `${sets} ${implicit}`).toBe(byEnumeration(sets, implicit));
  });

  it('equals the enumeration for longer lists', () => {
    fc.assert(
      fc.property(
        setsOf,
        implicitOf,
        (sets, implicit) => combineResults(sets, implicit).decision === byEnumeration(sets, implicit),
      ),
      { numRuns: 500 },
    );
  });

  it('never opens by adding a DENY, nor by adding the possibility of one', () => {
    fc.assert(
      fc.property(setsOf, implicitOf, fc.nat(5), (sets, implicit, place) => {
        expect(combineResults([...sets, deny], implicit).decision).toBe('deny');
        if (place >= sets.length || combineResults(sets, implicit).decision === 'permit') return;
        const widened = sets.with(place, (sets[place] ?? 0) | deny);
        expect(combineResults(widened, implicit).decision).not.toBe('permit');
      }),
    );
  });

  it('does not depend on the order of consents: recency never decides', () => {
    fc.assert(
      fc.property(setsOf, implicitOf, (sets, implicit) => {
        expect(combineResults([...sets].reverse(), implicit).decision).toBe(combineResults(sets, implicit).decision);
      }),
    );
  });

  it.each<[number[], Implicit, Combination]>([
    [[], 'deny', { decision: 'deny', by: 'implicit-policy', determining: [] }],
    [[notApplicable], 'permit', { decision: 'permit', by: 'implicit-policy', determining: [] }],
    [[weakDeny, notApplicable], 'permit', { decision: 'deny', by: 'weak-deny', determining: [0] }],
    [[weakDeny, permit], 'deny', { decision: 'permit', by: 'permit', determining: [1] }],
    [[permit, deny, permit | deny], 'permit', { decision: 'deny', by: 'deny', determining: [1, 2] }],
    [[permit | weakDeny], 'deny', { decision: 'indeterminate', by: 'undecided', determining: [0] }],
    [[deny | notApplicable], 'deny', { decision: 'deny', by: 'deny', determining: [0] }],
    [[deny | notApplicable], 'permit', { decision: 'indeterminate', by: 'undecided', determining: [0] }],
  ])('%j with implicit %s', (sets, implicit, expected) => {
    expect(combineResults(sets, implicit)).toEqual(expected);
  });
});

describe('result sets', () => {
  it('have names', () => {
    for (let set = 1; set < 16; set++) expect(resultSetOf(namesOfResultSet(set))).toBe(set);
    expect(namesOfResultSet(permit | weakDeny)).toEqual(['permit', 'weak-deny']);
  });
});

const agent = new Uint8Array(32).fill(7);
const clinician: RequestFacts = { agent, role: 'clinician', organisation: 'north', purpose: 'TREAT', action: 'access' };
const clinic: DecisionInput = {
  atMs: 1000,
  policy: {
    implicit: 'deny',
    timeZone: 'UTC',
    roles: [{ role: 'clinician', purposes: ['TREAT', 'HRESCH', 'CLINTRL'] }],
    openCategories: true,
    reviewDeadlineHours: 72,
    legalBases: [],
  },
  request: clinician,
  held: [{ id: new Uint8Array(32), role: 'clinician', organisation: 'north', from: 0 }],
  groups: ['group:north/ward-4'],
  consents: [],
  claims: [],
  category: undefined,
  inEmergencyCategory: false,
  openings: [],
};

function consentOf(provision: Provision, nested: Consent['nested'] = []): Consent {
  const named = { id: new Uint8Array(32), version: 1, subject: new Uint8Array(32), domain: 'north-records' };
  return { ...named, provision, nested, grantedAt: 0, keyHolder: 'subject' };
}

/** What the open clauses of one consent come to. */
function considered(consent: Consent, change: Partial<DecisionInput> = {}) {
  const [one] = decideOpen({ ...clinic, ...change, consents: [consent] }).considered;
  return present(one, 'it was considered');
}

describe('step 3: target = period ∧ actor ∧ purpose ∧ action', () => {
  const failing = (provision: Partial<Provision>, asked: Partial<RequestFacts> = {}, atMs = 1000): string | undefined =>
    considered(consentOf({ type: 'permit', ...provision }), {
      request: { ...clinician, ...asked },
      atMs,
    }).misses[0]?.describe().element;

  it('an absent element does not constrain', () => expect(failing({})).toBeUndefined());

  it('periods are half-open', () => {
    expect(failing({ period: { from: 1000, until: 1001 } })).toBeUndefined();
    expect(failing({ period: { from: 1001 } })).toBe('period');
    expect(failing({ period: { until: 1000 } })).toBe('period');
  });

  it('actors are the agent, its organisations, groups and roles, OR-ed', () => {
    const other = new Uint8Array(32).fill(8);
    expect(failing({ actors: [agent] })).toBeUndefined();
    expect(failing({ actors: [other] })).toBe('actor');
    expect(failing({ actors: [other, 'member:north'] })).toBeUndefined();
    expect(failing({ actors: ['member:south', 'role:researcher'] })).toBe('actor');
    expect(failing({ actors: ['role:clinician'] })).toBeUndefined();
    expect(failing({ actors: ['group:north/ward-4'] })).toBeUndefined();
    expect(failing({ actors: ['group:south/ward-4'] })).toBe('actor');
    // A member that is called like a role is no role, nor the reverse.
    expect(failing({ actors: ['member:clinician'] })).toBe('actor');
  });

  it('purposes match by subsumption, downwards only', () => {
    expect(failing({ purposes: ['TREAT'] }, { purpose: 'BTG' })).toBeUndefined();
    expect(failing({ purposes: ['BTG'] }, { purpose: 'TREAT' })).toBe('purpose');
    expect(failing({ purposes: ['HRESCH', 'TREAT'] }, { purpose: 'CLINTRL' })).toBeUndefined();
    expect(failing({ purposes: ['HRESCH'] }, { purpose: 'CLINTRL' })).toBe('purpose');
  });

  it('actions match by equality', () => {
    expect(failing({ actions: ['use', 'access'] })).toBeUndefined();
    expect(failing({ actions: ['use'] })).toBe('action');
  });

  it('every clause must hold', () => {
    expect(failing({ period: { until: 2000 }, actors: [agent], purposes: ['TREAT'], actions: ['use'] })).toBe('action');
  });
});

describe('step 6: one consent’s result', () => {
  const sealed = new Uint8Array(32);
  it.each<[string, Provision, boolean, 'allergies' | 'problems' | undefined, number]>([
    ['target not matched: not applicable', { type: 'permit', sealed }, false, undefined, notApplicable],
    ['a deny whose target did not match likewise', { type: 'deny' }, false, undefined, notApplicable],
    ['no scope: the effect', { type: 'permit' }, true, undefined, permit],
    ['no scope: the effect of a deny', { type: 'deny' }, true, undefined, deny],
    ['a sealed permit: PERMIT or WEAK_DENY', { type: 'permit', sealed }, true, undefined, permit | weakDeny],
    ['a sealed deny: DENY or NOT_APPLICABLE', { type: 'deny', sealed }, true, undefined, deny | notApplicable],
    ['a permit, in an open category', { type: 'permit', categories: ['allergies'] }, true, 'allergies', permit],
    ['a permit, out of it', { type: 'permit', categories: ['allergies'] }, true, 'problems', weakDeny],
    ['a permit, category unknown', { type: 'permit', categories: ['allergies'] }, true, undefined, permit | weakDeny],
    ['a deny, in an open category', { type: 'deny', categories: ['allergies'] }, true, 'allergies', deny],
    ['a deny, out of it', { type: 'deny', categories: ['allergies'] }, true, 'problems', notApplicable],
  ])('%s', (_, provision, matched, category, expected) => {
    const atMs = matched ? 1000 : 0;
    expect(considered(consentOf({ ...provision, period: { from: 1 } }), { atMs, category }).results).toBe(expected);
  });
});

describe('step 5: provisions inside provisions', () => {
  const sealed = new Uint8Array(32);
  const other = new Uint8Array(32).fill(8);
  it.each<[string, Provision, Consent['nested'], number]>([
    ['a denial inside a permit', { type: 'permit' }, [{ parent: 0, type: 'deny', actors: [agent] }], deny],
    ['one for somebody else', { type: 'permit' }, [{ parent: 0, type: 'deny', actors: [other] }], permit],
    ['a sealed one', { type: 'permit' }, [{ parent: 0, type: 'deny', sealed }], deny | permit],
    ['a permit inside a denial', { type: 'deny' }, [{ parent: 0, type: 'permit', actors: [agent] }], permit],
    [
      'a permit inside a sealed denial',
      { type: 'deny', sealed },
      [{ parent: 0, type: 'permit', actors: [agent] }],
      permit | notApplicable,
    ],
    [
      'a denial two levels down, of a parent that is not reached',
      { type: 'permit' },
      [
        { parent: 0, type: 'deny', purposes: ['HRESCH'] },
        { parent: 1, type: 'deny', actors: [agent] },
      ],
      permit,
    ],
    [
      'a permit inside a sealed permit has its data clauses',
      { type: 'permit', sealed },
      [{ parent: 0, type: 'permit', actors: [agent] }],
      permit | weakDeny,
    ],
  ])('%s', (_, provision, nested, expected) => {
    expect(considered(consentOf(provision, nested)).results).toBe(expected);
  });

  it('the gateway says which denial stands: one that names break-glass, or another', () => {
    const consent = consentOf({ type: 'permit' }, [
      { parent: 0, type: 'deny', purposes: ['BTG'], sealed },
      { parent: 0, type: 'deny', sealed },
    ]);
    const claim = { consent: consent.id, version: 1, results: deny };
    const impossible = (namesBreakGlass: boolean, asked: RequestFacts['purpose']): boolean => {
      const claims = [{ ...claim, namesBreakGlass }];
      const request = { ...clinician, purpose: asked };
      return impossibleClaim({ ...clinic, request, consents: [consent], claims }) !== undefined;
    };
    expect([impossible(true, 'BTG'), impossible(false, 'BTG')]).toEqual([false, false]);
    // Asked for treatment, the first is not reached.
    expect([impossible(true, 'TREAT'), impossible(false, 'TREAT')]).toEqual([true, false]);
  });
});

describe('step 10: legal bases', () => {
  const basis = { name: 'public-health', role: 'clinician' as const, purpose: 'PUBHLTH' as const, honourDeny: false };
  const ask = (honourDeny: boolean, legalBasis?: string, type: 'permit' | 'deny' = 'deny') => {
    const { policy, ...rest } = clinic;
    const roles = [{ role: 'clinician' as const, purposes: ['PUBHLTH' as const] }];
    return decideOpen({
      ...rest,
      policy: { ...policy, roles, legalBases: [{ ...basis, honourDeny }] },
      request: { ...clinician, purpose: 'PUBHLTH', ...(legalBasis === undefined ? {} : { legalBasis }) },
      consents: [consentOf({ type })],
    });
  };

  it('beats a denial, unless it says otherwise', () => {
    expect(ask(false, 'public-health')).toMatchObject({ decision: 'permit', reason: 'legal-basis' });
    expect(ask(true, 'public-health')).toMatchObject({ decision: 'deny', reason: 'deny' });
  });

  it('helps only who cites one that the domain lists', () => {
    expect(ask(false)).toMatchObject({ decision: 'deny', basis: undefined });
    expect(ask(false, 'court-order')).toMatchObject({ decision: 'deny', basis: { applies: false } });
  });
});

describe('decideOpen', () => {
  const opening = { id: new Uint8Array(32), openedAt: 0, expiresAt: 5000, categories: ['allergies' as const] };
  const input: DecisionInput = {
    atMs: 1000,
    policy: {
      implicit: 'deny',
      timeZone: 'UTC',
      roles: [{ role: 'emergency-physician', purposes: ['TREAT'] }],
      emergency: { roles: ['emergency-physician'], categories: ['allergies'], maxHours: 24, honourDeny: true },
      openCategories: false,
      reviewDeadlineHours: 72,
      legalBases: [],
    },
    request: { agent, role: 'emergency-physician', organisation: 'north', purpose: 'BTG', action: 'access' },
    held: [{ id: new Uint8Array(32), role: 'emergency-physician', organisation: 'north', from: 0 }],
    groups: [],
    consents: [],
    claims: [],
    category: undefined,
    inEmergencyCategory: true,
    openings: [opening],
  };
  const decide = (change: Partial<DecisionInput>) => decideOpen({ ...input, ...change }).decision;

  it('opens by break-glass only for purpose BTG itself', () => {
    expect(decideOpen(input)).toMatchObject({ decision: 'permit-break-glass', reason: 'break-glass', opening });
    expect(decide({ request: { ...input.request, purpose: 'ETREAT' } })).toBe('deny');
  });

  it('asks the gate before everything: no opening helps who does not hold the role', () => {
    expect(decideOpen({ ...input, held: [] })).toMatchObject({ decision: 'deny', reason: 'gate', opening: undefined });
  });

  it('opens at `openedAt`, not before, and closes at the end, at the latest after the hours of the domain', () => {
    expect(decide({ atMs: 4999 })).toBe('permit-break-glass');
    expect(decide({ atMs: 5000 })).toBe('deny');
    expect(decide({ openings: [{ ...opening, openedAt: 1001 }] })).toBe('deny');
    expect(decide({ openings: [{ ...opening, openedAt: 1000 }] })).toBe('permit-break-glass');
  });
});
