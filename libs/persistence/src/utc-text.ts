/** UTC with microseconds, `2026-03-01T12:00:00.000000Z`: a timestamptz as text that loses nothing. */
export function utcText(column: string): string {
  return `to_char(${column} AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')`;
}

const INSTANT = /^(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d)(?::(\d\d)(?:\.\d{1,6})?)?(?:Z|[+-](\d\d):(\d\d))$/;

/**
 * Whether PostgreSQL reads this as the timestamptz that it says: ISO 8601 with an offset, a day that there is, at most microseconds. JavaScript
 * is more lenient and makes 2026-02-30 the second of March.
 */
export function isInstant(text: string): boolean {
  const parts = INSTANT.exec(text)
    ?.slice(1)
    .map((part?: string) => Number(part ?? 0));
  if (parts === undefined) return false;
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0, aheadHours = 0, aheadMinutes = 0] =
    parts;
  return (
    year >= 1970 &&
    month >= 1 &&
    month <= 12 &&
    day >= 1 &&
    day <= new Date(Date.UTC(year, month, 0)).getUTCDate() &&
    hour <= 23 &&
    minute <= 59 &&
    second <= 59 &&
    aheadHours <= 14 &&
    aheadMinutes <= 59
  );
}
