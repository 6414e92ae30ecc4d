import type { Sql } from '@gpo/persistence';

/**
 * Finds the attempt of each booking that has none: by our id, else by the rail's own reference of the payment. An id that several attempts
 * share, because a refused one was sent again under it, is the last one's.
 * @returns how many found one now.
 */
export async function matchBookings(sql: Sql, lane: string): Promise<number> {
  const [rows] = await sql.query<[unknown[], number]>(
    `UPDATE booking b SET disbursement_id = m.disbursement_id, attempt_no = m.attempt_no
       FROM (SELECT u.booking_id, coalesce(i.disbursement_id, r.disbursement_id) AS disbursement_id,
                    coalesce(i.attempt_no, r.attempt_no) AS attempt_no
               FROM (SELECT * FROM booking WHERE lane = $1 AND disbursement_id IS NULL) u
               LEFT JOIN LATERAL (SELECT a.disbursement_id, a.attempt_no FROM attempt a
                                   WHERE a.rail_id = u.rail_id AND a.lane = u.lane ORDER BY a.attempt_no DESC LIMIT 1) i ON true
               LEFT JOIN LATERAL (SELECT a.disbursement_id, a.attempt_no FROM attempt a
                                   WHERE i.disbursement_id IS NULL AND a.rail_reference = u.reference AND a.lane = u.lane
                                   ORDER BY a.attempt_no DESC LIMIT 1) r ON true) m
      WHERE b.booking_id = m.booking_id AND m.disbursement_id IS NOT NULL RETURNING 1`,
    [lane],
  );
  return rows.length;
}

/** How far the bookings of an account are explained. Sums in minor units, as text. */
export interface AccountStatus {
  lane: string;
  account: string;
  currency_code: string;
  first_day: string | null;
  last_day: string | null;
  bookings: number;
  unmatched: number;
  debits_minor: string;
  credits_minor: string;
}

/** Each account of which there are statements. */
export function readAccountStatus(sql: Sql, lane?: string): Promise<AccountStatus[]> {
  return sql.query<AccountStatus[]>(
    `SELECT lane, account, currency_code, min(booked_on)::text AS first_day, max(booked_on)::text AS last_day, count(*)::int AS bookings,
            count(*) FILTER (WHERE disbursement_id IS NULL)::int AS unmatched,
            coalesce(sum(amount_minor) FILTER (WHERE direction = 'debit'), 0)::text AS debits_minor,
            coalesce(sum(amount_minor) FILTER (WHERE direction = 'credit'), 0)::text AS credits_minor
       FROM booking WHERE $1::text IS NULL OR lane = $1
      GROUP BY lane, account, currency_code ORDER BY lane, account, currency_code`,
    [lane ?? null],
  );
}
