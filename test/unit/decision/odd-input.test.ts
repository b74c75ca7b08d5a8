import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  type Consent,
  consentSchema,
  type DecisionInput,
  decide,
  evaluateScope,
  type NormalizeOptions,
  normalizeConsent,
  type Provision,
} from '../../../src/decision/index.ts';

const v3 = (system: string, code: string): object => ({
  system: `http://terminology.hl7.org/CodeSystem/${system}`,
  code,
});

/** A consent with every clause. */
const whole = {
  resourceType: 'Consent',
  status: 'active',
  scope: { coding: [v3('consentscope', 'patient-privacy')] },
  patient: { reference: 'Patient/p' },
  policyRule: { coding: [v3('v3-ActCode', 'OPTIN')] },
  provision: {
    type: 'permit',
    period: { start: '2022', end: '2030-02' },
    actor: [{ role: { coding: [v3('v3-ParticipationType', 'IRCP')] }, reference: { reference: 'Practitioner/x' } }],
    action: [{ coding: [v3('consentaction', 'access')] }],
    securityLabel: [v3('v3-Confidentiality', 'N'), v3('v3-ActCode', 'PSY')],
    purpose: [v3('v3-ActReason', 'TREAT'), { system: 'urn:x', code: 'a' }],
    class: [{ system: 'urn:c', code: 'one' }],
    code: [{ coding: [{ system: 'urn:k', code: 'one' }] }],
    dataPeriod: { end: '2024-01-01T00:00:00Z' },
    data: [{ meaning: 'authoredby', reference: { reference: 'Practitioner/x' } }],
    provision: [{ type: 'deny', purpose: [v3('v3-ActReason', 'CLINTRL')] }],
  },
};

const cyclic: { type: string; provision: object[]; provisions: object[] } = {
  type: 'permit',
  provision: [],
  provisions: [],
};
cyclic.provision.push(cyclic, cyclic);
cyclic.provisions.push(cyclic, cyclic);

const strange = fc.constantFrom<unknown[]>(
  ...[null, undefined, 0, -1, 1.5, Number.NaN, true, '', ' ', 'x', '#p', 'permit', 'TREAT', 'a|', '|', 'a|b|c'],
  ...[[], {}, [{}], [null], [[]], { toString: 1, valueOf: 1 }, Object.create(null), Symbol('x'), () => 1, 10n],
  ...['2022-02-30', '2022-01-01T24:00:00Z', '2022-01-01T00:00:00+15:00', 'x'.repeat(600), 9e15, new Date(0), cyclic],
  ...[{ coding: [] }, { coding: [{ code: 'x' }] }, { text: 'x' }, { extension: [{ url: 'urn:e' }] }],
  ...[Array.from({ length: 600 }, () => ({ type: 'permit' })), JSON.parse('{"__proto__":{"type":"permit"}}')],
);
const added = fc.constantFrom(
  'modifierExtension',
  '_type',
  'extension',
  '__proto__',
  'constructor',
  'period',
  'decision',
);

interface Oddity {
  readonly steps: readonly number[];
  readonly how: 'put' | 'leave out' | 'add';
  readonly value: unknown;
  readonly name: string;
}

const oddity: fc.Arbitrary<Oddity> = fc.record({
  steps: fc.array(fc.nat(30), { minLength: 1, maxLength: 8 }),
  how: fc.constantFrom('put', 'put', 'leave out', 'add'),
  value: strange,
  name: added,
});

/** A copy with one place otherwise: as deep as the steps lead. */
function withOddity<T>(given: T, { steps, how, value, name }: Oddity): T {
  const copy: object = structuredClone(given) as object;
  let [around, key] = [copy as Record<string, unknown>, ''];
  for (const [place, step] of steps.entries()) {
    const keys = Object.keys(around);
    key = keys[step % keys.length] ?? '';
    const inner = around[key];
    if (place === steps.length - 1 || typeof inner !== 'object' || inner === null) break;
    if (Object.keys(inner).length === 0) break;
    around = inner as Record<string, unknown>;
  }
  if (how === 'leave out' && !Array.isArray(around)) Reflect.deleteProperty(around, key);
  else if (how !== 'put' && Array.isArray(around))
    around.splice(Number(key), how === 'add' ? 0 : 1, ...(how === 'add' ? [value] : []));
  else Object.defineProperty(around, how === 'put' ? key : name, { value, enumerable: true, configurable: true });
  return copy as T;
}

const clauses: Readonly<Record<string, keyof Provision>> = {
  period: 'period',
  actor: 'actors',
  action: 'actions',
  securityLabel: 'labels',
  purpose: 'purposes',
  class: 'classes',
  code: 'codes',
  dataPeriod: 'dataPeriod',
  data: 'data',
  provision: 'provisions',
};

function expectKept(given: Readonly<Record<string, unknown>>, read: Provision): void {
  for (const [name, value] of Object.entries(given)) {
    const clause = clauses[name];
    if (value === undefined || clause === undefined) continue;
    const kept = read[clause];
    expect(kept, name).toBeDefined();
    if (name === 'provision')
      for (const [place, inner] of (value as Record<string, unknown>[]).entries())
        expectKept(inner, (kept as readonly Provision[])[place] as Provision);
    else if (Array.isArray(value) && Array.isArray(kept)) expect(kept.length, name).toBe(value.length);
  }
}

const options = fc.constantFrom<NormalizeOptions | null | undefined>(
  undefined,
  null,
  { rootType: 'deny', timeZone: 'Europe/Brussels' },
  { timeZone: 'Mars/Base' },
  { resolve: (reference) => (reference.startsWith('Practitioner/') ? undefined : reference) },
);

describe('a FHIR consent with something odd in it', () => {
  it('is taken with each of its clauses, or refused with paths, and nothing is thrown', () => {
    const counts = { taken: 0, refused: 0 };
    fc.assert(
      fc.property(oddity, options, (odd, given) => {
        const consent = withOddity(whole, odd);
        const normalized = normalizeConsent(consent, given);
        if (!normalized.ok) {
          counts.refused += 1;
          expect(normalized.errors.length).toBeGreaterThan(0);
          return;
        }
        counts.taken += 1;
        expect(consentSchema.safeParse(normalized.consent).error).toBeUndefined();
        expectKept((consent as { provision?: Record<string, unknown> }).provision ?? {}, normalized.consent.provision);
        expect(() => decide(asking(normalized.consent))).not.toThrow();
      }),
      { numRuns: 2000, seed: 7 },
    );
    expect(Math.min(counts.taken, counts.refused)).toBeGreaterThan(100);
  });
});

function asking(consent: Consent): DecisionInput {
  return {
    consents: [consent],
    policy: {
      implicit: 'deny',
      roles: [{ role: 'er', purposes: ['TREAT'] }],
      emergency: { roles: ['er'], maxHours: 4 },
      legalBases: [{ name: 'law', role: ['er'], purpose: 'TREAT', honourDeny: true }],
      timeZone: 'UTC',
    },
    request: {
      subject: consent.subject,
      at: '2022-06-01T00:00:00Z',
      purpose: 'BTG',
      action: 'access',
      requester: { references: ['Practitioner/x'], roles: ['er'] },
      legalBasis: 'law',
      breakGlass: {
        justified: true,
        categories: ['allergies'],
        openedAt: '2022-06-01T00:00:00Z',
        expiresAt: '2022-06-01T02:00:00Z',
      },
      resources: [
        {
          reference: 'AllergyIntolerance/1',
          class: ['urn:c|one'],
          date: { start: '2022' },
          authors: ['Practitioner/x'],
          confidentiality: 'N',
          sensitivity: ['PSY'],
        },
      ],
    },
  };
}

describe('a question with something odd in it', () => {
  it('is decided, or an error with the path', () => {
    const normalized = normalizeConsent(whole);
    if (!normalized.ok) throw new Error(JSON.stringify(normalized.errors));
    const input = asking(normalized.consent);
    const answered = { yes: 0, no: 0 };
    fc.assert(
      fc.property(oddity, fc.constantFrom(decide, evaluateScope), (odd, ask) => {
        try {
          ask(withOddity(input, odd));
          answered.yes += 1;
        } catch (thrown) {
          expect(thrown).toMatchObject({ code: 'decision-input-invalid', data: { path: expect.any(String) } });
          answered.no += 1;
        }
      }),
      { numRuns: 2000, seed: 7 },
    );
    expect(Math.min(answered.yes, answered.no)).toBeGreaterThan(100);
  });
});
