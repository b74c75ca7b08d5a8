import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fromHex, present, toHex } from '../../../src/base/index.ts';
import { type ResultClaims, resultClaims } from '../../../src/client/index.ts';
import {
  builtInContracts,
  consentOf,
  describeConsent,
  openConsent,
  type ProvisionTreeJson,
  type ScopeOpening,
  sealProvisions,
} from '../../../src/contracts/index.ts';
import { sha256 } from '../../../src/crypto/portable.ts';
import { decide, type Provision, type ResourceFacts } from '../../../src/decision/index.ts';
import { provisions as drawnProvisions, requests } from '../decision/draw.ts';
import { policy, world } from './support.ts';

/** Salts that differ, and are the same in every run. */
function salts(): () => Uint8Array {
  let count = 0;
  return () => sha256(new Uint8Array([count++]));
}

const finder = (openings: readonly ScopeOpening[]) => (commitmentHex: string) =>
  openings.find(({ commitment }) => toHex(commitment) === commitmentHex);

const named = { id: 'c', version: 1, subject: 'patient' };

describe('data clauses of a consent', () => {
  it('are in nothing that the ledger takes, and decide the same once opened', () => {
    fc.assert(
      fc.property(drawnProvisions, requests, (provision, request) => {
        const { openings, ...tree } = sealProvisions(provision, salts());
        expect(JSON.stringify(tree)).not.toMatch(/labels|dataPeriod|"data"|classes|codes|sensitivity|Observation/);
        const opened = present(openConsent({ ...named, ...tree }, finder(openings)), 'all openings are there');
        const verdict = (root: Provision) =>
          decide({ consents: [{ subject: 'patient', provision: root }], request, policy: { implicit: 'deny' } });
        expect(verdict(opened.provision)).toEqual(verdict(provision));
      }),
    );
  });

  it('cannot be opened to something else, and are not guessed where an opening is missing', () => {
    const root: Provision = { type: 'deny', labels: { confidentiality: [], sensitivity: ['PSY'] } };
    const { openings, ...tree } = sealProvisions(root, salts());
    const { openings: others } = sealProvisions({ ...root, classes: ['a|b'] }, salts());
    const [opening, other] = [present(openings[0], 'one'), present(others[0], 'one')];
    expect(openConsent({ ...named, ...tree }, () => undefined)).toBeUndefined();
    expect(() => openConsent({ ...named, ...tree }, () => other)).toThrow('opens something else');
    expect(() => openConsent({ ...named, ...tree }, () => ({ ...opening, salt: other.commitment }))).toThrow();
  });
});

describe('a gateway that opens what is sealed', () => {
  const psychiatric: Provision = { type: 'deny', labels: { confidentiality: [], sensitivity: ['PSY'] } };
  const roots: readonly Provision[] = [
    { type: 'permit', purposes: ['TREAT'] },
    { type: 'permit', purposes: ['TREAT'], provisions: [psychiatric] },
    { ...psychiatric, provisions: [{ type: 'permit', actors: ['role:clinician'] }] },
    { type: 'permit', labels: { confidentiality: ['N'], sensitivity: [] } },
    { type: 'deny', purposes: ['BTG'], codes: ['urn:k|one'] },
    { type: 'permit', categories: ['allergies'] },
  ];
  const records: readonly ResourceFacts[] = [
    { reference: 'Observation/a', confidentiality: 'N', sensitivity: [], categories: ['results'] },
    { reference: 'Observation/b', sensitivity: ['PSY'], codes: ['urn:k|one'], categories: ['allergies'] },
    { reference: 'Observation/c' },
  ];

  it.each(records)('comes with the voters to what whoever sees all of it would decide: %j', (facts) => {
    fc.assert(
      fc.property(fc.subarray([...roots.keys()], { minLength: 1 }), fc.boolean(), (chosen, isForgetful) => {
        const openCategories = facts.categories !== undefined;
        const made = world({ ...policy, openCategories });
        const { ledger } = made;
        const { did } = ledger.actor('ana');
        const usable = chosen.filter((place) => openCategories || roots[place]?.categories === undefined);
        const openings: ScopeOpening[] = [];
        const consents = usable.map((place) => {
          const sealed = sealProvisions(present(roots[place], 'a root'), salts());
          openings.push(...sealed.openings);
          const { provision, nested } = sealed;
          const granted = ledger.submit('ana', 'consent.grant', { domain: 'north-records', provision, nested });
          const id = String(granted.output?.['consent']);
          const view = describeConsent(
            present(consentOf(ledger.state, present(fromHex(id), 'an id in hex')), 'granted'),
          );
          return { ...(view as unknown as ProvisionTreeJson), id, version: 1, subject: did };
        });
        const kept = isForgetful ? openings.slice(1) : openings;
        const question = {
          subject: did,
          at: new Date(ledger.nowMs).toISOString(),
          purpose: 'TREAT',
          action: 'access' as const,
          agent: ledger.actor('kay').did,
          role: 'clinician',
          belongsTo: ['member:north', 'role:clinician'],
        };
        const claims: ResultClaims = resultClaims(
          consents,
          finder(kept),
          domainPolicy(openCategories),
          question,
          facts,
        );
        const [category] = facts.categories ?? [];
        const recorded = made.access({ results: claims.results, category });
        expect(recorded.code).toBeUndefined();
        const whole = consents.map((consent) => present(openConsent(consent, finder(openings)), 'all are there'));
        const request = {
          ...question,
          requester: { references: [question.agent, ...question.belongsTo], roles: ['clinician'] },
          resources: [facts],
        };
        const { agent: _a, role: _r, belongsTo: _b, ...asked } = request;
        const expected = decide({ consents: whole, request: asked, policy: { implicit: 'deny' } }).decision;
        const decision = recorded.output?.['decision'];
        if (claims.unopened.length === 0) expect(decision).toBe(expected);
        else if (decision === 'permit') expect(expected).toBe('permit');
      }),
      { numRuns: 12, seed: 4 },
    );
  });
});

function domainPolicy(openCategories: boolean): Parameters<typeof resultClaims>[2] {
  const kind = present(builtInContracts.kind('enrolment.domain'), 'it is built in');
  const payload = { domain: 'd', policy: { ...policy, openCategories }, ifVersion: 0 };
  return (kind.schema.parse(payload) as { policy: Parameters<typeof resultClaims>[2] }).policy;
}
