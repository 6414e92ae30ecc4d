import type { Sql } from '@gpo/persistence';
import { UNTOLD } from './untold.js';

/** What stands between a batch and its close-out. */
export interface Obstacles {
  /** Lines that are not final; 1 where a batch may still get lines. */
  openLines: number;
  /** Attempts of which nobody knows the end. */
  openAttempts: number;
  openBreaks: number;
  /** Payments that no statement told: paid ones without their debit, returned ones without their credit. */
  unmatched: number;
}

export async function readObstacles(sql: Sql, batchId: string): Promise<Obstacles> {
  const [row] = await sql.query<Obstacles[]>(
    `SELECT (SELECT greatest(coalesce(sum(c.lines), 0), (SELECT count(*) FROM batch b WHERE b.batch_id = $1 AND b.completed_at IS NULL))::int
               FROM batch_counter c WHERE c.batch_id = $1 AND c.state IN ('received', 'on_hold', 'retrying', 'review')) AS "openLines",
            (SELECT count(*)::int FROM disbursement d JOIN attempt a ON a.disbursement_id = d.disbursement_id
              WHERE d.batch_id = $1 AND a.state IN ('queued', 'sending', 'accepted', 'unknown', 'review')) AS "openAttempts",
            (SELECT count(*)::int FROM disbursement d JOIN reconciliation_break r ON r.disbursement_id = d.disbursement_id
              WHERE d.batch_id = $1 AND r.closed_at IS NULL) AS "openBreaks",
            (SELECT count(*)::int
               FROM disbursement d JOIN attempt a ON a.disbursement_id = d.disbursement_id
              WHERE d.batch_id = $1 AND ${UNTOLD}) AS unmatched`,
    [batchId],
  );
  return row!;
}
