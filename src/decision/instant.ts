const rfc3339 = /^(\d{4}-\d{2}-\d{2})t(\d{2}):(\d{2}):(\d{2})(?:\.(\d+))?(z|[+-]\d{2}:\d{2})$/i;

/**
 * A moment of RFC 3339 §5.6 as milliseconds since the Unix epoch; a leap second is the one after it, and what is finer than
 * a millisecond is cut off. Undefined for what is none.
 */
export function instantOf(text: string): number | undefined {
  const [, day, hour = '', minute = '', second = '', fraction = '', zone = ''] = rfc3339.exec(text) ?? [];
  if (day === undefined || Number(hour) > 23 || Number(minute) > 59 || Number(second) > 60) return undefined;
  const [zoneHours = 0, zoneMinutes = 0] = zone.slice(1).split(':').map(Number);
  if (zoneHours > 23 || zoneMinutes > 59) return undefined;
  const isLeap = second === '60';
  const whole = `${day}T${hour}:${minute}:${isLeap ? '59' : second}.${fraction.slice(0, 3).padEnd(3, '0')}${zone.toUpperCase()}`;
  const moment = Date.parse(whole);
  if (Number.isNaN(moment) || !isDay(day)) return undefined;
  return isLeap ? moment + 1000 : moment;
}

/** Not the 30th of February, which JavaScript takes for the 2nd of March. */
function isDay(text: string): boolean {
  return new Date(`${text}T00:00:00Z`).toISOString().startsWith(text);
}
