import type { Sql } from '@gpo/persistence';
import { PAYING_ACCOUNT } from './lane-account.js';

/** What rail and record do not agree about. */
export const BREAK_KINDS = [
  /** We say paid, and the rail's statements of those days have no such booking. */
  'missing_at_bank',
  /** The rail booked it, and the record has no such payment, or not as paid. */
  'missing_here',
  'over',
  'under',
  'wrong_currency',
  /** Taken from another account than the payer's. */
  'wrong_account',
  /** Booked more than LATE_DAYS after we were told that it was paid. */
  'late',
  /** Booked once more than it was paid. */
  'duplicate',
  /** The money came back, and the record does not know it. */
  'returned',
] as const;
export type BreakKind = (typeof BREAK_KINDS)[number];

/** Days within which a payment that a rail called paid is to stand in its statements. */
export const LATE_DAYS = 3;

/** A payment of the rail, or several that are told as one, with what the record has of it. */
const SIDES = `
  told AS (
    SELECT b.*, a.state, a.resolved_at, d.amount_minor AS ours_minor, d.currency_code AS ours_currency, paying.account AS ours_account,
           row_number() OVER (PARTITION BY b.disbursement_id, b.attempt_no, b.direction, b.reversal ORDER BY b.booked_on, b.booking_id) AS nth,
           count(*) FILTER (WHERE b.direction = 'debit') OVER payment AS debits,
           count(*) FILTER (WHERE b.direction = 'credit') OVER payment AS credits
      FROM booking b
      JOIN attempt a ON a.disbursement_id = b.disbursement_id AND a.attempt_no = b.attempt_no
      JOIN disbursement d ON d.disbursement_id = b.disbursement_id
      ${PAYING_ACCOUNT}
     WHERE b.lane = $1 AND b.disbursement_id IS NOT NULL
    WINDOW payment AS (PARTITION BY b.disbursement_id, b.attempt_no)),
  -- One booking for a whole group of a bank file: right where it is the sum of its items.
  grouped AS (
    SELECT b.*, g.lines, g.minor, g.currency
      FROM booking b
      CROSS JOIN LATERAL (
        SELECT count(*) AS lines, coalesce(sum(i.amount_minor), 0)::bigint AS minor, min(i.currency_code) AS currency
          FROM bank_file_item i WHERE i.lane = b.lane AND (i.group_id = b.group_name OR i.message_id = b.group_name)) g
     WHERE b.lane = $1 AND b.disbursement_id IS NULL AND b.group_name IS NOT NULL),
  covered AS (
    SELECT min(opening_on) AS first_day, max(closing_on) AS last_day FROM statement WHERE lane = $1 AND whole)`;

const FOUND = `
  SELECT 'missing_here' AS kind, NULL::uuid AS disbursement_id, NULL::integer AS attempt_no, booking_id, currency_code, NULL::bigint AS expected, amount_minor AS actual
    FROM booking WHERE lane = $1 AND disbursement_id IS NULL AND group_name IS NULL AND direction = 'debit' AND NOT reversal
  UNION ALL
  SELECT 'missing_here', NULL, NULL, booking_id, currency_code, NULL, amount_minor FROM grouped WHERE lines = 0
  UNION ALL
  SELECT CASE WHEN currency_code <> currency THEN 'wrong_currency' WHEN amount_minor > minor THEN 'over' ELSE 'under' END,
         NULL, NULL, booking_id, currency_code, minor, amount_minor
    FROM grouped WHERE lines > 0 AND (amount_minor <> minor OR currency_code <> currency)
  UNION ALL
  SELECT 'missing_here', disbursement_id, attempt_no, booking_id, currency_code, NULL, amount_minor
    FROM told WHERE direction = 'debit' AND nth = 1 AND state NOT IN ('settled', 'returned')
  UNION ALL
  SELECT CASE WHEN currency_code <> ours_currency THEN 'wrong_currency' WHEN amount_minor > ours_minor THEN 'over' ELSE 'under' END,
         disbursement_id, attempt_no, booking_id, currency_code, ours_minor, amount_minor
    FROM told WHERE direction = 'debit' AND nth = 1 AND (amount_minor <> ours_minor OR currency_code <> ours_currency)
  UNION ALL
  SELECT 'wrong_account', disbursement_id, attempt_no, booking_id, currency_code, ours_minor, amount_minor
    FROM told WHERE direction = 'debit' AND nth = 1 AND account_name(account) <> ours_account AND account <> ''
  UNION ALL
  SELECT 'late', disbursement_id, attempt_no, booking_id, currency_code, ours_minor, amount_minor
    FROM told WHERE direction = 'debit' AND nth = 1 AND booked_on > (resolved_at AT TIME ZONE 'UTC')::date + ${LATE_DAYS}
  UNION ALL
  SELECT 'duplicate', disbursement_id, attempt_no, booking_id, currency_code, 0, amount_minor
    FROM told WHERE direction = 'debit' AND nth > 1 AND nth > debits - greatest(debits - 1 - credits, 0)
  UNION ALL
  SELECT 'returned', disbursement_id, attempt_no, booking_id, currency_code, 0, amount_minor
    FROM told WHERE direction = 'credit' AND nth = 1 AND credits >= debits AND state <> 'returned'
  UNION ALL
  SELECT 'missing_at_bank', a.disbursement_id, a.attempt_no, NULL, d.currency_code, d.amount_minor, NULL
    FROM covered c
    JOIN attempt a ON a.lane = $1 AND a.state IN ('settled', 'returned') AND a.resolved_at >= c.first_day
                  AND a.resolved_at < c.last_day - ${LATE_DAYS - 1}
    JOIN disbursement d ON d.disbursement_id = a.disbursement_id
   WHERE NOT EXISTS (SELECT FROM booking b WHERE b.disbursement_id = a.disbursement_id AND b.attempt_no = a.attempt_no AND b.direction = 'debit')
     AND NOT EXISTS (SELECT FROM bank_file_item i JOIN grouped g ON g.group_name IN (i.group_id, i.message_id)
                      WHERE i.lane = $1 AND i.rail_id = a.rail_id)`;

/**
 * Compares what the rail of a lane told with the record: opens breaks that are new, and closes as explained those that are none any more.
 * What an operator settled stays settled.
 */
export async function findBreaks(sql: Sql, lane: string): Promise<{ opened: number; explained: number }> {
  const [counts] = await sql.query<{ opened: number; explained: number }[]>(
    `WITH ${SIDES},
     found AS MATERIALIZED (
       SELECT f.*, md5(concat_ws('/', $1, f.kind, f.disbursement_id, f.attempt_no, f.booking_id))::uuid AS break_id FROM (${FOUND}) f),
     opened AS (
       INSERT INTO reconciliation_break (break_id, lane, kind, disbursement_id, attempt_no, booking_id, currency_code, expected_minor, actual_minor)
       SELECT break_id, $1, kind, disbursement_id, attempt_no, booking_id, currency_code, expected, actual FROM found
       ON CONFLICT (break_id) DO UPDATE SET closed_at = NULL, closed_as = NULL WHERE reconciliation_break.closed_as = 'explained'
       RETURNING 1),
     explained AS (
       UPDATE reconciliation_break r SET closed_at = now(), closed_as = 'explained'
        WHERE r.lane = $1 AND r.closed_at IS NULL AND NOT EXISTS (SELECT FROM found f WHERE f.break_id = r.break_id)
       RETURNING 1)
     SELECT (SELECT count(*)::int FROM opened) AS opened, (SELECT count(*)::int FROM explained) AS explained`,
    [lane],
  );
  return counts!;
}

/** An operator says why a break is none to look at any more. @returns false where there is no such open break. */
export async function settleBreak(
  sql: Sql,
  breakId: string,
  decision: { actor: string; reason: string },
): Promise<boolean> {
  const [rows] = await sql.query<[unknown[], number]>(
    `UPDATE reconciliation_break SET closed_at = now(), closed_as = 'settled', actor = $2, reason = $3
      WHERE break_id = $1 AND closed_at IS NULL RETURNING 1`,
    [breakId, decision.actor, decision.reason],
  );
  return rows.length > 0;
}
