import type { Sql } from '@gpo/persistence';
import { amountText } from './amount-text.js';

/** How far the bookings of an account are explained. Sums are decimal text. */
export interface AccountStatus {
  lane: string;
  account: string;
  currency_code: string;
  first_day: string | null;
  last_day: string | null;
  bookings: number;
  /** Bookings that found no attempt. */
  unmatched: number;
  debits: string;
  credits: string;
}

/** Each account of which there are statements. */
export async function readAccountStatus(sql: Sql, lane?: string): Promise<AccountStatus[]> {
  const rows = await sql.query<AccountStatus[]>(
    `SELECT lane, account, currency_code, min(booked_on)::text AS first_day, max(booked_on)::text AS last_day, count(*)::int AS bookings,
            count(*) FILTER (WHERE disbursement_id IS NULL)::int AS unmatched,
            coalesce(sum(amount_minor) FILTER (WHERE direction = 'debit'), 0)::text AS debits,
            coalesce(sum(amount_minor) FILTER (WHERE direction = 'credit'), 0)::text AS credits
       FROM booking WHERE $1::text IS NULL OR lane = $1
      GROUP BY lane, account, currency_code ORDER BY lane, account, currency_code`,
    [lane ?? null],
  );
  return rows.map(({ debits, credits, ...row }) => {
    const { currency_code: currency } = row;
    return { ...row, debits: amountText(debits, currency), credits: amountText(credits, currency) };
  });
}
