import type { Sql } from '@gpo/persistence';
import { amountText } from './amount-text.js';
import { foldPositions, type Anchor, type DayMovement, type Position } from './position.fold.js';
import { ANCHORS, MOVEMENTS, OPENINGS } from './position.movements.js';

/** Days (`YYYY-MM-DD`, UTC, both included), and perhaps one lane or account (in any spelling). */
export interface PositionQuery {
  lane?: string;
  account?: string;
  from: string;
  to: string;
}

/** A position with its sums as decimal text. */
export type ReadPosition = {
  [K in keyof Position]: Position[K] extends string
    ? string
    : null extends Position[K]
      ? string | null
      : string;
};

type AsText<T> = { [K in keyof T]: T[K] extends bigint ? string : T[K] };

/**
 * The position of each account by day. What was booked is believed to have moved on the day of the booking; what was not, on the day on which it
 * resolved.
 */
export async function readPositions(sql: Sql, query: PositionQuery): Promise<ReadPosition[]> {
  return (await computePositions(sql, query)).map(readable);
}

/** @returns the same in minor units. */
export async function computePositions(sql: Sql, query: PositionQuery): Promise<Position[]> {
  const scope = [query.lane ?? null, query.to];
  const closings = await sql.query<AsText<Anchor>[]>(ANCHORS, scope);
  const openings = await sql.query<AsText<Anchor>[]>(OPENINGS, scope);
  const anchors = [...openings, ...closings].map((one) => ({ ...one, balance: BigInt(one.balance) }));
  const begin = firstDay(anchors, query.from);
  const rows = await sql.query<AsText<DayMovement>[]>(MOVEMENTS, [query.lane ?? null, begin, query.to]);
  const positions = foldPositions(rows.map(movementOf), anchors, { begin, from: query.from, to: query.to });
  if (query.account === undefined) return positions;
  const [{ account }] = await sql.query<[{ account: string }]>('SELECT account_name($1) AS account', [
    query.account,
  ]);
  return positions.filter((position) => position.account === account);
}

const DAY_MS = 86_400_000;
const YEAR_MS = 366 * DAY_MS;

/** The day after the last balance before the first day asked for, of the account where that is the longest ago. */
function firstDay(anchors: readonly Anchor[], from: string): string {
  const last = new Map<string, string>();
  for (const { lane, account, currency_code: currency, day } of anchors) {
    const key = JSON.stringify([lane, account, currency]);
    // An account of which nothing was told for a year has no opening balance.
    if (day < from && Date.parse(from) - Date.parse(day) < YEAR_MS && day > (last.get(key) ?? ''))
      last.set(key, day);
  }
  const days = [...last.values()].map((day) => new Date(Date.parse(day) + DAY_MS).toISOString().slice(0, 10));
  return [from, ...days].toSorted()[0]!;
}

function readable(position: Position): ReadPosition {
  const { lane, account, currency_code, day, opening, closing, bank, difference, gap } = position;
  const text = <T extends bigint | null>(minor: T): T extends null ? null : string =>
    amountText(minor, currency_code);
  return {
    ...{ lane, account, currency_code, day, opening: text(opening), paid: text(position.paid) },
    ...{ returned: text(position.returned), other_debits: text(position.other_debits) },
    ...{
      other_credits: text(position.other_credits),
      closing: text(closing),
      in_flight: text(position.in_flight),
    },
    ...{ bank: text(bank), difference: text(difference), gap: text(gap) },
  };
}

function movementOf({ lane, account, currency_code, day, ...sums }: AsText<DayMovement>): DayMovement {
  const { paid, returned, other_debits, other_credits, in_flight, booked } = sums;
  return {
    ...{ lane, account, currency_code, day, paid: BigInt(paid), returned: BigInt(returned) },
    ...{ other_debits: BigInt(other_debits), other_credits: BigInt(other_credits) },
    ...{ in_flight: BigInt(in_flight), booked: BigInt(booked) },
  };
}
