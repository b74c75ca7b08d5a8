import { dayMs, dayNumber, digitsAt, isDate } from './calendar.ts';

/** Where what may vary in length begins: a fraction, and the zone. */
const secondsEnd = 19;

const [dash, colon, point, plus] = [0x2d, 0x3a, 0x2e, 0x2b];
/** `T` and `Z`, as small letters. */
const [letterT, letterZ, smallLetter] = [0x74, 0x7a, 0x20];

/**
 * A moment of RFC 3339 §5.6 as milliseconds since the Unix epoch; a leap second is the one after it, and what is finer than
 * a millisecond is cut off. Undefined for what is none.
 */
export function instantOf(text: string): number | undefined {
  if (!isMarked(text)) return undefined;
  const year = digitsAt(text, 0, 4);
  const month = digitsAt(text, 5, 7);
  const day = digitsAt(text, 8, 10);
  const hour = digitsAt(text, 11, 13);
  const minute = digitsAt(text, 14, 16);
  const second = digitsAt(text, 17, secondsEnd);
  if (!isDate(year, month, day) || hour > 23 || minute > 59 || second > 60) return undefined;
  const zoneStart = text.charCodeAt(secondsEnd) === point ? digitsEnd(text, secondsEnd + 1) : secondsEnd;
  if (zoneStart === secondsEnd + 1) return undefined;
  const minutes = hour * 60 + minute - minutesAhead(text, zoneStart);
  const seconds = dayNumber(year, month, day) * (dayMs / 1000) + minutes * 60 + second;
  // Of what is no number, no digits.
  return Number.isNaN(seconds) ? undefined : seconds * 1000 + thousandthsOf(text, zoneStart);
}

/** Whether what stands between the digits of a moment is there. */
function isMarked(text: string): boolean {
  return (
    text.charCodeAt(4) === dash &&
    text.charCodeAt(7) === dash &&
    (text.charCodeAt(10) | smallLetter) === letterT &&
    text.charCodeAt(13) === colon &&
    text.charCodeAt(16) === colon
  );
}

function digitsEnd(text: string, start: number): number {
  let place = start;
  while (!Number.isNaN(digitsAt(text, place, place + 1))) place += 1;
  return place;
}

/** Of UTC; not a number for what is no zone, or is followed by something. */
function minutesAhead(text: string, start: number): number {
  const mark = text.charCodeAt(start);
  if ((mark | smallLetter) === letterZ) return text.length === start + 1 ? 0 : Number.NaN;
  const isZone = (mark === plus || mark === dash) && text.charCodeAt(start + 3) === colon && text.length === start + 6;
  const hours = digitsAt(text, start + 1, start + 3);
  const minutes = digitsAt(text, start + 4, start + 6);
  if (!isZone || hours > 23 || minutes > 59) return Number.NaN;
  return mark === dash ? -(hours * 60 + minutes) : hours * 60 + minutes;
}

/** Of the fraction, which ends where the zone starts. */
function thousandthsOf(text: string, end: number): number {
  let value = 0;
  let place = secondsEnd + 1;
  for (let weight = 100; weight >= 1 && place < end; weight /= 10) {
    value += digitsAt(text, place, place + 1) * weight;
    place += 1;
  }
  return value;
}
