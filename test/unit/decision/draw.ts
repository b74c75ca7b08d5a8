import fc from 'fast-check';
import type {
  Consent,
  DecisionPolicy,
  DecisionRequest,
  Provision,
  ResourceFacts,
} from '../../../src/decision/index.ts';

const someOf = <T>(...values: readonly T[]): fc.Arbitrary<T[]> =>
  fc.uniqueArray(fc.constantFrom(...values), { minLength: 1, maxLength: 2 });

/** An absent key where the arbitrary gives undefined. */
function clause<K extends string, T>(key: K, values: fc.Arbitrary<T>): fc.Arbitrary<Partial<Record<K, T>>> {
  return fc
    .option(values, { nil: undefined, freq: 2 })
    .map((value) => (value === undefined ? {} : ({ [key]: value } as Partial<Record<K, T>>)));
}

const year = (value: number): number => Date.UTC(value, 0, 1);
const interval = fc.constantFrom(
  { from: year(2022) },
  { until: year(2022) },
  { from: year(2021), until: year(2023) },
  { from: year(2022), until: year(2023) },
);

const clauses = fc
  .tuple(
    clause('period', interval),
    clause('actors', someOf('dr', 'org', 'role:nurse')),
    clause('purposes', someOf('TREAT', 'ETREAT', 'BTG', 'HRESCH', 'urn:x|local')),
    clause('actions', someOf('access' as const, 'use' as const)),
    clause(
      'labels',
      fc
        .record({ confidentiality: fc.subarray(['N', 'R'] as const), sensitivity: fc.subarray(['PSY', 'SPI', 'HIV']) })
        .filter(({ confidentiality, sensitivity }) => confidentiality.length + sensitivity.length > 0),
    ),
    clause('dataPeriod', interval),
    clause(
      'data',
      fc.array(
        fc.record({
          meaning: fc.constantFrom('instance', 'related', 'dependents', 'authoredby'),
          reference: fc.constantFrom('Observation/a', 'dr'),
        }),
        { minLength: 1, maxLength: 2 },
      ),
    ),
    clause('classes', someOf('urn:c|one', 'http://hl7.org/fhir/resource-types|Condition')),
    clause('codes', someOf('urn:k|one', 'urn:k|two')),
    clause('categories', someOf('allergies', 'imaging')),
  )
  .map((parts) => Object.assign({}, ...parts) as Omit<Provision, 'type'>);

const effect = fc.constantFrom('permit' as const, 'deny' as const);

/** With provisions inside, to this depth. */
function provisionTo(depth: number): fc.Arbitrary<Provision> {
  const inside = depth === 1 ? fc.constant<Provision[]>([]) : fc.array(provisionTo(depth - 1), { maxLength: 2 });
  return fc
    .tuple(effect, clauses, inside)
    .map(([type, own, inner]) => ({ type, ...own, ...(inner.length > 0 && { provisions: inner }) }));
}

export const provisions: fc.Arbitrary<Provision> = provisionTo(3);

export const consents: fc.Arbitrary<Consent> = provisions.map((provision) => ({ subject: 'patient', provision }));

export const resources: fc.Arbitrary<ResourceFacts> = fc
  .tuple(
    clause('date', fc.constantFrom('2021', '2022-05-01', '2022', '2024-02')),
    clause('authors', fc.subarray(['dr', 'other'])),
    clause('related', fc.subarray(['Observation/a', 'Encounter/b'])),
    clause('confidentiality', fc.constantFrom('U', 'N', 'R', 'V')),
    clause('sensitivity', fc.subarray(['PSY', 'HIV', 'MH'])),
    clause('class', someOf('urn:c|one', 'urn:c|two')),
    clause('codes', someOf('urn:k|one', 'urn:k|three')),
    clause('categories', fc.constantFrom(['allergies'], ['imaging'])),
    fc.constantFrom('Observation/a', 'Condition/c'),
  )
  .map((parts) => {
    const [reference, ...facts] = [parts[8], ...parts.slice(0, 8)];
    return Object.assign({ reference }, ...(facts as object[])) as ResourceFacts;
  });

export const requests: fc.Arbitrary<DecisionRequest> = fc.record({
  subject: fc.constant('patient'),
  at: fc.constantFrom('2021-06-01T00:00:00Z', '2022-06-01T00:00:00Z', '2023-06-01T00:00:00Z'),
  purpose: fc.constantFrom('TREAT', 'ETREAT', 'BTG', 'HRESCH', 'CLINTRCH', 'urn:x|local'),
  action: fc.constantFrom('access' as const, 'use' as const),
  requester: fc.record({ references: fc.subarray(['dr', 'org', 'team']), roles: fc.subarray(['nurse', 'researcher']) }),
  resources: fc.array(resources, { minLength: 1, maxLength: 2 }),
});

export const policies: fc.Arbitrary<DecisionPolicy> = effect.map((implicit) => ({ implicit }));
