/** Monday first, as in ISO 8601. */
export const WEEKDAYS = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'] as const;
export type Weekday = (typeof WEEKDAYS)[number];

/** When a rail may be called, in its own local time. As it stands in the lanes file. */
export interface CallingWindow {
  /** IANA name, such as Africa/Nairobi. */
  timeZone: string;
  /** Days on which it is open; default every day. */
  days?: Weekday[];
  /** Spans of the day, such as "08:00-12:00"; the end is not in it; default the whole day. Overnight is two: "20:00-24:00", "00:00-04:00". */
  hours?: string[];
  /** Local dates on which it is closed all day, such as "2026-12-25". */
  closed?: string[];
}

interface Span {
  from: number;
  to: number;
}

interface WallClock {
  /** YYYY-MM-DD. */
  date: string;
  minute: number;
}

const MINUTE_MS = 60_000;
const DAY_MINUTES = 1440;
const SEARCH_MAX_MS = 400 * DAY_MINUTES * MINUTE_MS;
const WHOLE_DAY: readonly Span[] = [{ from: 0, to: DAY_MINUTES }];

/** A calling window, read and ready: pure, the instant is always handed in. */
export class CallingHours {
  private readonly clock: Intl.DateTimeFormat;
  private readonly days: ReadonlySet<Weekday>;
  private readonly spans: readonly Span[];
  private readonly closed: ReadonlySet<string>;

  /** @throws Error with a sentence that begins with the name of the wrong field. */
  constructor(window: unknown) {
    const { timeZone, days, hours, closed } = readWindow(window);
    this.clock = clockOf(timeZone);
    this.days = new Set(days ?? WEEKDAYS);
    this.spans = hours === undefined ? WHOLE_DAY : hours.map(readSpan).sort((a, b) => a.from - b.from);
    this.closed = new Set(closed);
  }

  /** Whether the rail may be called at this instant. */
  isOpen(at: Date): boolean {
    const { date, minute } = this.wallClock(at);
    return this.isOpenDay(date) && this.spans.some(({ from, to }) => minute >= from && minute < to);
  }

  /** The first minute from `at` on in which it is open; `at` itself where it is open now; undefined = not within 400 days. */
  nextOpening(at: Date): Date | undefined {
    if (this.isOpen(at)) return at;
    const end = at.getTime() + SEARCH_MAX_MS;
    let time = Math.ceil(at.getTime() / MINUTE_MS) * MINUTE_MS;
    while (time < end) {
      if (this.isOpen(new Date(time))) return new Date(time);
      const goal = time + this.minutesToGoal(this.wallClock(new Date(time))) * MINUTE_MS;
      // Where the clocks change on the way, the wall clock skips or repeats a time: then minute by minute.
      time = this.runsEvenly(time, goal) ? goal : time + MINUTE_MS;
    }
    return undefined;
  }

  /** On the wall clock, to the next span of the day or to the end of the day. */
  private minutesToGoal({ date, minute }: WallClock): number {
    const next = this.isOpenDay(date) ? this.spans.find(({ from }) => from > minute) : undefined;
    return (next?.from ?? DAY_MINUTES) - minute;
  }

  private runsEvenly(from: number, to: number): boolean {
    const wall = (time: number): number => {
      const { date, minute } = this.wallClock(new Date(time));
      return Date.parse(`${date}T00:00:00Z`) + minute * MINUTE_MS;
    };
    return wall(to) - wall(from) === to - from;
  }

  private isOpenDay(date: string): boolean {
    const weekday = WEEKDAYS[(new Date(`${date}T00:00:00Z`).getUTCDay() + 6) % 7]!;
    return this.days.has(weekday) && !this.closed.has(date);
  }

  private wallClock(at: Date): WallClock {
    const parts = new Map(this.clock.formatToParts(at).map(({ type, value }) => [type, value]));
    const part = (name: Intl.DateTimeFormatPartTypes): string => parts.get(name)!;
    return {
      date: `${part('year')}-${part('month')}-${part('day')}`,
      minute: Number(part('hour')) * 60 + Number(part('minute')),
    };
  }
}

function clockOf(timeZone: string): Intl.DateTimeFormat {
  try {
    return new Intl.DateTimeFormat('en-US', {
      ...{ timeZone, calendar: 'iso8601', hourCycle: 'h23' },
      ...{ year: 'numeric', month: '2-digit', day: '2-digit', hour: '2-digit', minute: '2-digit' },
    });
  } catch (cause) {
    throw new Error('timeZone must be an IANA time zone, such as Africa/Nairobi.', { cause });
  }
}

function readWindow(window: unknown): CallingWindow {
  if (typeof window !== 'object' || window === null || Array.isArray(window))
    throw new Error('timeZone is missing: the window must be an object.');
  const { timeZone, days, hours, closed, ...rest } = window as Record<string, unknown>;
  const [strange] = Object.keys(rest);
  if (strange !== undefined) throw new Error(`${strange} is no field of a window.`);
  if (typeof timeZone !== 'string')
    throw new Error('timeZone must be an IANA time zone, such as Africa/Nairobi.');
  const read: CallingWindow = { timeZone };
  if (days !== undefined)
    read.days = listOf(days, isWeekday, `days must be a list of ${WEEKDAYS.join(', ')}.`);
  if (hours !== undefined)
    read.hours = listOf(hours, isText, 'hours must be a list of spans such as "08:00-16:30".');
  if (closed !== undefined)
    read.closed = listOf(closed, isDate, 'closed must be a list of dates such as "2026-12-25".', 0);
  return read;
}

function listOf<T>(value: unknown, is: (item: unknown) => item is T, sentence: string, least = 1): T[] {
  if (!Array.isArray(value) || value.length < least || !value.every(is)) throw new Error(sentence);
  return value;
}

const isText = (item: unknown): item is string => typeof item === 'string';
const isWeekday = (item: unknown): item is Weekday => WEEKDAYS.some((day) => day === item);

function isDate(item: unknown): item is string {
  if (typeof item !== 'string' || !/^\d{4}-\d{2}-\d{2}$/.test(item)) return false;
  const time = new Date(`${item}T00:00:00Z`);
  return !Number.isNaN(time.getTime()) && time.toISOString().startsWith(item);
}

function readSpan(text: string): Span {
  const [, from, to] = /^(\d{2}:\d{2})-(\d{2}:\d{2})$/.exec(text) ?? [];
  const span = { from: minuteOf(from), to: minuteOf(to) };
  if (!(span.from < span.to))
    throw new Error(`hours: "${text}" must be from HH:MM to a later HH:MM of the same day, 24:00 at most.`);
  return span;
}

/** NaN where it is no time of the day; 24:00 is its end. */
function minuteOf(text: string | undefined): number {
  const [hour, minute] = (text ?? '').split(':').map(Number);
  if (hour === undefined || minute === undefined || minute > 59) return Number.NaN;
  const at = hour * 60 + minute;
  return at <= DAY_MINUTES ? at : Number.NaN;
}
