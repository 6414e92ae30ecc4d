import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { CallingHours, WEEKDAYS, type CallingWindow } from './calling-window.js';

const at = (text: string): Date => new Date(text);
const nextOf = (window: CallingWindow, time: string): string | undefined =>
  new CallingHours(window).nextOpening(at(time))?.toISOString();

const BANK: CallingWindow = {
  timeZone: 'Africa/Nairobi',
  days: ['mon', 'tue', 'wed', 'thu', 'fri'],
  hours: ['08:00-12:00', '13:00-16:30'],
  closed: ['2026-12-25'],
};

describe('the calling window of a lane', () => {
  it.each([
    ['a second before it opens', '2026-11-25T04:59:59Z', false],
    ['as it opens', '2026-11-25T05:00:00Z', true],
    ['at lunch', '2026-11-25T09:00:00Z', false],
    ['after lunch', '2026-11-25T10:00:00Z', true],
    ['in its last minute', '2026-11-25T13:29:59Z', true],
    ['as it closes', '2026-11-25T13:30:00Z', false],
    ['on a Saturday', '2026-11-28T06:00:00Z', false],
    ['on a closed date', '2026-12-25T06:00:00Z', false],
    ['on the local Monday that is Sunday in UTC, before hours', '2026-11-29T23:00:00Z', false],
  ])('%s (%s): open is %s', (_what, time, open) => {
    expect(new CallingHours(BANK).isOpen(at(time))).toBe(open);
  });

  it.each([
    ['open now: now', '2026-11-25T06:00:12.345Z', '2026-11-25T06:00:12.345Z'],
    ['lunch', '2026-11-25T09:15:07Z', '2026-11-25T10:00:00.000Z'],
    ['evening', '2026-11-25T15:00:00Z', '2026-11-26T05:00:00.000Z'],
    ['Friday evening: Monday', '2026-11-27T15:00:00Z', '2026-11-30T05:00:00.000Z'],
    ['the eve of a closed Friday: Monday', '2026-12-24T15:00:00Z', '2026-12-28T05:00:00.000Z'],
  ])('next opening, %s', (_what, time, opens) => {
    expect(nextOf(BANK, time)).toBe(opens);
  });

  it.each([
    // Clocks go forward: 02:00 to 03:00 does not exist.
    ['America/New_York', ['02:30-04:00'], '2026-03-08T05:00:00Z', '2026-03-08T07:00:00.000Z'],
    ['America/New_York', ['09:00-17:00'], '2026-03-07T22:00:00Z', '2026-03-08T13:00:00.000Z'],
    ['America/New_York', ['02:10-02:50'], '2026-03-08T05:00:00Z', '2026-03-09T06:10:00.000Z'],
    // Clocks go back: 01:00 to 02:00 comes twice, and the window is open twice.
    ['America/New_York', ['01:30-01:45'], '2026-11-01T05:00:00Z', '2026-11-01T05:30:00.000Z'],
    ['America/New_York', ['01:30-01:45'], '2026-11-01T05:45:00Z', '2026-11-01T06:30:00.000Z'],
    ['Europe/Berlin', ['02:00-02:30'], '2026-03-29T00:00:00Z', '2026-03-30T00:00:00.000Z'],
    // Half an hour of daylight saving.
    ['Australia/Lord_Howe', ['02:00-03:00'], '2026-10-03T15:00:00Z', '2026-10-03T15:30:00.000Z'],
    // A quarter of an hour in the offset; midnight as the end of the day.
    ['Asia/Kathmandu', ['20:00-24:00', '00:00-04:00'], '2026-11-25T23:00:00Z', '2026-11-26T14:15:00.000Z'],
    ['Asia/Kathmandu', ['20:00-24:00', '00:00-04:00'], '2026-11-25T18:15:00Z', '2026-11-25T18:15:00.000Z'],
  ])('over a change of the clocks in %s, %j from %s: %s', (timeZone, hours, time, opens) => {
    expect(nextOf({ timeZone, hours }, time)).toBe(opens);
  });

  it('a window that never opens within a year says so', () => {
    const year = Array.from({ length: 800 }, (_, day) => new Date(Date.UTC(2026, 0, 1 + day)));
    const closed = year.map((day) => day.toISOString().slice(0, 10));
    expect(nextOf({ timeZone: 'UTC', closed }, '2026-06-01T00:00:00Z')).toBeUndefined();
  });

  it('the next opening is the first open minute, in every zone and over every change of its clocks', () => {
    const changes = ['2026-03-08T07:00Z', '2026-11-01T06:00Z', '2026-03-29T01:00Z', '2026-10-25T01:00Z'];
    const zones = [
      'America/New_York',
      'Europe/London',
      'Australia/Lord_Howe',
      'Africa/Cairo',
      'Pacific/Chatham',
    ];
    const minute = fc.integer({ min: 0, max: 1440 });
    const span = fc
      .tuple(minute, minute)
      .filter(([a, b]) => a !== b)
      .map(([a, b]) => `${clock(Math.min(a, b))}-${clock(Math.max(a, b))}`);
    const window = fc.record({
      timeZone: fc.constantFrom(...zones),
      days: fc.subarray([...WEEKDAYS], { minLength: 1 }),
      hours: fc.array(span, { minLength: 1, maxLength: 3 }),
      closed: fc.subarray(['2026-03-08', '2026-11-01', '2026-03-29', '2026-10-25']),
    });
    const offset = fc.integer({ min: -2 * 1440, max: 1440 });
    fc.assert(
      fc.property(window, fc.constantFrom(...changes), offset, (given, change, minutes) => {
        const hours = new CallingHours(given);
        const from = at(change).getTime() + minutes * 60_000;
        let first = from;
        while (first < from + 9 * 86_400_000 && !hours.isOpen(new Date(first))) first += 60_000;
        // Only one of the zones' gaps can swallow a day's window; then the search goes on for another week.
        if (!hours.isOpen(new Date(first))) return;
        expect(hours.nextOpening(new Date(from))?.getTime()).toBe(first);
      }),
      { numRuns: 150 },
    );
  }, 30_000);

  it.each([
    [{}, 'timeZone must be'],
    [{ timeZone: 'Mars/Olympus' }, 'timeZone must be'],
    [{ timeZone: 'UTC', days: ['Monday'] }, 'days must be'],
    [{ timeZone: 'UTC', days: [] }, 'days must be'],
    [{ timeZone: 'UTC', hours: ['8-12'] }, 'hours: "8-12" must be'],
    [{ timeZone: 'UTC', hours: ['20:00-04:00'] }, 'hours: "20:00-04:00" must be'],
    [{ timeZone: 'UTC', hours: ['20:00-24:30'] }, 'hours: "20:00-24:30" must be'],
    [{ timeZone: 'UTC', closed: ['2026-02-30'] }, 'closed must be'],
    [{ timeZone: 'UTC', holidays: [] }, 'holidays is no field'],
    [null, 'timeZone is missing'],
  ])('a window that cannot be read is refused with its field: %j', (window, sentence) => {
    expect(() => new CallingHours(window)).toThrow(sentence);
  });
});

function clock(minute: number): string {
  return `${String(Math.floor(minute / 60)).padStart(2, '0')}:${String(minute % 60).padStart(2, '0')}`;
}
