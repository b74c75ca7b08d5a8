import { dayMs, dayNumber, digitsAt, isDate } from './calendar.ts';

const rfc3339 = /^\d{4}-\d{2}-\d{2}t\d{2}:\d{2}:\d{2}(?:\.\d+)?(?:z|[+-]\d{2}:\d{2})$/i;

/** Where what may vary in length begins: a fraction, and the zone. */
const secondsEnd = 19;

/**
 * A moment of RFC 3339 §5.6 as milliseconds since the Unix epoch; a leap second is the one after it, and what is finer than
 * a millisecond is cut off. Undefined for what is none.
 */
export function instantOf(text: string): number | undefined {
  if (!rfc3339.test(text)) return undefined;
  const year = digitsAt(text, 0, 4);
  const month = digitsAt(text, 5, 7);
  const day = digitsAt(text, 8, 10);
  const hour = digitsAt(text, 11, 13);
  const minute = digitsAt(text, 14, 16);
  const second = digitsAt(text, 17, secondsEnd);
  if (!isDate(year, month, day) || hour > 23 || minute > 59 || second > 60) return undefined;
  const end = text.length;
  const isUtc = text.endsWith('Z') || text.endsWith('z');
  const zoneHours = isUtc ? 0 : digitsAt(text, end - 5, end - 3);
  const zoneMinutes = isUtc ? 0 : digitsAt(text, end - 2, end);
  if (zoneHours > 23 || zoneMinutes > 59) return undefined;
  const ahead = (zoneHours * 60 + zoneMinutes) * (text[end - 6] === '-' ? -1 : 1);
  const minutes = hour * 60 + minute - ahead;
  return dayNumber(year, month, day) * dayMs + (minutes * 60 + second) * 1000 + thousandthsOf(text);
}

function thousandthsOf(text: string): number {
  if (text[secondsEnd] !== '.') return 0;
  let value = 0;
  let place = secondsEnd + 1;
  for (let weight = 100; weight >= 1; weight /= 10) {
    const digit = digitsAt(text, place, place + 1);
    if (Number.isNaN(digit)) break;
    value += digit * weight;
    place += 1;
  }
  return value;
}
