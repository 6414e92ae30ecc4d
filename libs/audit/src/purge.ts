import type { DataSource } from 'typeorm';
import { inTransaction, utcText, type Sql } from '@gpo/persistence';
import { DECISION_CHAIN, appendHistory } from './history.repository.js';
import { PURGED, placesDigest } from './purged.reader.js';

export interface PurgeOrder {
  /** Batches that completed before this day (`YYYY-MM-DD`, UTC). */
  before: string;
  actor: string;
  reason: string;
  /** Also batches that nobody has closed. */
  unclosed: boolean;
}

/** A batch that may be purged, or whose purge was interrupted. */
export interface PurgeableBatch {
  batch_id: string;
  sender_id: string;
  transaction_id: string;
  completed_at: string;
  total_count: number;
  begun: boolean;
}

const LINES_AT_ONCE = 5_000;

const OPEN = `('received', 'on_hold', 'retrying', 'review')`;
const CLOSED = `(SELECT c.event FROM close_out c WHERE c.batch_id = b.batch_id ORDER BY c.nth DESC LIMIT 1) = 'closed'`;

/** Nothing of the batch is waited for: no line, attempt or break is open, and no callback has still to be delivered. */
const FINISHED = `b.completed_at IS NOT NULL
  AND NOT EXISTS (SELECT FROM batch_counter c WHERE c.batch_id = b.batch_id AND c.state IN ${OPEN} GROUP BY c.batch_id HAVING sum(c.lines) <> 0)
  AND NOT EXISTS (SELECT FROM callback k WHERE k.batch_id = b.batch_id AND k.delivered_at IS NULL AND k.failed_at IS NULL)
  AND NOT EXISTS (SELECT FROM callback_item i WHERE i.batch_id = b.batch_id AND i.callback_id IS NULL)
  AND NOT EXISTS (SELECT FROM disbursement d JOIN attempt a ON a.disbursement_id = d.disbursement_id
                   WHERE d.batch_id = b.batch_id AND a.state IN ('queued', 'sending', 'accepted', 'unknown', 'review'))
  AND NOT EXISTS (SELECT FROM disbursement d JOIN reconciliation_break r ON r.disbursement_id = d.disbursement_id
                   WHERE d.batch_id = b.batch_id AND r.closed_at IS NULL)`;

/** The batches that an order is about, the oldest first. */
export function findPurgeable(sql: Sql, { before, unclosed }: PurgeOrder): Promise<PurgeableBatch[]> {
  return sql.query<PurgeableBatch[]>(
    `SELECT b.batch_id, b.sender_id, b.transaction_id, ${utcText('b.completed_at')} AS completed_at, b.total_count, b.purged_at IS NOT NULL AS begun
       FROM batch b
      WHERE (b.purged_at IS NOT NULL AND b.purged_lines IS NULL)
         OR (b.purged_at IS NULL AND b.completed_at < $1::date::timestamp AT TIME ZONE 'UTC' AND ($2 OR ${CLOSED}) AND ${FINISHED})
      ORDER BY b.completed_at, b.batch_id`,
    [before, unclosed],
  );
}

/**
 * Removes the lines of a batch with everything about them. What is fixed first: that its transaction takes no line any more, and which rows of
 * history go, in the audit chain. After that it may be interrupted, and is gone on with by the next purge. Needs the owner's rights.
 * @returns false where the batch is no longer as it was found.
 */
export async function purgeBatch(
  record: DataSource,
  { batch_id: id, begun }: PurgeableBatch,
  order: PurgeOrder,
): Promise<boolean> {
  if (!begun && !(await inTransaction(record, (sql) => begin(sql, id, order)))) return false;
  let removed = 0;
  for (let lines = LINES_AT_ONCE; lines === LINES_AT_ONCE; removed += lines)
    lines = await inTransaction(record, (sql) => removeLines(sql, id));
  await inTransaction(record, (sql) => removeRest(sql, id, removed));
  return true;
}

async function begin(
  sql: Sql,
  batchId: string,
  { before, actor, reason, unclosed }: PurgeOrder,
): Promise<boolean> {
  await sql.query('SELECT FROM batch WHERE batch_id = $1 FOR UPDATE', [batchId]);
  const [rows] = await sql.query<[{ sender_id: string }[], number]>(
    `UPDATE batch b SET purged_at = now()
      WHERE b.batch_id = $1 AND b.purged_at IS NULL AND b.completed_at < $2::date::timestamp AT TIME ZONE 'UTC' AND ($3 OR ${CLOSED}) AND ${FINISHED}
      RETURNING 1`,
    [batchId, before, unclosed],
  );
  if (rows.length === 0) return false;
  await sql.query(
    `INSERT INTO purged_row (batch_id, chain, link, positions)
     SELECT $1, l.chain, l.link, array_agg((position(h.leaf IN l.leaves) - 1) / 32 ORDER BY h.history_id)
       FROM (SELECT h.chain, h.link, h.history_id, history_leaf(h) AS leaf
               FROM disbursement d JOIN history h ON h.disbursement_id = d.disbursement_id WHERE d.batch_id = $1 AND h.link IS NOT NULL) h
       JOIN LATERAL (SELECT * FROM audit_link l WHERE l.chain = h.chain AND l.link = h.link OFFSET 0) l ON true
      GROUP BY l.chain, l.link`,
    [batchId],
  );
  const entry = {
    ...{ disbursementId: batchId, batchId, event: PURGED, fromState: PURGED, toState: PURGED, attemptNo: 0 },
    ...{ reason: await placesDigest(sql, batchId), message: reason, cause: 'purge', scenario: null },
    ...{ scenarioVersion: null, actor },
  };
  await appendHistory(sql, [entry], DECISION_CHAIN);
  return true;
}

/** Rows about lines, and how they name them: by their ids, or by the rail ids of their attempts. */
const ABOUT_LINES = [
  'DELETE FROM history WHERE disbursement_id = ANY ($1)',
  'DELETE FROM bridge_disbursement WHERE disbursement_id = ANY ($1)',
  'DELETE FROM retry WHERE disbursement_id = ANY ($1)',
  'DELETE FROM watchdog_mark WHERE disbursement_id = ANY ($1)',
  'DELETE FROM hold WHERE disbursement_id = ANY ($1)',
  `DELETE FROM bank_file_item i USING attempt a WHERE a.disbursement_id = ANY ($1) AND i.lane = a.lane AND i.rail_id = a.rail_id`,
  'DELETE FROM attempt WHERE disbursement_id = ANY ($1)',
  'DELETE FROM disbursement WHERE disbursement_id = ANY ($1)',
];

/** @returns how many. */
async function removeLines(sql: Sql, batchId: string): Promise<number> {
  const rows = await sql.query<{ id: string }[]>(
    'SELECT disbursement_id AS id FROM disbursement WHERE batch_id = $1 ORDER BY line_no LIMIT $2',
    [batchId, LINES_AT_ONCE],
  );
  if (rows.length === 0) return 0;
  await sql.query(`SELECT set_config('gpo.purging', 'on', true)`);
  for (const statement of ABOUT_LINES) await sql.query(statement, [rows.map(({ id }) => id)]);
  return rows.length;
}

const ABOUT_BATCH = [
  'DELETE FROM refused_line WHERE batch_id = $1',
  'DELETE FROM dispatch_range WHERE batch_id = $1',
  'DELETE FROM resolve_range WHERE batch_id = $1',
  'DELETE FROM message_refusal WHERE batch_id = $1',
  'DELETE FROM callback_item WHERE batch_id = $1',
  'DELETE FROM callback_try t USING callback k WHERE k.batch_id = $1 AND t.callback_id = k.callback_id',
  'DELETE FROM callback_resend r USING callback k WHERE k.batch_id = $1 AND r.callback_id = k.callback_id',
  'DELETE FROM callback WHERE batch_id = $1',
  'DELETE FROM intake_file WHERE batch_id = $1',
  'DELETE FROM pack WHERE batch_id = $1',
];

/** @param removed lines that went now; those that went before an interruption are what is missing of the total. */
async function removeRest(sql: Sql, batchId: string, removed: number): Promise<void> {
  for (const statement of ABOUT_BATCH) await sql.query(statement, [batchId]);
  await sql.query('UPDATE batch SET purged_lines = greatest(total_count, $2) WHERE batch_id = $1', [
    batchId,
    removed,
  ]);
}
