/** Days of the proleptic Gregorian calendar as numbers, without a clock or a zone. */

const monthDays = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31] as const;

export const dayMs = 86_400_000;

/** Months count from 1. */
export function isDate(year: number, month: number, day: number): boolean {
  const isLeap = year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0);
  const length = month === 2 && isLeap ? 29 : monthDays[month - 1];
  return length !== undefined && day >= 1 && day <= length;
}

/** Days since 1970-01-01, below zero before. Days past the end of the month, and the 13th month, are carried over. */
export function dayNumber(year: number, month: number, day: number): number {
  // Years that begin in March end with the leap day; eras of 400 of them are equally long.
  const marchMonth = (month + 9) % 12;
  const marchYear = year + Math.floor((month - 3) / 12);
  const leapDays = Math.floor(marchYear / 4) - Math.floor(marchYear / 100) + Math.floor(marchYear / 400);
  return marchYear * 365 + leapDays + Math.floor((153 * marchMonth + 2) / 5) + (day - 1) - 719_468;
}

/** The number that the digits from `start` to before `end` write; not a number where one of them is no digit. */
export function digitsAt(text: string, start: number, end: number): number {
  let value = 0;
  for (let place = start; place < end; place++) {
    const digit = text.charCodeAt(place) - 48;
    if (!(digit >= 0 && digit <= 9)) return Number.NaN;
    value = value * 10 + digit;
  }
  return value;
}
