import { InvalidArgumentError, Option } from 'commander';
import { type PurposeOfUse, purposes, readPurpose } from '../../decision/index.ts';

/** Parses an option's value as a whole number in a range. */
export function wholeNumber(minimum: number, maximum: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (!/^\d+$/.test(text) || value < minimum || value > maximum)
      throw new InvalidArgumentError(`Expected a whole number from ${minimum} to ${maximum}.`);
    return value;
  };
}

/** Gathers an option that may be given several times, or once with commas. */
export function listOf(text: string, before: readonly string[] = []): readonly string[] {
  return [...before, ...text.split(',').filter((part) => part !== '')];
}

/** What for: a code that the tables know, or any other as `system|code`. */
export function purposeOption(description: string): Option {
  return new Option('--purpose <code>', `${description}; of another system: system|code`)
    .choices(purposes)
    .argParser(purposeIn);
}

function purposeIn(text: string): PurposeOfUse {
  const purpose = readPurpose(text);
  if (purpose !== undefined) return purpose;
  throw new InvalidArgumentError(`Allowed choices are ${purposes.join(', ')}, or system|code of another system.`);
}

/** As {@link time}, but that `30d` is so long ago. */
export function pastTime(text: string): number {
  const now = Date.now();
  return /^\d{1,5}(min|h|d)$/.test(text) ? 2 * now - time(text) : time(text);
}

const unitsMs: Readonly<Record<string, number>> = { min: 60_000, h: 3_600_000, d: 86_400_000 };

/** Parses a duration, `4h` or `3d`, in milliseconds. */
export function duration(text: string): number {
  const [, count, unit = ''] = /^(\d{1,5})(s|min|h|d)$/.exec(text) ?? [];
  if (count === undefined) throw new InvalidArgumentError('Expected a duration like 90s, 30min, 4h or 3d.');
  return Number(count) * (unit === 's' ? 1000 : (unitsMs[unit] ?? 0));
}

/** Parses a time: `2027-01-31` (its beginning in UTC), an ISO 8601 time with its offset, or from now on: `30d`, `4h`. */
export function time(text: string): number {
  const [, count, unit = ''] = /^(\d{1,5})(min|h|d)$/.exec(text) ?? [];
  if (count !== undefined) return Date.now() + Number(count) * (unitsMs[unit] ?? 0);
  const written = /^\d{4}-\d{2}-\d{2}(T\d{2}:\d{2}(:\d{2}(\.\d{1,3})?)?(Z|[+-]\d{2}:\d{2}))?$/.test(text);
  const timeMs = written ? Date.parse(text) : Number.NaN;
  if (Number.isNaN(timeMs))
    throw new InvalidArgumentError('Expected a time like 2027-01-31, 2027-01-31T12:00:00+01:00, or 30d from now.');
  return timeMs;
}
