import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { evaluateConsent } from '../../../src/decision/evaluate.ts';
import {
  type Consent,
  decide,
  includedPurposes,
  namesOfResultSet,
  type Purpose,
  redact,
} from '../../../src/decision/index.ts';
import { readRequest } from '../../../src/decision/request.ts';
import { scopingOf } from '../../../src/decision/scope.ts';
import { Targets } from '../../../src/decision/target.ts';
import { consents, policies, provisions, requests } from './draw.ts';
import { possibleDecisions, possibleResultsOf } from './oracle.ts';

const several = fc.array(consents, { maxLength: 3 });
const deny = { implicit: 'deny' } as const;

describe('a decision', () => {
  it('is the one of every way to resolve what is undecided', () => {
    fc.assert(
      fc.property(several, requests, policies, (all, request, policy) => {
        const question = readRequest(request);
        for (const [place, resource] of question.resources.entries()) {
          for (const consent of all)
            expect(
              new Set(
                namesOfResultSet(
                  evaluateConsent(consent.provision, new Targets(question), scopingOf(resource)).results,
                ),
              ),
            ).toEqual(possibleResultsOf(consent, question, resource));
          const possible = possibleDecisions(all, question, resource, policy);
          const expected = possible.size > 1 ? 'indeterminate' : [...possible][0];
          expect(decide({ consents: all, request, policy }).resources[place]?.decision).toBe(expected);
        }
      }),
      { numRuns: 1000 },
    );
  });

  it('is never turned into a permit by one more denial without exceptions', () => {
    fc.assert(
      fc.property(several, provisions, requests, policies, (all, { provisions: _, ...clauses }, request, policy) => {
        const added: Consent = { subject: 'patient', provision: { ...clauses, type: 'deny' } };
        const before = decide({ consents: all, request, policy }).resources;
        const after = decide({ consents: [...all, added], request, policy }).resources;
        for (const [place, { decision }] of after.entries())
          if (decision === 'permit') expect(before[place]?.decision).toBe('permit');
      }),
      { numRuns: 500 },
    );
  });

  it('is never turned into a permit by revoking a consent that only permits, where nothing else permits', () => {
    const permitOnly = consents.filter(({ provision }) => !JSON.stringify(provision).includes('"deny"'));
    fc.assert(
      fc.property(several, permitOnly, requests, (all, revoked, request) => {
        const before = decide({ consents: [...all, revoked], request, policy: deny }).resources;
        const after = decide({ consents: all, request, policy: deny }).resources;
        for (const [place, { decision }] of after.entries())
          if (decision === 'permit') expect(before[place]?.decision).toBe('permit');
      }),
      { numRuns: 500 },
    );
  });

  it('permits a narrower purpose wherever the wider one, unless something denies', () => {
    const pairs = fc
      .constantFrom<Purpose[]>('TREAT', 'ETREAT', 'HRESCH')
      .chain((general) => fc.tuple(fc.constant(general), fc.constantFrom(...includedPurposes(general))));
    const withoutDenials = consents.filter(({ provision }) => !JSON.stringify(provision).includes('"deny"'));
    fc.assert(
      fc.property(fc.array(withoutDenials, { maxLength: 3 }), requests, pairs, (all, request, [general, special]) => {
        const wide = decide({ consents: all, request: { ...request, purpose: general }, policy: deny });
        const narrow = decide({ consents: all, request: { ...request, purpose: special }, policy: deny });
        if (wide.decision === 'permit') expect(narrow.decision).toBe('permit');
      }),
      { numRuns: 500 },
    );
  });

  it('depends on no order, on no consent of another subject, and on no other resource', () => {
    fc.assert(
      fc.property(several, consents, requests, policies, (all, other, request, policy) => {
        const decisions = (given: readonly Consent[]): string[] =>
          decide({ consents: given, request, policy }).resources.map(({ decision }) => decision);
        const expected = decisions(all);
        expect(decisions([...all].reverse())).toEqual(expected);
        expect(decisions([{ ...other, subject: 'somebody' }, ...all])).toEqual(expected);
        const alone = request.resources.flatMap(
          (resource) => decide({ consents: all, request: { ...request, resources: [resource] }, policy }).resources,
        );
        expect(alone).toEqual(decide({ consents: all, request, policy }).resources);
      }),
      { numRuns: 300 },
    );
  });

  it('is the same with its determining consents alone', () => {
    fc.assert(
      fc.property(several, requests, policies, (all, request, policy) => {
        const named = all.map((consent, place) => ({ ...consent, id: `c${place}` }));
        for (const resource of request.resources) {
          const one = { ...request, resources: [resource] };
          const { decision, resources } = decide({ consents: named, request: one, policy });
          const determining = new Set(resources[0]?.determining.map(({ consent }) => consent));
          const left = named.filter(({ id }) => determining.has(id));
          expect(decide({ consents: left, request: one, policy }).decision).toBe(decision);
        }
      }),
      { numRuns: 1000 },
    );
  });

  it('shows a requester nothing by which two records that differ in a hidden label could be told apart', () => {
    fc.assert(
      fc.property(several, requests, (all, request) => {
        const [first] = request.resources;
        const withLabel = { ...request, resources: [{ ...first, reference: 'a', sensitivity: ['HIV'] }] };
        const without = { ...request, resources: [{ ...first, reference: 'a', sensitivity: [] }] };
        const [one, other] = [withLabel, without].map((asked) =>
          decide({ consents: all, request: asked, policy: deny }),
        );
        if (one === undefined || other === undefined) throw new Error('two were asked');
        const isRefused = one.decision !== 'permit' && other.decision !== 'permit';
        if (isRefused) expect(redact(one)).toEqual(redact(other));
      }),
      { numRuns: 500 },
    );
  });
});
