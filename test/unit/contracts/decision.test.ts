import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  type Combination,
  combineResults,
  type DecisionInput,
  decideOpen,
  namesOfResultSet,
  type Provision,
  possibleResults,
  type RequestFacts,
  result,
  resultSetOf,
  targetMismatch,
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

describe('step 3: target = period ∧ actor ∧ purpose ∧ action', () => {
  const agent = new Uint8Array(32).fill(7);
  const request: RequestFacts = { agent, role: 'clinician', organisation: 'north', purpose: 'TREAT', action: 'access' };
  const held = [{ id: new Uint8Array(32), role: 'clinician' as const, organisation: 'north', from: 0 }];
  const failing = (provision: Partial<Provision>, asked: Partial<RequestFacts> = {}, atMs = 1000): string | undefined =>
    targetMismatch({ type: 'permit', ...provision }, { ...request, ...asked }, held, atMs)?.element;

  it('an absent element does not constrain', () => expect(failing({})).toBeUndefined());

  it('periods are half-open', () => {
    expect(failing({ period: { from: 1000, until: 1001 } })).toBeUndefined();
    expect(failing({ period: { from: 1001 } })).toBe('period');
    expect(failing({ period: { until: 1000 } })).toBe('period');
  });

  it('actors are the agent, its organisations and its roles, OR-ed', () => {
    const other = new Uint8Array(32).fill(8);
    expect(failing({ actors: [agent] })).toBeUndefined();
    expect(failing({ actors: [other] })).toBe('actor');
    expect(failing({ actors: [other, 'member:north'] })).toBeUndefined();
    expect(failing({ actors: ['member:south', 'role:researcher'] })).toBe('actor');
    expect(failing({ actors: ['role:clinician'] })).toBeUndefined();
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
    expect(possibleResults(provision, matched, category)).toBe(expected);
  });
});

describe('decideOpen', () => {
  const agent = new Uint8Array(32).fill(7);
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
