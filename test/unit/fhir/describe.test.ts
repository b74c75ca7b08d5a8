import { describe, expect, it } from 'vitest';
import { utf8 } from '../../../src/base/index.ts';
import { identifierOf, type JsonNode, nameOf, patientReferenceOf, scanJson, titleOf } from '../../../src/fhir/index.ts';

const node = (resource: object): JsonNode => scanJson(utf8(JSON.stringify(resource)), 'test.json');

describe('what a resource is about', () => {
  it.each([
    [{ code: { text: 'Asthma', coding: [{ display: 'Other' }] } }, 'Asthma'],
    [{ code: { coding: [{ code: '1' }, { display: 'Body weight' }] } }, 'Body weight'],
    [{ type: [{ text: 'Check-up' }] }, 'Check-up'],
    [{ medicationCodeableConcept: { text: 'Ramipril' } }, 'Ramipril'],
    [{ name: 'A practice', type: [{ text: 'prov' }] }, 'A practice'],
    [{ name: [{ given: ['Ada', 'M'], family: 'Verstraete' }] }, 'Ada M Verstraete'],
    [{ code: { text: 'x'.repeat(200) } }, `${'x'.repeat(119)}…`],
    [{ name: [], code: 'text only where a concept belongs' }, undefined],
  ])('%j', (resource, title) => {
    expect(titleOf(node(resource))).toBe(title);
  });

  it('takes the first of several names, and its text before its parts', () => {
    expect(nameOf(node({ name: [{ text: 'Dr Ada', family: 'V' }, { family: 'W' }] }))).toBe('Dr Ada');
    expect(nameOf(node({ name: [{ use: 'official' }] }))).toBeUndefined();
  });

  it('identifies by the first identifier that has a value', () => {
    expect(identifierOf(node({ identifier: [{ system: 'urn:a' }, { system: 'urn:b', value: '7' }] }))).toBe('urn:b|7');
    expect(identifierOf(node({ identifier: [{ value: '7' }] }))).toBe('|7');
    expect(identifierOf(node({ identifier: 'x' }))).toBeUndefined();
  });

  it('refers to its patient by whatever element its type has for that', () => {
    expect(patientReferenceOf(node({ subject: { reference: 'Patient/1' } }))).toBe('Patient/1');
    expect(patientReferenceOf(node({ patient: { reference: 'urn:uuid:2' } }))).toBe('urn:uuid:2');
    expect(patientReferenceOf(node({ beneficiary: { display: 'no reference' } }))).toBeUndefined();
  });
});
