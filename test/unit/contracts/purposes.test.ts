import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import {
  describeEntry,
  includedPurposes,
  parentPurpose,
  purpose,
  purposes,
  purposeTextMax,
  subsumes,
  wireCodec,
} from '../../../src/contracts/index.ts';
import { encodeCanonical } from '../../../src/contracts/ledger-types.ts';
import { hasVectors, readJson } from '../../support/vectors.ts';
import { policy, world } from './support.ts';

interface Concept {
  readonly code: string;
  readonly concept?: readonly Concept[];
}

describe('purposes of use', () => {
  it('subsume as docs/decision.md says', () => {
    expect(subsumes('ETREAT', 'BTG') && subsumes('TREAT', 'ETREAT') && subsumes('TREAT', 'BTG')).toBe(true);
    expect(subsumes('HRESCH', 'CLINTRCH')).toBe(true);
    expect(subsumes('TREAT', 'CLINTRL')).toBe(true);
    expect(subsumes('TREAT', 'TREAT')).toBe(true);
    expect(subsumes('BTG', 'TREAT')).toBe(false);
    expect(subsumes('HRESCH', 'CLINTRL')).toBe(false);
  });

  it('show what granting one includes', () => {
    expect(includedPurposes('TREAT')).toEqual(['TREAT', 'CLINTRL', 'COC', 'ETREAT', 'BTG', 'ERTREAT', 'POPHLTH']);
  });
});

const fooBar = 'http://example.org/policies/purposeOfUse|FooBar';

describe('a purpose as it is written on the ledger', () => {
  const codec = wireCodec(z.strictObject({ purpose: purpose() }), 'payload');
  const isStored = (text: string): boolean => codec.fromWire([1, text]).ok;
  const read = (text: string): unknown => purpose().safeParse(text).data;

  it.each(['TREAT', 'BTG', fooBar, 'urn:oid:2.16.840.1.113883.3.18.7.1|TREATMENT', 'urn:x|with a space', 'urn:x|a|b'])(
    '%s stands as it is',
    (text) => {
      expect(isStored(text)).toBe(true);
      expect(read(text)).toBe(text);
    },
  );

  it.each([
    ['http://terminology.hl7.org/CodeSystem/v3-ActReason|TREAT', 'TREAT'],
    ['http://hl7.org/fhir/v3/ActReason|HRESCH', 'HRESCH'],
    ['urn:oid:2.16.840.1.113883.5.8|BTG', 'BTG'],
  ])('%s is taken as %s, and never stored otherwise', (text, code) => {
    expect(isStored(text)).toBe(false);
    expect(read(text)).toBe(code);
  });

  it.each([
    'HEALING',
    'treat',
    'FooBar',
    '',
    '|FooBar',
    'urn:x|',
    'urn:x| FooBar',
    'urn:x|Foo  Bar',
    'urn:x|Foo\u0000',
    'urn:x|Fo\u00f6',
    'urn:x|Foo\u202eBar',
    'urn: x|Foo',
    'http://terminology.hl7.org/CodeSystem/v3-ActReason|HEALING',
    'http://terminology.hl7.org/CodeSystem/v3-ActReason|2018-08-12|TREAT',
    `urn:x|${'F'.repeat(purposeTextMax)}`,
  ])('%s is none', (text) => {
    expect(isStored(text)).toBe(false);
    expect(read(text)).toBeUndefined();
  });

  it('has its bound, and no more bytes than characters', () => {
    expect(isStored(`urn:x|${'F'.repeat(purposeTextMax - 6)}`)).toBe(true);
    expect(isStored(`urn:x|${'F'.repeat(purposeTextMax - 5)}`)).toBe(false);
    const longest = codec.toWire({ purpose: `urn:x|${'F'.repeat(purposeTextMax - 6)}` });
    expect(encodeCanonical(longest).length).toBeLessThanOrEqual(codec.bytesMax);
    expect(codec.bytesMax).toBeLessThan(purposeTextMax + 40);
  });
});

describe('a purpose of another system is permitted by itself alone', () => {
  const roles = [{ role: 'clinician', purposes: ['TREAT', fooBar] }];
  const decisionOf = (made: ReturnType<typeof world>, asked: string): unknown =>
    made.access({ purpose: asked }).output?.['decision'];

  it('through gate, consent and log', () => {
    const made = world({ ...policy, roles });
    made.grant({ type: 'permit', purposes: [fooBar] });
    expect(decisionOf(made, fooBar)).toBe('permit');
    expect(decisionOf(made, 'TREAT')).toBe('deny');
    expect(decisionOf(made, `${fooBar}s`)).toBe('deny');
    const log = made.ledger.stream(`access:${made.ledger.actor('ana').keyHex}`).map((entry) => describeEntry(entry));
    expect(log.map((entry) => [entry['purpose'], entry['reason']])).toEqual([
      [fooBar, 'permit'],
      ['TREAT', 'implicit-policy'],
      [`${fooBar}s`, 'gate'],
    ]);
  });

  it('whatever else is permitted', () => {
    const made = world({ ...policy, roles });
    made.grant({ type: 'permit', purposes: [...purposes.slice(0, 8), 'TREAT', 'HRESCH'] });
    expect(decisionOf(made, fooBar)).toBe('deny');
    expect(decisionOf(made, 'TREAT')).toBe('permit');
  });

  it('and a denial of it denies nothing else', () => {
    const made = world({ ...policy, roles });
    made.grant({ type: 'permit' });
    made.grant({ type: 'deny', purposes: [fooBar] });
    expect(decisionOf(made, fooBar)).toBe('deny');
    expect(decisionOf(made, 'TREAT')).toBe('permit');
  });

  it('in a batch as one by one', () => {
    const made = world({ ...policy, roles });
    made.grant({ type: 'permit', purposes: [fooBar] });
    const recorded = made.batch([{ purpose: fooBar }, { purpose: 'TREAT' }]);
    expect(recorded.ok).toBe(true);
    const log = made.ledger.stream(`access:${made.ledger.actor('ana').keyHex}`).map((entry) => describeEntry(entry));
    expect(log.map((entry) => entry['decision'])).toEqual(['permit', 'deny']);
  });

  it('where nobody lists it, the gate is closed', () => {
    const made = world();
    made.grant({ type: 'permit', purposes: [fooBar] });
    expect(decisionOf(made, fooBar)).toBe('deny');
  });
});

const terminology = 'fhir-r4-examples/terminology';

describe.skipIf(!hasVectors(terminology))('HL7 v3 ActReason as FHIR R4 ships it', () => {
  const system = readActReason();

  it('has exactly these purposes, each below the same one', () => {
    const below = new Map<string, string | undefined>();
    const walk = (concept: Concept, parent: string | undefined): void => {
      below.set(concept.code, parent);
      for (const child of concept.concept ?? []) walk(child, concept.code);
    };
    for (const top of find(system, 'PurposeOfUse')?.concept ?? []) walk(top, undefined);
    expect(new Map(purposes.map((purpose) => [purpose, parentPurpose(purpose)]))).toEqual(below);
  });
});

function readActReason(): Concept {
  if (!hasVectors(terminology)) return { code: 'absent' };
  return { code: 'ActReason', ...readJson<{ concept: Concept[] }>(terminology, 'CodeSystem-v3-ActReason.json') };
}

function find(concept: Concept, code: string): Concept | undefined {
  if (concept.code === code) return concept;
  return concept.concept?.map((child) => find(child, code)).find((found) => found !== undefined);
}
