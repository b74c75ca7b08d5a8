import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  type Consent,
  type DecisionPolicy,
  type DecisionRequest,
  decide,
  type Provision,
  type ResourceFacts,
  type SmallestChange,
} from '../../../src/decision/index.ts';
import { consents, provisions, requests } from './draw.ts';

interface Case {
  readonly consents: readonly Consent[];
  readonly request: DecisionRequest;
  readonly policy: DecisionPolicy;
}

/** Does what a change says, to a case about one record; undefined for a fact, which nobody can do anything about. */
function done({ kind, consent, element, value = '' }: SmallestChange, given: Case): Case | undefined {
  const { request } = given;
  const { requester } = request;
  const asked = (change: Partial<DecisionRequest>): Case => ({ ...given, request: { ...request, ...change } });
  const about = (facts: Partial<ResourceFacts>): Case => {
    const [resource] = request.resources;
    return asked({ resources: [{ reference: '', ...resource, ...facts }] });
  };
  const [resource] = request.resources;
  switch (kind) {
    case 'purpose':
      return asked({ purpose: value });
    case 'role':
      return asked({ requester: { ...requester, roles: [...requester.roles, value] } });
    case 'consent-given':
      return { ...given, consents: [...given.consents, { subject: 'patient', provision: { type: 'permit' } }] };
    case 'consent-revoked':
      return { ...given, consents: given.consents.filter(({ id }) => id !== consent) };
    case 'fact-known':
      return undefined;
  }
  switch (element) {
    case 'period':
      return asked({ at: value });
    case 'purpose':
      return asked({ purpose: value });
    case 'action':
      return asked({ action: value as 'use' });
    case 'actor':
      return value.startsWith('role:')
        ? asked({ requester: { ...requester, roles: [...requester.roles, value.slice(5)] } })
        : asked({ requester: { ...requester, references: [...requester.references, value] } });
    case 'securityLabel':
      return about(value.length === 1 ? { confidentiality: value } : { sensitivity: [value] });
    case 'dataPeriod': {
      const [, start, end] = /^from (.+) until (.+)$/.exec(value) ?? [];
      const date = {
        ...(start !== 'ever' && { start }),
        // Ends of intervals are the first moment after them.
        ...(end !== 'ever' && { end: new Date(Date.parse(end ?? '') - 1).toISOString() }),
      };
      return about({ date });
    }
    case 'data': {
      const [meaning, reference = ''] = value.split(' ');
      if (meaning === 'instance') return about({ reference });
      if (meaning === 'authoredby') return about({ authors: [...(resource?.authors ?? []), reference] });
      return about({ related: [...(resource?.related ?? []), reference] });
    }
    case 'class':
      return about({ class: [...[resource?.class ?? []].flat(), value] });
    case 'category':
      return about({ categories: [...(resource?.categories ?? []), value] });
    case 'code':
      return about({ codes: [...(resource?.codes ?? []), value] });
    default:
      throw new Error(`${element} is no element that can be otherwise`);
  }
}

const rolePurposes = fc.subarray(['TREAT', 'HRESCH', 'ETREAT'], { minLength: 1 });
const policies: fc.Arbitrary<DecisionPolicy> = fc.record(
  {
    implicit: fc.constantFrom('permit' as const, 'deny' as const),
    roles: fc.array(fc.record({ role: fc.constantFrom('nurse', 'researcher', 'clerk'), purposes: rolePurposes }), {
      maxLength: 3,
    }),
    legalBases: fc.constant([{ name: 'law', role: 'nurse', purpose: 'TREAT', honourDeny: true }]),
  },
  { requiredKeys: ['implicit'] },
);
/** A permit with one clause: what it fails in is often the only thing. */
const nearly = fc.tuple(provisions, fc.nat()).map(([{ type: _, provisions: __, ...clauses }, turn]): Consent => {
  const entries = Object.entries(clauses);
  const one = entries.slice(turn % Math.max(1, entries.length)).slice(0, 1);
  return { subject: 'patient', provision: { type: 'permit', ...Object.fromEntries(one) } };
});
const named = fc
  .oneof(fc.array(consents, { maxLength: 3 }), {
    weight: 3,
    arbitrary: fc.array(nearly, { minLength: 1, maxLength: 2 }),
  })
  .map((all) => all.map((consent, place): Consent => ({ ...consent, id: `c${place}` })));
const asked = fc
  .tuple(requests, fc.boolean())
  .map(([request, isLawful]): DecisionRequest => ({ ...request, ...(isLawful && { legalBasis: 'law' }) }));

describe('the smallest change', () => {
  it('permits, when it is done', () => {
    const claimed = new Map<string, number>();
    fc.assert(
      fc.property(named, asked, policies, (all, request, policy) => {
        for (const resource of request.resources) {
          const given: Case = { consents: all, request: { ...request, resources: [resource] }, policy };
          const [before] = decide(given).resources;
          const change = before?.smallestChange;
          if (before?.decision === 'permit') expect(change).toBeUndefined();
          if (change === undefined) continue;
          const what = change.element ?? change.kind;
          claimed.set(what, (claimed.get(what) ?? 0) + 1);
          const after = done(change, given);
          if (after !== undefined) expect(decide(after).decision).toBe('permit');
        }
      }),
      { numRuns: 4000 },
    );
    const kinds = ['role', 'purpose', 'consent-revoked', 'consent-given', 'fact-known'];
    const elements = ['period', 'actor', 'action', 'securityLabel', 'dataPeriod', 'data', 'class', 'code', 'category'];
    expect([...claimed.keys()].sort()).toEqual([...kinds, ...elements].sort());
  });

  const policy: DecisionPolicy = { implicit: 'deny' };
  const request: DecisionRequest = {
    subject: 'patient',
    at: '2026-03-01T10:00:00Z',
    purpose: 'TREAT',
    action: 'access',
    requester: { references: ['dr-x'], roles: ['clerk'] },
    resources: [{ reference: 'Observation/1', confidentiality: 'R' }],
  };
  const change = (
    provisions: readonly Provision[],
    asking: Partial<DecisionRequest> = {},
    domain: Partial<DecisionPolicy> = {},
  ): SmallestChange | undefined =>
    decide({
      consents: provisions.map((provision, place) => ({ id: `c${place}`, subject: 'patient', provision })),
      request: { ...request, ...asking },
      policy: { ...policy, ...domain },
    }).resources[0]?.smallestChange;

  it('names an element and the value that it would have to have', () => {
    const normal: Provision = { type: 'permit', labels: { confidentiality: ['N'], sensitivity: [] } };
    expect(change([normal])).toEqual({
      kind: 'element',
      consent: 'c0',
      path: 'provision',
      element: 'securityLabel',
      value: 'N',
      sentence: 'securityLabel N instead of R (provision).',
    });
    const soon: Provision = { type: 'permit', period: { from: Date.UTC(2027, 0, 1) } };
    expect(change([soon])).toMatchObject({ element: 'period', value: '2027-01-01T00:00:00.000Z' });
    const over: Provision = { type: 'permit', period: { until: Date.UTC(2026, 0, 1) } };
    expect(change([over])).toMatchObject({ element: 'period', value: '2025-12-31T23:59:59.999Z' });
  });

  it('is not an element that would not be enough', () => {
    const two: Provision = { type: 'permit', actors: ['dr-y'], purposes: ['HRESCH'] };
    expect(change([two])?.kind).toBe('consent-given');
    // For dr-y there is a denial.
    expect(
      change([
        { type: 'permit', actors: ['dr-y'] },
        { type: 'deny', actors: ['dr-y'] },
      ])?.kind,
    ).toBe('consent-given');
    expect(change([two, { type: 'permit', actors: ['dr-z'] }])).toMatchObject({ consent: 'c1', value: 'dr-z' });
  });

  it('at the gate is a purpose or a role with which a consent permits', () => {
    const roles = [
      { role: 'clerk', purposes: ['HPAYMT', 'HOPERAT'] },
      { role: 'auditor', purposes: ['HOPERAT'] },
      { role: 'nurse', purposes: ['TREAT'] },
    ];
    const forOperations: Provision = { type: 'permit', purposes: ['HOPERAT'] };
    expect(change([forOperations], {}, { roles })).toMatchObject({ kind: 'purpose', value: 'HOPERAT' });
    expect(change([{ type: 'permit', purposes: ['TREAT'] }], {}, { roles })).toMatchObject({
      kind: 'role',
      value: 'nurse',
    });
    expect(change([], {}, { roles })).toBeUndefined();
  });
});
