import { PAYING_ACCOUNT } from './lane-account.js';

/** Money of accounts by day, as rows of DayMovement: $1 lane or NULL, $2 and $3 first and last day (UTC). */

/** Payments that moved money or were on their way in these days, with what the bank booked of them. */
const PAYMENTS = `
  touched AS MATERIALIZED (
    SELECT disbursement_id, attempt_no FROM booking
     WHERE ($1::text IS NULL OR lane = $1) AND booked_on BETWEEN $2::date AND $3::date AND disbursement_id IS NOT NULL
    UNION
    SELECT disbursement_id, attempt_no FROM attempt
     WHERE ($1::text IS NULL OR lane = $1) AND first_send_at < $3::date + 1
       AND (resolved_at >= $2::date OR resolved_at IS NULL OR state = 'review')),
  payment AS MATERIALIZED (
    SELECT a.lane, a.state, d.amount_minor, d.currency_code, a.first_send_at,
           -- A return resolves an attempt once more.
           CASE a.state WHEN 'review' THEN NULL ELSE coalesce(settled.at, a.resolved_at) END AS ended_at, a.resolved_at,
           debit.booked_on AS debited_on, credit.booked_on AS credited_on, coalesce(paying.account, debit.account, '') AS account,
           -- What it was in another currency, that of the account, only the bank knows.
           CASE WHEN debit.currency <> d.currency_code THEN debit.minor ELSE d.amount_minor END AS debit_minor,
           CASE WHEN credit.currency <> d.currency_code THEN credit.minor ELSE d.amount_minor END AS credit_minor,
           coalesce(debit.currency, d.currency_code) AS debit_currency, coalesce(credit.currency, d.currency_code) AS credit_currency
      FROM touched t
      JOIN attempt a ON a.disbursement_id = t.disbursement_id AND a.attempt_no = t.attempt_no
      JOIN disbursement d ON d.disbursement_id = a.disbursement_id
      ${PAYING_ACCOUNT}
      LEFT JOIN LATERAL (
        SELECT min(h.at) AS at FROM history h
         WHERE a.state = 'returned' AND h.disbursement_id = a.disbursement_id AND h.attempt_no = a.attempt_no
           AND h.to_state = 'succeeded') settled ON true
      LEFT JOIN LATERAL (
        SELECT account_name(b.account) AS account, b.booked_on, b.account_minor AS minor, b.account_currency AS currency FROM booking b
         WHERE b.disbursement_id = a.disbursement_id AND b.attempt_no = a.attempt_no AND b.direction = 'debit'
        UNION ALL
        -- Booked with its whole group.
        SELECT account_name(g.account), g.booked_on, NULL, NULL
          FROM bank_file_item i
          JOIN booking g ON g.lane = i.lane AND g.group_name IN (i.group_id, i.message_id) AND g.disbursement_id IS NULL
         WHERE i.lane = a.lane AND i.rail_id = a.rail_id
         ORDER BY booked_on LIMIT 1) debit ON true
      LEFT JOIN LATERAL (
        SELECT b.booked_on, b.account_minor AS minor, b.account_currency AS currency FROM booking b
         WHERE b.disbursement_id = a.disbursement_id AND b.attempt_no = a.attempt_no AND b.direction = 'credit'
         ORDER BY b.booked_on DESC, b.booking_id LIMIT 1) credit ON true)`;

const UTC_DAY = (at: string): string => `(${at} AT TIME ZONE 'UTC')::date`;

/** One row for each movement; what a kind has nothing of is 0. */
const MOVED = `
  SELECT lane, account, debit_currency AS currency_code, coalesce(debited_on, ${UTC_DAY('ended_at')}) AS day,
         debit_minor AS paid, 0 AS returned, 0 AS other_debits, 0 AS other_credits, 0 AS in_flight, 0 AS booked
    FROM payment WHERE state IN ('settled', 'returned')
  UNION ALL
  SELECT lane, account, credit_currency, coalesce(credited_on, ${UTC_DAY('resolved_at')}), 0, credit_minor, 0, 0, 0, 0
    FROM payment WHERE state = 'returned'
  UNION ALL
  SELECT lane, account, currency_code, greatest(${UTC_DAY('first_send_at')}, $2::date - 1), 0, 0, 0, 0, amount_minor, 0 FROM payment
   WHERE first_send_at IS NOT NULL
  UNION ALL
  SELECT lane, account, currency_code, greatest(${UTC_DAY('ended_at')}, $2::date - 1), 0, 0, 0, 0, -amount_minor, 0 FROM payment
   WHERE first_send_at IS NOT NULL AND ended_at IS NOT NULL
  UNION ALL
  SELECT b.lane, account_name(b.account), b.account_currency, b.booked_on, 0, 0,
         CASE WHEN b.direction = 'debit' THEN b.account_minor ELSE 0 END, CASE WHEN b.direction = 'credit' THEN b.account_minor ELSE 0 END, 0, 0
    FROM booking b
   WHERE ($1::text IS NULL OR b.lane = $1) AND b.booked_on BETWEEN $2::date AND $3::date AND b.disbursement_id IS NULL
     AND NOT EXISTS (SELECT FROM bank_file_item i WHERE i.lane = b.lane AND (i.group_id = b.group_name OR i.message_id = b.group_name))
  UNION ALL
  SELECT b.lane, account_name(b.account), b.account_currency, b.booked_on, 0, 0, 0, 0, 0,
         CASE WHEN b.direction = 'debit' THEN -b.account_minor ELSE b.account_minor END
    FROM booking b WHERE ($1::text IS NULL OR b.lane = $1) AND b.booked_on BETWEEN $2::date AND $3::date`;

export const MOVEMENTS = `
  WITH ${PAYMENTS}
  SELECT m.lane, m.account, m.currency_code, CASE WHEN m.day < $2::date THEN '' ELSE m.day::text END AS day,
         sum(paid)::text AS paid, sum(returned)::text AS returned, sum(other_debits)::text AS other_debits,
         sum(other_credits)::text AS other_credits, sum(in_flight)::text AS in_flight, sum(booked)::text AS booked
    FROM (${MOVED}) m WHERE m.day <= $3::date AND m.account <> '' GROUP BY 1, 2, 3, 4`;

/** Balances of whole statements. $1 lane or NULL, $2 last day. */
export const ANCHORS = `
  WITH told AS (
    SELECT s.*, account_name(s.account) AS named FROM statement s
     WHERE s.whole AND ($1::text IS NULL OR s.lane = $1) AND s.currency_code IS NOT NULL AND s.closing_on <= $2::date + 366)
  SELECT DISTINCT ON (t.lane, t.named, t.currency_code, t.closing_on)
         t.lane, t.named AS account, t.currency_code, t.closing_on::text AS day, t.closing_minor::text AS balance, 'closing' AS kind
    FROM told t WHERE t.closing_minor IS NOT NULL AND t.closing_on <= $2::date
   -- Of several on one day, the one on which no other goes on.
   ORDER BY t.lane, t.named, t.currency_code, t.closing_on,
            EXISTS (SELECT FROM told n WHERE n.lane = t.lane AND n.named = t.named AND n.closing_on = t.closing_on
                                         AND n.statement_id <> t.statement_id AND n.opening_minor = t.closing_minor), t.name DESC
`;

/** The day at whose end each account had the opening balance of its first statement. */
export const OPENINGS = `
  SELECT DISTINCT ON (s.lane, account_name(s.account), s.currency_code)
         s.lane, account_name(s.account) AS account, s.currency_code, s.opening_minor::text AS balance, 'opening' AS kind,
         -- The day is the statement's first one, or the one before it: banks do either.
         (CASE WHEN s.opening_on = s.closing_on
                 OR EXISTS (SELECT FROM booking b WHERE b.lane = s.lane AND b.account = s.account AND b.booked_on = s.opening_on)
               THEN s.opening_on - 1 ELSE s.opening_on END)::text AS day
    FROM statement s
   WHERE s.whole AND s.opening_minor IS NOT NULL AND s.opening_on IS NOT NULL AND ($1::text IS NULL OR s.lane = $1) AND s.opening_on <= $2::date
   ORDER BY s.lane, account_name(s.account), s.currency_code, s.opening_on, s.closing_on`;
