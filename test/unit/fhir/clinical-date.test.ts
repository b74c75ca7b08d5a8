import { describe, expect, it } from 'vitest';
import { utf8 } from '../../../src/base/index.ts';
import { type ClinicalDate, clinicalDate, scanJson, startOfDate } from '../../../src/fhir/index.ts';

const dateOf = (resource: object): ClinicalDate | undefined =>
  clinicalDate(scanJson(utf8(JSON.stringify(resource)), 'test.json'));

describe('the clinical date of a resource', () => {
  it.each([
    [
      { resourceType: 'Observation', effectiveDateTime: '2019-05-29T11:46:03+02:00', issued: '2020-01-01T00:00:00Z' },
      '2019-05-29T11:46:03+02:00',
    ],
    [{ resourceType: 'Observation', issued: '2020-01-01T00:00:00.500Z' }, '2020-01-01T00:00:00.500Z'],
    [{ resourceType: 'AllergyIntolerance', recordedDate: '2011-03', onsetDateTime: '2010' }, '2010'],
    [{ resourceType: 'Encounter', period: { start: '1999-12-31', end: '2000-01-01' } }, '1999-12-31'],
    [{ resourceType: 'Claim', billablePeriod: { end: '2001-01-01' }, created: '2002-02-02' }, '2002-02-02'],
    [{ resourceType: 'Specimen', collection: { collectedPeriod: { start: '2003-01' } } }, '2003-01'],
  ])('%j', (resource, text) => {
    expect(dateOf(resource)?.text).toBe(text);
  });

  it('is absent where the type has none, or the text is no FHIR date', () => {
    expect(dateOf({ resourceType: 'Patient', birthDate: '1970-01-01' })).toBeUndefined();
    expect(
      dateOf({ resourceType: 'Condition', onsetString: 'as a child', recordedDate: '29 May 2019' }),
    ).toBeUndefined();
  });
});

describe('the start of what a FHIR date names', () => {
  it.each([
    ['2019', '2019-01-01T00:00:00.000Z'],
    ['2019-05', '2019-05-01T00:00:00.000Z'],
    ['2020-02-29', '2020-02-29T00:00:00.000Z'],
    ['2019-05-29T11:46:03.120-05:00', '2019-05-29T16:46:03.120Z'],
  ])('%s', (text, expected) => {
    expect(new Date(startOfDate(text) ?? Number.NaN).toISOString()).toBe(expected);
  });

  it.each([
    '',
    '19',
    '2019-13',
    '2019-02-30',
    '2019-05-29T11:46',
    '2019-05-29T25:00:00Z',
    '2019-05-29T11:46:03',
    '+2019-01',
  ])('refuses %j', (text) => {
    expect(startOfDate(text)).toBeUndefined();
  });
});
