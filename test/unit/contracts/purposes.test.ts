import { describe, expect, it } from 'vitest';
import { includedPurposes, parentPurpose, purposes, subsumes } from '../../../src/contracts/index.ts';
import { hasVectors, readJson } from '../../support/vectors.ts';

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
