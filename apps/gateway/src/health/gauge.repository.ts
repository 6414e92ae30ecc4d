import type { Sql } from '@gpo/persistence';

const STUCK_TIMES = 3;
const STUCK_COUNTED_MAX = 10_000;

/** Each lane, whether it pays, and the age in seconds of its oldest attempt without an end. */
export async function readLaneGauges(sql: Sql): Promise<{ lane: string; open: boolean; oldest: number }[]> {
  return sql.query(
    `SELECT l.lane, l.state = 'open' AS open,
            coalesce((SELECT extract(epoch FROM now() - min(a.first_send_at))::float8 FROM attempt a
                       WHERE a.lane = l.lane AND a.next_at IS NOT NULL AND a.state IN ('sending', 'accepted', 'unknown')), 0) AS oldest
       FROM lane l`,
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
