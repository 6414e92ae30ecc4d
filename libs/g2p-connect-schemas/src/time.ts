const ISO = /^(\d{4}-\d{2}-\d{2})([T ])(\d{2}:\d{2}(?::\d{2}(?:\.\d{1,9})?)?)(Z|[+-]\d{2}:?\d{2})?$/;

/**
 * An ISO 8601 time. Deployed clients send naive UTC with a space (`2026-11-22 05:54:59.850324`); that is read only
 * where `naive` allows it (interface A, 2.2).
 * @returns null where the text is not such a time.
 */
export function parseTimestamp(text: string, naive: boolean): Date | null {
  const match = ISO.exec(text);
  if (match === null) return null;
  const [, date, separator, time, zone] = match;
  if ((zone === undefined || separator === ' ') && !naive) return null;
  const parsed = new Date(`${date!}T${withSeconds(time!)}${zone ?? 'Z'}`);
  return Number.isNaN(parsed.getTime()) ? null : parsed;
}

function withSeconds(time: string): string {
  if (time.length === 5) return `${time}:00`;
  const [whole, fraction] = time.split('.');
  return fraction === undefined ? time : `${whole!}.${fraction.slice(0, 3)}`;
}

/** When a line is due: null means at once (absent, empty, now or past; D19); undefined that the text is no time. */
export function dueTime(text: string | undefined, naive: boolean, now: Date): Date | null | undefined {
  if (text === undefined || text === '') return null;
  const at = parseTimestamp(text, naive);
  if (at === null) return undefined;
  return at <= now ? null : at;
}
