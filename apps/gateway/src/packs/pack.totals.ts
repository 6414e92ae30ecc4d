import type { Sql } from '@gpo/persistence';
import { amountText, UNTOLD, readPositions, type ReadPosition } from '@gpo/reconciliation';

export interface TotalRow {
  lines: string;
  currency_code: string;
  /** Decimal text; null where a currency has no known exponent. */
  amount: string;
}

/** What a pack's summary tells; each can be recomputed from its lists. */
export interface PackTotals {
  batches: number;
  lines: number;
  by_state: (TotalRow & { state: string })[];
  /** Payments that settled or came back, by the lane of their attempt. */
  by_lane: (TotalRow & { lane: string; state: string })[];
  attempts: number;
  bookings: number;
  /** Payments without the booking that they should have. */
  unmatched: number;
  breaks: { kind: string; state: string; count: number }[];
  closed: number;
}

export async function readPackTotals(sql: Sql): Promise<PackTotals> {
  const [counts] =
    await sql.query<
      Pick<PackTotals, 'batches' | 'lines' | 'attempts' | 'bookings' | 'unmatched' | 'closed'>[]
    >(COUNTS);
  const states = await sql.query<(TotalRow & { state: string })[]>(BY_STATE);
  const lanes = await sql.query<(TotalRow & { lane: string; state: string })[]>(BY_LANE);
  const breaks = await sql.query<PackTotals['breaks']>(BREAKS);
  const decimal = <T extends TotalRow>(row: T): T => ({
    ...row,
    amount: amountText(row.amount, row.currency_code),
  });
  return { ...counts!, by_state: states.map(decimal), by_lane: lanes.map(decimal), breaks };
}

const COUNTS = `
  SELECT (SELECT count(*)::int FROM pack_batch) AS batches,
         (SELECT count(*) FROM pack_batch p JOIN disbursement d USING (batch_id))::int
           + (SELECT count(*) FROM pack_batch p JOIN refused_line r USING (batch_id))::int AS lines,
         (SELECT count(*)::int FROM pack_batch p JOIN disbursement d USING (batch_id) JOIN attempt a USING (disbursement_id)) AS attempts,
         (SELECT count(*)::int FROM pack_booking) AS bookings,
         (SELECT count(*)::int FROM pack_batch p JOIN disbursement d USING (batch_id) JOIN attempt a USING (disbursement_id)
           WHERE ${UNTOLD}) AS unmatched,
         (SELECT count(*)::int FROM pack_batch p
           WHERE (SELECT event FROM close_out c WHERE c.batch_id = p.batch_id ORDER BY nth DESC LIMIT 1) = 'closed') AS closed`;

const BY_STATE = `
  SELECT state, currency_code, count(*)::text AS lines, sum(amount_minor)::text AS amount FROM (
    SELECT d.state, d.currency_code, coalesce(d.amount_minor, 0) AS amount_minor FROM pack_batch p JOIN disbursement d USING (batch_id)
    UNION ALL
    SELECT 'malformed', '', 0 FROM pack_batch p JOIN refused_line r USING (batch_id)) l
   GROUP BY state, currency_code ORDER BY state, currency_code`;

const BY_LANE = `
  SELECT a.lane, a.state, d.currency_code, count(*)::text AS lines, sum(d.amount_minor)::text AS amount
    FROM pack_batch p JOIN disbursement d USING (batch_id) JOIN attempt a USING (disbursement_id)
   WHERE a.state IN ('settled', 'returned') GROUP BY a.lane, a.state, d.currency_code ORDER BY a.lane, a.state, d.currency_code`;

const BREAKS = `
  SELECT r.kind, coalesce(r.closed_as, 'open') AS state, count(*)::int AS count
    FROM pack_batch p JOIN disbursement d USING (batch_id) JOIN reconciliation_break r USING (disbursement_id)
   GROUP BY r.kind, 2 ORDER BY r.kind, 2`;

const DAYS_MAX = 400;

/** Positions of the lanes that paid, over the days on which their bookings lie. */
export async function readPackPositions(sql: Sql): Promise<ReadPosition[]> {
  const lanes = await sql.query<{ lane: string; from: string; to: string }[]>(
    `SELECT b.lane, greatest(min(b.booked_on), max(b.booked_on) - ${DAYS_MAX - 1})::text AS from, max(b.booked_on)::text AS to
       FROM pack_booking k JOIN booking b USING (booking_id) WHERE b.booked_on IS NOT NULL GROUP BY b.lane ORDER BY b.lane`,
  );
  const positions: ReadPosition[] = [];
  for (const scope of lanes) positions.push(...(await readPositions(sql, scope)));
  return positions;
}
