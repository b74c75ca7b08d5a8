import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  type Claims,
  type Consent,
  combine,
  type DecisionPolicy,
  type DecisionRequest,
  decide,
  evaluateScope,
  isSubset,
  namesOfResultSet,
  openPart,
} from '../../../src/decision/index.ts';
import { consents, policies, requests } from './draw.ts';

const several = fc.array(consents, { maxLength: 3 });
const runs = { numRuns: 1500 };

/** Questions that may break the glass, or cite a basis. */
const questions: fc.Arbitrary<DecisionRequest> = fc
  .record({
    request: requests,
    roles: fc.subarray(['nurse', 'emergency', 'officer']),
    purpose: fc.constantFrom(undefined, 'BTG', 'PUBHLTH'),
    legalBasis: fc.constantFrom(undefined, 'public-health', 'unheard-of'),
    breakGlass: fc.constantFrom(undefined, ['problems'], ['allergies']),
  })
  .map(({ request, roles, purpose, legalBasis, breakGlass }) => ({
    ...request,
    purpose: purpose ?? request.purpose,
    requester: { ...request.requester, roles },
    ...(legalBasis && { legalBasis }),
    ...(breakGlass && {
      breakGlass: {
        justified: true,
        categories: breakGlass,
        openedAt: new Date(Date.parse(request.at) - 3_600_000).toISOString(),
        expiresAt: new Date(Date.parse(request.at) + 3_600_000).toISOString(),
      },
    }),
  }));

const domains: fc.Arbitrary<DecisionPolicy> = fc
  .record({ policy: policies, honourDeny: fc.boolean(), hasGate: fc.boolean() })
  .map(({ policy, honourDeny, hasGate }) => ({
    ...policy,
    ...(hasGate && { roles: { nurse: ['TREAT'], emergency: ['TREAT'], officer: ['PUBHLTH', 'HRESCH'] } }),
    emergency: { roles: ['emergency'], honourDeny },
    legalBases: [{ name: 'public-health', role: 'officer', purpose: 'PUBHLTH', honourDeny }],
  }));

/** What a gateway signs for each record that a request asks about, with its category where that is known. */
function claimsOf(all: readonly Consent[], request: DecisionRequest, policy: DecisionPolicy): Claims[] {
  return evaluateScope({ consents: all, request, policy }).resources.map(({ results, inEmergencyCategory }, place) => {
    const category = request.resources[place]?.categories?.[0];
    return { results, inEmergencyCategory, category };
  });
}

describe('the split', () => {
  it('comes to what decide comes to, consent by consent', () => {
    fc.assert(
      fc.property(several, questions, domains, (all, request, policy) => {
        const whole = decide({ consents: all, request, policy });
        const open = all.map(openPart);
        for (const [place, claims] of claimsOf(all, request, policy).entries()) {
          const expected = whole.resources[place];
          const { decision, by, glass, determining, results } = combine({ consents: open, request, policy, claims });
          expect({ decision, by, glass: glass === 'not-asked' ? undefined : glass }).toEqual({
            decision: expected?.decision,
            by: expected?.by,
            glass: expected?.breakGlassRefused,
          });
          expect(determining.map((one) => `#${one}`)).toEqual(expected?.determining.map(({ consent }) => consent));
          expect(results.map((one) => namesOfResultSet(one.results))).toEqual(
            expected?.considered.map((one) => one.results),
          );
          expect(results.every((one) => one.isClaimed && !one.isImpossible)).toBe(true);
        }
      }),
      runs,
    );
  });

  it('decides as every resolution of what is undecided does, or leaves it open', () => {
    fc.assert(
      fc.property(several, requests, policies, (all, request, policy) => {
        const open = all.map(openPart);
        for (const claims of claimsOf(all, request, policy)) {
          const known = claims.results.map((one) => one ?? { results: 15, namesBreakGlass: false });
          const ways = waysOf(known.map(({ results }) => results)).map((way) => {
            const results = way.map((one, place) => ({
              results: one,
              namesBreakGlass: one === 2 && known[place]?.namesBreakGlass === true,
            }));
            return combine({ consents: open, request, policy, claims: { ...claims, results } }).decision;
          });
          const { decision } = combine({ consents: open, request, policy, claims });
          expect(decision).toBe(new Set(ways).size === 1 ? ways[0] : 'indeterminate');
        }
      }),
      { numRuns: 500 },
    );
  });

  it('never permits more where the gateway says nothing, or knows other versions', () => {
    fc.assert(
      fc.property(several, questions, domains, fc.infiniteStream(fc.boolean()), (all, request, policy, drops) => {
        const open = all.map(openPart);
        const whole = decide({ consents: all, request, policy });
        for (const [place, claims] of claimsOf(all, request, policy).entries()) {
          const kept = claims.results.map((claim) => (drops.next().value === true ? undefined : claim));
          const { decision } = combine({ consents: open, request, policy, claims: { ...claims, results: kept } });
          const truth = whole.resources[place]?.decision;
          if (decision === 'permit') expect(truth).toBe('permit');
          if (decision === 'permit-break-glass') expect(['permit', 'permit-break-glass']).toContain(truth);
        }
      }),
      runs,
    );
  });

  it('takes a claim that the open clauses rule out for no claim', () => {
    const anything = fc.record({ results: fc.integer({ min: 1, max: 15 }), namesBreakGlass: fc.boolean() });
    fc.assert(
      fc.property(consents, questions, domains, anything, (consent, request, policy, claim) => {
        const open = [openPart(consent)];
        const none = { results: [], inEmergencyCategory: false };
        const [possible] = combine({ consents: open, request, policy, claims: none }).results;
        const [taken] = combine({ consents: open, request, policy, claims: { ...none, results: [claim] } }).results;
        if (possible === undefined || taken === undefined) return;
        expect(taken.isImpossible).toBe(!taken.isClaimed);
        if (taken.isClaimed) expect(isSubset(taken.results, possible.results)).toBe(true);
        else expect(taken).toEqual({ ...possible, isImpossible: true, misses: taken.misses });
      }),
      runs,
    );
  });

  it('shows nobody a label, class, code, reference or date of data', () => {
    fc.assert(
      fc.property(consents, (consent) => {
        expect(JSON.stringify(openPart(consent))).not.toMatch(/labels|dataPeriod|"data"|classes|codes|sensitivity/);
      }),
    );
  });
});

function waysOf(sets: readonly number[]): number[][] {
  return sets.reduce<number[][]>(
    (ways, set) => ways.flatMap((way) => [1, 2, 4, 8].filter((bit) => set & bit).map((bit) => [...way, bit])),
    [[]],
  );
}
