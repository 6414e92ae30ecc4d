const ISO =
  /^(\d{4})-(\d{2})-(\d{2})([T ])(\d{2}):(\d{2})(?::(\d{2})(?:\.(\d{1,9}))?)?(Z|[+-]\d{2}:?\d{2})?$/;
const OFFSET_MINUTES_MAX = 14 * 60;

/**
 * An ISO 8601 time. Deployed clients send naive UTC with a space (`2026-11-22 05:54:59.850324`); that is read only
 * where `naive` allows it (interface A, 2.2). A day that its month does not have is no time.
 * @returns null where the text is not such a time.
 */
export function parseTimestamp(text: string, naive: boolean): Date | null {
  const match = ISO.exec(text);
  if (match === null) return null;
  const [, year, month, day, separator, hour, minute, second = '0', fraction = '', zone] = match;
  if ((zone === undefined || separator === ' ') && !naive) return null;
  const offset = offsetMinutes(zone ?? 'Z');
  if (Number(hour) > 23 || Number(minute) > 59 || Number(second) > 59 || offset === undefined) return null;
  const milliseconds = Number(fraction.padEnd(3, '0').slice(0, 3));
  const local = new Date(
    Date.UTC(
      Number(year),
      Number(month) - 1,
      Number(day),
      Number(hour),
      Number(minute),
      Number(second),
      milliseconds,
    ),
  );
  // Date rolls 31 February over to 3 March, and reads years below 100 as 19xx.
  const same = local.toISOString().startsWith(`${year!}-${month!}-${day!}T`);
  return same ? new Date(local.getTime() - offset * 60_000) : null;
}

function offsetMinutes(zone: string): number | undefined {
  if (zone === 'Z') return 0;
  const minutes = Number(zone.slice(-2));
  const total = Number(zone.slice(1, 3)) * 60 + minutes;
  if (minutes > 59 || total > OFFSET_MINUTES_MAX) return undefined;
  return zone.startsWith('-') ? -total : total;
}

/** When a line is due: null means at once (absent, empty, "now" or past; D19); undefined that the text is no time. */
export function dueTime(text: string | undefined, naive: boolean, now: Date): Date | null | undefined {
  if (text === undefined || text === '' || text.toLowerCase() === 'now') return null;
  const at = parseTimestamp(text, naive);
  if (at === null) return undefined;
  return at <= now ? null : at;
}

/** Whether this is a day that there is, as `YYYY-MM-DD`. */
export function isDay(text: string): boolean {
  // There is no year 0 in PostgreSQL, nor anywhere else but in JavaScript.
  const time = /^(?!0000)\d{4}-\d{2}-\d{2}$/.test(text) ? Date.parse(text) : NaN;
  return !Number.isNaN(time) && dayText(time) === text;
}

/** The UTC day of a time in epoch milliseconds, as `YYYY-MM-DD`. */
export function dayText(time: number): string {
  return new Date(time).toISOString().slice(0, 10);
}
