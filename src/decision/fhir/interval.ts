import { dayMs, dayNumber, digitsAt, isDate } from '../calendar.ts';
import type { Interval } from '../consent.ts';
import { instantOf } from '../instant.ts';

const dateTime = /^\d{4}(?:-\d{2}(?:-\d{2}(?:T\d{2}:\d{2}:\d{2}(?:\.\d+)?(?:Z|[+-]\d{2}:\d{2}))?)?)?$/;
const fractionAndZone = /(?:\.(\d+))?(Z|[+-]\d{2}:\d{2})$/;

/**
 * A FHIR Period as a half-open UTC interval: from the first moment of `start` to the last of `end`, each to its own
 * precision (FHIR R4, "date", "dateTime", "Period": an end of 2022-12-31 includes that day). Dates without a zone are of
 * `timeZone`, an IANA name. Answers what is wrong instead where there is no such interval.
 */
export function intervalOf(
  { start, end }: { readonly start?: string | undefined; readonly end?: string | undefined },
  timeZone: string,
): Interval | string {
  if (start === undefined && end === undefined) return 'a period has a start or an end';
  const first = start === undefined ? undefined : momentsOf(start, timeZone);
  const last = end === undefined ? undefined : end === start ? first : momentsOf(end, timeZone);
  if (typeof first === 'string') return first;
  if (typeof last === 'string') return last;
  if (first !== undefined && last !== undefined && first.from >= last.until) return 'it ends before it starts';
  if (first === undefined) return last === undefined ? {} : { until: last.until };
  return last === undefined ? { from: first.from } : { from: first.from, until: last.until };
}

/** The first moment of a date or dateTime, and the first after it. */
function momentsOf(value: string, timeZone: string): { readonly from: number; readonly until: number } | string {
  const hasMonth = value.length > 4;
  const hasDay = value.length > 7;
  if (!isDay(value) && !dateTime.test(value)) return `${value} is no date or dateTime`;
  const year = digitsAt(value, 0, 4);
  const month = hasMonth ? digitsAt(value, 5, 7) : 1;
  const day = hasDay ? digitsAt(value, 8, 10) : 1;
  if (year === 0 || !isDate(year, month, day)) return `${value} is no date`;
  if (value.length > 10) return secondsOf(value) ?? `${value} is no dateTime`;
  const from = startOfDay(dayNumber(year, month, day), timeZone);
  const dayAfter = hasDay
    ? dayNumber(year, month, day + 1)
    : hasMonth
      ? dayNumber(year, month + 1, 1)
      : dayNumber(year + 1, 1, 1);
  const until = startOfDay(dayAfter, timeZone);
  return from === undefined || until === undefined ? `${timeZone} is no time zone` : { from, until };
}

/** As most are: `YYYY-MM-DD`. */
function isDay(value: string): boolean {
  if (value.length !== 10 || value[4] !== '-' || value[7] !== '-') return false;
  return !Number.isNaN(digitsAt(value, 0, 4) + digitsAt(value, 5, 7) + digitsAt(value, 8, 10));
}

function secondsOf(value: string): { readonly from: number; readonly until: number } | undefined {
  const [, fraction, zone = ''] = fractionAndZone.exec(value) ?? [];
  const from = instantOf(value);
  const [zoneHours = 0, zoneMinutes = 0] = zone.slice(1).split(':').map(Number);
  if (from === undefined || zoneHours * 60 + zoneMinutes > 14 * 60) return undefined;
  return { from, until: from + (fraction === undefined ? 1000 : 10 ** Math.max(0, 3 - fraction.length)) };
}

/** The first moment of a day in a zone, which is not midnight where clocks go forward then. */
function startOfDay(day: number, timeZone: string): number | undefined {
  const local = day * dayMs;
  if (timeZone === 'UTC') return local;
  const offsets = [offsetMs(local - dayMs, timeZone), offsetMs(local, timeZone), offsetMs(local + dayMs, timeZone)];
  if (offsets.includes(undefined)) return undefined;
  const candidates = (offsets as number[]).map((offset) => local - offset);
  const starts = candidates.filter((moment) => moment + (offsetMs(moment, timeZone) ?? 0) >= local);
  return Math.min(...starts);
}

const formats = new Map<string, Intl.DateTimeFormat>();
const formatsMax = 64;

/** How far a zone's clocks are ahead of UTC then; undefined for a zone that nobody knows. */
function offsetMs(moment: number, timeZone: string): number | undefined {
  let format = formats.get(timeZone);
  if (format === undefined) {
    try {
      format = new Intl.DateTimeFormat('en-US', {
        timeZone,
        hourCycle: 'h23',
        era: 'short',
        year: 'numeric',
        month: 'numeric',
        day: 'numeric',
        hour: 'numeric',
        minute: 'numeric',
        second: 'numeric',
      });
    } catch (error) {
      if (error instanceof RangeError) return undefined;
      throw error;
    }
    if (formats.size >= formatsMax) formats.clear();
    formats.set(timeZone, format);
  }
  const part = Object.fromEntries(format.formatToParts(moment).map(({ type, value }) => [type, value]));
  const year = part['era'] === 'BC' ? 1 - Number(part['year']) : Number(part['year']);
  const local =
    dayNumber(year, Number(part['month']), Number(part['day'])) * dayMs +
    (Number(part['hour']) * 3600 + Number(part['minute']) * 60 + Number(part['second'])) * 1000;
  return local - Math.floor(moment / 1000) * 1000;
}
