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
