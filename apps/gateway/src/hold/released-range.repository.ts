import { HELD, type Sql } from '@gpo/persistence';

const LINES_PER_RANGE = 1000;

// Runs of at most 1,000 lines that are due at the same instant, as intake makes them.
const RANGES = `INSERT INTO dispatch_range (batch_id, first_line, last_line, due_at, released)
  SELECT batch_id, min(line_no), max(line_no), due_at, $2::boolean
    FROM (SELECT batch_id, line_no, due_at,
                 line_no - row_number() OVER (PARTITION BY due_at ORDER BY line_no) AS run
            FROM lines) l
   GROUP BY batch_id, due_at, line_no / ${LINES_PER_RANGE}, run
   ORDER BY min(line_no)`;

// What a rule held before goes on from its routed record: the rules would only hold it again.
const ROUTED_BEFORE = `EXISTS (SELECT FROM hold h WHERE h.disbursement_id = d.disbursement_id)`;

const UNCLAIMED = `d.state = 'received' AND NOT EXISTS (
  SELECT FROM attempt a WHERE a.disbursement_id = d.disbursement_id)`;

/**
 * Makes released lines go on, in the transaction of their release: their records may have been dropped while they were
 * held. One that is still on its way is published twice, and attempt 1 can be inserted only once.
 */
export async function publishLinesAgain(sql: Sql, ids: readonly string[]): Promise<void> {
  await sql.query(
    `WITH lines AS (SELECT d.batch_id, d.line_no, d.due_at FROM disbursement d
                     WHERE d.disbursement_id = ANY($1) AND ${UNCLAIMED} AND NOT ${ROUTED_BEFORE})
     ${RANGES}`,
    [ids, true],
  );
  await sql.query(
    `UPDATE hold h SET published_at = NULL FROM disbursement d
      WHERE h.disbursement_id = ANY($1) AND d.disbursement_id = h.disbursement_id AND h.released_at IS NOT NULL
        AND ${UNCLAIMED}`,
    [ids],
  );
}

/**
 * The same for a window of a batch, while it is still held: dispatch leaves its ranges alone until the mark is gone.
 * Lines with a mark of their own are left out, and those whose range waits. A range that dispatch has in hand does not
 * count as waiting: its records may be dropped before the batch is released.
 */
export async function prepareWindow(
  sql: Sql,
  batchId: string,
  firstLine: number,
  lastLine: number,
): Promise<void> {
  await sql.query(
    `WITH waiting AS MATERIALIZED (
       SELECT first_line, last_line, due_at FROM dispatch_range
        WHERE batch_id = $1 AND published_at IS NULL AND last_line >= $3 AND first_line <= $4
        FOR UPDATE SKIP LOCKED),
     lines AS (
       SELECT d.batch_id, d.line_no, d.due_at FROM disbursement d JOIN batch b USING (batch_id)
        WHERE d.batch_id = $1 AND d.line_no BETWEEN $3 AND $4 AND d.hold_mark IS NULL AND ${HELD} AND ${UNCLAIMED}
          AND NOT ${ROUTED_BEFORE}
          AND NOT EXISTS (SELECT FROM waiting w WHERE d.line_no BETWEEN w.first_line AND w.last_line
                             AND d.due_at = w.due_at))
     ${RANGES}`,
    [batchId, false, firstLine, lastLine],
  );
}

/** After the batch's release: routed records that an operator released while the batch was held are published again. */
export async function publishRoutedAgain(sql: Sql, batchId: string): Promise<void> {
  await sql.query(
    `UPDATE hold h SET published_at = NULL FROM disbursement d JOIN batch b USING (batch_id)
      WHERE b.batch_id = $1 AND d.disbursement_id = h.disbursement_id AND h.batch_id = $1
        AND h.released_at IS NOT NULL AND h.published_at IS NOT NULL AND NOT ${HELD} AND ${UNCLAIMED}`,
    [batchId],
  );
}
