import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { dayMs, dayNumber, isDate } from '../../../src/decision/calendar.ts';
import { instantOf } from '../../../src/decision/instant.ts';

const two = (maximum: number): fc.Arbitrary<string> =>
  fc.integer({ min: 0, max: maximum }).map((value) => String(value).padStart(2, '0'));
const years = fc.oneof(fc.integer({ min: 0, max: 9999 }), fc.integer({ min: 1890, max: 2110 }));
const dates = fc.tuple(years, fc.integer({ min: 1, max: 13 }), fc.integer({ min: 1, max: 32 }));

describe('a day', () => {
  it('has the number that a Date gives it, also past the end of its month', () => {
    fc.assert(
      fc.property(dates, ([year, month, day]) => {
        const date = new Date(0);
        date.setUTCFullYear(year, month - 1, day);
        expect(dayNumber(year, month, day) * dayMs).toBe(date.getTime());
        expect(isDate(year, month, day)).toBe(date.getUTCMonth() === month - 1 && date.getUTCDate() === day);
      }),
      { numRuns: 2000 },
    );
  });
});

describe('a moment', () => {
  const zones = fc.oneof(
    fc.constant('Z'),
    fc.tuple(fc.constantFrom('+', '-'), two(23), two(59)).map(([sign, hours, minutes]) => `${sign}${hours}:${minutes}`),
  );
  const fractions = fc.stringMatching(/^(\.[0-9]{1,5})?$/);

  it('is the one that a Date reads, where there is such a day', () => {
    fc.assert(
      fc.property(dates, two(24), two(60), two(59), fractions, zones, (date, hour, minute, second, fraction, zone) => {
        const [year, month, day] = date.map((part, place) => String(part).padStart(place === 0 ? 4 : 2, '0'));
        const isMoment = isDate(...date) && Number(hour) < 24 && Number(minute) < 60;
        const text = `${year}-${month}-${day}T${hour}:${minute}:${second}`;
        const thousandths = fraction === '' ? '' : fraction.slice(0, 4).padEnd(4, '0');
        expect(instantOf(text + fraction + zone)).toBe(isMoment ? Date.parse(text + thousandths + zone) : undefined);
      }),
      { numRuns: 2000 },
    );
  });

  it('is written in no other way', () => {
    for (const text of ['', '2026-03-01', '2026-03-01T10:00:00', '2026-03-01T10:00Z', '2026-03-01T10:00:00.Z'])
      expect(instantOf(text)).toBeUndefined();
    for (const text of ['2026-03-01T10:00:00+24:00', '2026-03-01T10:00:61Z', ' 2026-03-01T10:00:00Z'])
      expect(instantOf(text)).toBeUndefined();
  });
});
