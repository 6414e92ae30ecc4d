import type { Sql } from '@gpo/persistence';

const STUCK_TIMES = 3;
const STUCK_COUNTED_MAX = 10_000;

export interface LaneGauges {
  lane: string;
  /** Whether it pays. */
  open: boolean;
  /** Age in seconds of its oldest attempt without an end. */
  oldest: number;
  /** Open breaks, and the age of the oldest. */
  breaks: number;
  oldest_break: number;
}

/** What metrics tell of each lane. */
export async function readLaneGauges(sql: Sql): Promise<LaneGauges[]> {
  return sql.query(
    `SELECT l.lane, l.state = 'open' AS open,
            coalesce((SELECT extract(epoch FROM now() - min(a.first_send_at))::float8 FROM attempt a
                       WHERE a.lane = l.lane AND a.next_at IS NOT NULL AND a.state IN ('sending', 'accepted', 'unknown')), 0) AS oldest, r.breaks, r.oldest_break
       FROM lane l
      CROSS JOIN LATERAL (
        SELECT count(*)::int AS breaks, coalesce(extract(epoch FROM now() - min(r.opened_at)), 0)::float8 AS oldest_break
          FROM reconciliation_break r WHERE r.lane = l.lane AND r.closed_at IS NULL) r`,
  );
}

/** See gpo_stuck. */
export async function countStuck(sql: Sql): Promise<number> {
  const [row] = await sql.query<{ stuck: number }[]>(
    `SELECT count(*)::int AS stuck FROM (
       SELECT FROM watchdog_mark m JOIN disbursement d USING (disbursement_id)
        WHERE m.times >= ${STUCK_TIMES} AND d.state IN ('received', 'retrying') LIMIT ${STUCK_COUNTED_MAX}) some`,
  );
  return row!.stuck;
}
