import { describe, expect, it } from '@jest/globals';
import { BEFORE, foldPositions, type Anchor, type DayMovement } from './position.fold.js';

const OF = { lane: 'bank', account: '1', currency_code: 'KES' };
const DAYS = { begin: '2026-03-01', from: '2026-03-01', to: '2026-03-03' };

function moved(day: string, sums: Partial<DayMovement>): DayMovement {
  const none = { paid: 0n, returned: 0n, other_debits: 0n, other_credits: 0n, in_flight: 0n, booked: 0n };
  return { ...OF, ...none, day, ...sums };
}

const told = (kind: Anchor['kind'], day: string, balance: bigint): Anchor => ({ ...OF, kind, day, balance });

const cells = (movements: DayMovement[], anchors: Anchor[], days = DAYS): unknown[] =>
  foldPositions(movements, anchors, days).map(({ day, opening, closing, bank, difference, gap }) => [
    ...[day.slice(-1), opening, closing, bank, difference, gap],
  ]);

describe('foldPositions', () => {
  it.each<[string, DayMovement[], Anchor[], unknown[]]>([
    [
      'without any statement there are movements and no balances',
      [moved('2026-03-02', { paid: 5n })],
      [],
      [
        ['1', null, null, null, null, null],
        ['2', null, null, null, null, null],
        ['3', null, null, null, null, null],
      ],
    ],
    [
      'each day opens with what the day before closed with',
      [
        moved('2026-03-01', { paid: 30n, booked: -30n }),
        moved('2026-03-02', { returned: 10n, other_debits: 1n }),
      ],
      [told('opening', '2026-02-28', 100n)],
      [
        ['1', 100n, 70n, null, null, null],
        ['2', 70n, 79n, null, null, null],
        ['3', 79n, 79n, null, null, null],
      ],
    ],
    [
      'what the bank closed with is believed for the days after: a difference stands on its own day only',
      [
        moved('2026-03-01', { paid: 30n, booked: -31n }),
        moved('2026-03-02', { other_credits: 5n, booked: 5n }),
      ],
      [
        told('opening', '2026-02-28', 100n),
        told('closing', '2026-03-01', 69n),
        told('closing', '2026-03-03', 74n),
      ],
      [
        ['1', 100n, 70n, 69n, -1n, 0n],
        ['2', 69n, 74n, null, null, null],
        ['3', 74n, 74n, 74n, 0n, 0n],
      ],
    ],
    [
      'a statement whose bookings do not lead to its balance has a gap',
      [moved('2026-03-02', { paid: 30n, booked: -30n })],
      [told('closing', '2026-02-28', 100n), told('closing', '2026-03-02', 50n)],
      [
        ['1', 100n, 100n, null, null, null],
        ['2', 100n, 70n, 50n, -20n, -20n],
        ['3', 50n, 50n, null, null, null],
      ],
    ],
  ])('%s', (_title, movements, anchors, expected) => {
    expect(cells(movements, anchors)).toEqual(expected);
  });

  it('days before the first one asked for are added up and not told', () => {
    const movements = [moved('2026-03-01', { paid: 30n }), moved('2026-03-03', { paid: 1n })];
    const anchors = [told('closing', '2026-02-28', 100n)];
    expect(cells(movements, anchors, { ...DAYS, from: '2026-03-03' })).toEqual([
      ['3', 70n, 69n, null, null, null],
    ]);
  });

  it('what was on its way before the first day is still on its way until it ends', () => {
    const movements = [moved(BEFORE, { in_flight: 7n }), moved('2026-03-02', { in_flight: -3n })];
    const flying = foldPositions(movements, [], DAYS).map(({ in_flight }) => in_flight);
    expect(flying).toEqual([7n, 4n, 4n]);
  });

  it('currencies, accounts and lanes do not mix', () => {
    const movements = [
      moved('2026-03-01', { paid: 1n }),
      { ...moved('2026-03-01', { paid: 2n }), currency_code: 'USD' },
    ];
    const all = foldPositions(movements, [], { ...DAYS, to: '2026-03-01' });
    expect(all.map(({ currency_code: currency, paid }) => [currency, paid])).toEqual([
      ['KES', 1n],
      ['USD', 2n],
    ]);
  });
});
