import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  type Consent,
  type DecisionPolicy,
  decide,
  lintCodes,
  lintPolicy,
  type Provision,
} from '../../../src/decision/index.ts';
import { consents, requests } from './draw.ts';

function brief(policy: Partial<DecisionPolicy>, provisions?: readonly Provision[]): string[] {
  const given = provisions?.map((provision): Consent => ({ subject: 'patient', provision }));
  return lintPolicy({ implicit: 'deny', ...policy }, given).map(({ code, path }) => `${code} ${path}`);
}

const roles = [
  { role: 'physician', purposes: ['TREAT'] },
  { role: 'clerk', purposes: ['HPAYMT'] },
];

describe('a check of a policy', () => {
  it('finds nothing in one that makes sense', () => {
    const emergency = { roles: ['physician'] };
    const legalBases = [{ name: 'claims', role: 'clerk', purpose: 'CLMATTCH' }];
    expect(brief({ roles, emergency, legalBases })).toEqual([]);
    expect(brief({ emergency, legalBases })).toEqual([]);
    expect(brief({ roles, emergency, legalBases }, [{ type: 'permit', actors: ['role:physician'] }])).toEqual([]);
  });

  it('finds what a list of roles says twice', () => {
    const twice = [...roles, { role: 'clerk', purposes: ['HOPERAT', 'FRAUD', 'HOPERAT'] }];
    expect(brief({ roles: twice })).toEqual([
      'role-listed-twice roles[2]',
      'purpose-redundant roles[2].purposes[1]',
      'purpose-redundant roles[2].purposes[2]',
    ]);
    expect(brief({ roles: { physician: ['ETREAT', 'TREAT'] } })).toEqual(['purpose-redundant roles.physician[0]']);
  });

  it('finds an emergency that nobody can use, or not every role that it names', () => {
    expect(brief({ roles, emergency: { roles: ['clerk', 'physician', 'nurse'] } })).toEqual([
      'emergency-gate emergency.roles[0]',
      'emergency-gate emergency.roles[2]',
    ]);
    for (const emergency of [
      { roles: [] },
      { roles: ['physician'], categories: [] },
      { roles: ['physician'], maxHours: 0 },
    ])
      expect(brief({ roles, emergency })).toEqual(['emergency-never emergency']);
    expect(brief({ roles: roles.slice(1), emergency: { roles: ['clerk'] } })).toEqual(['emergency-never emergency']);
  });

  it('finds a legal basis that nobody can cite, or not every role that it names, or that has a rival', () => {
    const basis = { name: 'law', role: ['physician', 'clerk'], purpose: ['ETREAT'] };
    expect(brief({ roles, legalBases: [{ ...basis, purpose: 'PUBHLTH' }] })).toEqual([
      'legal-basis-unusable legalBases[0]',
    ]);
    expect(brief({ roles, legalBases: [basis] })).toEqual(['legal-basis-gate legalBases[0].role']);
    const rivals = [
      { ...basis, role: 'physician' },
      { ...basis, role: 'physician', purpose: 'TREAT', honourDeny: true },
    ];
    expect(brief({ roles, legalBases: rivals })).toEqual(['legal-basis-overlap legalBases[1]']);
    expect(brief({ roles, legalBases: rivals.map((one) => ({ ...one, honourDeny: true })) })).toEqual([]);
  });

  it('with consents finds what nothing permits, and what nobody may claim', () => {
    expect(brief({ roles }, [{ type: 'permit', purposes: ['ETREAT', 'HRESCH'] }])).toEqual([
      'purpose-unclaimable consents[0].provision.purpose[1]',
      'purpose-unpermitted roles[1].purposes[0]',
    ]);
    expect(brief({ roles }, [{ type: 'permit', actors: ['role:clerk', 'role:nurse'] }])).toEqual([
      'purpose-unpermitted roles[0].purposes[0]',
    ]);
    expect(brief({ roles, implicit: 'permit' }, [])).toEqual([]);
  });

  it('is true: what it says nobody permits is permitted to nobody who is that alone', () => {
    let unpermitted = 0;
    const policies: fc.Arbitrary<DecisionPolicy> = fc.record({
      implicit: fc.constant('deny'),
      roles: fc.array(
        fc.record({
          role: fc.constantFrom('nurse', 'researcher'),
          purposes: fc.subarray(['TREAT', 'HRESCH', 'ETREAT'], { minLength: 1 }),
        }),
      ),
      legalBases: fc.subarray([{ name: 'law', role: 'nurse', purpose: 'ETREAT' }]),
    });
    fc.assert(
      fc.property(fc.array(consents, { maxLength: 2 }), policies, requests, (all, policy, request) => {
        for (const { code, path } of lintPolicy(policy, all)) {
          if (code !== 'purpose-unpermitted') continue;
          unpermitted += 1;
          const [, place, number] = /^roles\[(\d+)\]\.purposes\[(\d+)\]$/.exec(path) ?? [];
          const listed = Array.isArray(policy.roles) ? policy.roles[Number(place)] : undefined;
          const asked = {
            ...request,
            purpose: listed.purposes[Number(number)],
            requester: { ...request.requester, roles: [listed.role] },
            legalBasis: 'law',
          };
          expect(
            decide({ consents: all, policy, request: asked }).resources.map(({ decision }) => decision),
          ).not.toContain('permit');
        }
      }),
      { numRuns: 500 },
    );
    expect(unpermitted).toBeGreaterThan(50);
  });

  it('refuses what is no policy', () => {
    for (const wrong of [undefined, {}, { implicit: 'deny', roles: [{ role: 'x', purposes: ['treat'] }] }])
      expect(() => lintPolicy(wrong as unknown as DecisionPolicy)).toThrow(
        expect.objectContaining({ code: 'decision-input-invalid' }),
      );
  });
});

it('docs/decision.md has every code', () => {
  const document = readFileSync(join(import.meta.dirname, '../../../docs/decision.md'), 'utf8');
  const rows = [...document.matchAll(/^\| `([a-z-]+)` \| (.+) \|$/gm)].map(([, code, sentence]) => [code, sentence]);
  expect(Object.fromEntries(rows)).toEqual(lintCodes);
});
