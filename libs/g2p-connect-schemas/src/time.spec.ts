import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { dueTime, parseTimestamp } from './time.js';

describe('timestamps', () => {
  it.each([
    ['2026-11-22T05:54:59Z', '2026-11-22T05:54:59.000Z'],
    ['2026-11-22T05:54:59.850324Z', '2026-11-22T05:54:59.850Z'],
    ['2026-11-22T05:54:59.5Z', '2026-11-22T05:54:59.500Z'],
    ['2026-11-22T05:54+02:00', '2026-11-22T03:54:00.000Z'],
    ['2026-11-22T05:54:59-0530', '2026-11-22T11:24:59.000Z'],
    ['2024-02-29T00:00:00Z', '2024-02-29T00:00:00.000Z'],
  ])('%s is read by every profile', (text, expected) => {
    expect(parseTimestamp(text, false)?.toISOString()).toBe(expected);
  });

  it.each([
    ['2026-11-22 05:54:59.850324', '2026-11-22T05:54:59.850Z'],
    ['2026-11-22T05:54:59', '2026-11-22T05:54:59.000Z'],
    ['2026-11-22 05:54:59Z', '2026-11-22T05:54:59.000Z'],
  ])('2.2 message_ts: %s is naive UTC, and a strict sender is refused', (text, expected) => {
    expect(parseTimestamp(text, true)?.toISOString()).toBe(expected);
    expect(parseTimestamp(text, false)).toBeNull();
  });

  it.each([
    '2026-02-31T00:00:00Z',
    '2026-02-29T00:00:00Z',
    '2026-13-01T00:00:00Z',
    '2026-00-10T00:00:00Z',
    '2026-11-31T00:00:00Z',
    '0000-01-01T00:00:00Z',
    '2026-11-22T24:00:00Z',
    '2026-11-22T23:60:00Z',
    '2026-11-22T23:59:60Z',
    '2026-11-22T05:54:59+15:00',
    '2026-11-22T05:54:59+02:60',
    '2026-11-22',
    '22/11/2026 05:54',
    '1795600000',
    'string',
    '',
  ])('%j is no time', (text) => {
    expect(parseTimestamp(text, true)).toBeNull();
  });

  it('every time from 1971 to 9999 is read as it was written', () => {
    const time = fc.date({
      min: new Date('1971-01-01'),
      max: new Date('9999-12-30'),
      noInvalidDate: true,
    });
    fc.assert(
      fc.property(time, fc.integer({ min: -840, max: 840 }), (date, offset) => {
        expect(parseTimestamp(date.toISOString(), false)).toEqual(date);
        const [hours, minutes] = [Math.floor(Math.abs(offset) / 60), Math.abs(offset) % 60];
        const zone = `${offset < 0 ? '-' : '+'}${String(hours).padStart(2, '0')}:${String(minutes).padStart(2, '0')}`;
        const local = new Date(date.getTime() + offset * 60_000).toISOString().replace('Z', zone);
        expect(parseTimestamp(local, false)).toEqual(date);
      }),
    );
  });
});

describe('D19: when a line is due', () => {
  const now = new Date('2026-11-24T12:00:00Z');

  it.each([undefined, '', 'now', 'NOW', '2026-11-24T12:00:00Z', '2020-01-01 00:00:00'])(
    '%j is at once',
    (text) => {
      expect(dueTime(text, true, now)).toBeNull();
    },
  );

  it('a time to come is kept, to the millisecond', () => {
    expect(dueTime('2026-12-01T08:00:00.123Z', false, now)).toEqual(new Date('2026-12-01T08:00:00.123Z'));
  });

  it('every time to come is kept, and every time that has come is at once', () => {
    const time = fc.date({ min: new Date('1971-01-01'), max: new Date('2200-01-01'), noInvalidDate: true });
    fc.assert(
      fc.property(time, time, (at, clock) => {
        expect(dueTime(at.toISOString(), false, clock)).toEqual(at > clock ? at : null);
      }),
    );
  });

  it('any text is a time, at once, or no time: nothing throws and no day is made up', () => {
    fc.assert(
      fc.property(fc.string(), fc.boolean(), (text, naive) => {
        const due = dueTime(text, naive, now);
        if (due instanceof Date) expect(due > now).toBe(true);
      }),
    );
  });

  it.each(['tomorrow', '2026-02-31T00:00:00Z', '2027-01-01 00:00:00'])(
    '%s is no time for a strict sender',
    (text) => {
      expect(dueTime(text, false, now)).toBeUndefined();
    },
  );
});
