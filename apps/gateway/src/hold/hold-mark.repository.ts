import { HELD, HOLD_MARK, type Sql } from '@gpo/persistence';
import type { State } from '../outcome/states.js';

/** Who may hold and release: what an operator holds, the sender cannot release. */
export type HolderKind = 'sender' | 'operator';

/** A batch as the decisions about it need it. */
export interface MarkedBatch {
  batch_id: string;
  sender_id: string;
  transaction_id: string;
  hold_mark: HolderKind | null;
  total_count: number;
}

const BATCH =
  'SELECT batch_id, sender_id, transaction_id, hold_mark, total_count FROM batch WHERE batch_id = $1';

/** @param senderId only where it is this sender's; undefined = whoever's. */
export async function findBatch(
  sql: Sql,
  batchId: string,
  senderId: string | undefined,
): Promise<MarkedBatch | undefined> {
  const [batch] = await sql.query<MarkedBatch[]>(`${BATCH} AND ($2::text IS NULL OR sender_id = $2)`, [
    batchId,
    senderId ?? null,
  ]);
  return batch;
}

/** Two decisions about marks of one batch never run at once. Held for one short transaction. */
export async function lockBatch(sql: Sql, batchId: string): Promise<MarkedBatch> {
  const [batch] = await sql.query<MarkedBatch[]>(`${BATCH} FOR UPDATE`, [batchId]);
  return batch!;
}

/** A line, whether a lane claimed it, and who holds it. */
export interface LineStand {
  disbursement_id: string;
  line_no: number;
  reference_id: string;
  state: State;
  mark: HolderKind | 'released' | null;
  /** State of attempt 1: once it exists, only rule C can still stop the line. */
  attempt_state: string | null;
}

const STANDS = `SELECT d.disbursement_id, d.line_no, d.reference_id, d.state, ${HOLD_MARK} AS mark, a.state AS attempt_state
    FROM disbursement d JOIN batch b USING (batch_id)
    LEFT JOIN attempt a ON a.disbursement_id = d.disbursement_id AND a.attempt_no = 1`;

/** These lines of the batch; ids that are not of it are left out. */
export function standsOf(sql: Sql, batchId: string, ids: readonly string[]): Promise<LineStand[]> {
  return sql.query<LineStand[]>(
    `${STANDS} WHERE d.batch_id = $1 AND d.disbursement_id = ANY($2) ORDER BY d.line_no`,
    [batchId, ids],
  );
}

/** The next lines of the batch, by line number. */
export function standsAfter(
  sql: Sql,
  batchId: string,
  afterLine: number,
  limit: number,
): Promise<LineStand[]> {
  return sql.query<LineStand[]>(
    `${STANDS} WHERE d.batch_id = $1 AND d.line_no > $2 ORDER BY d.line_no LIMIT $3`,
    [batchId, afterLine, limit],
  );
}

/** No lane claimed it and nothing decided it: it can still be held. */
const UNCLAIMED = `d.state IN ('received', 'on_hold') AND a.disbursement_id IS NULL`;

/** The same as SQL's UNCLAIMED. */
export function isUnclaimed({ state, attempt_state }: LineStand): boolean {
  return (state === 'received' || state === 'on_hold') && attempt_state === null;
}

export function isHeld({ mark }: LineStand): boolean {
  return mark === 'sender' || mark === 'operator';
}

export interface BatchCounts {
  /** Unclaimed and held. */
  held: number;
  /** Of those, the ones that an operator holds. */
  byOperator: number;
  /** Unclaimed and held by nobody. */
  free: number;
  /** Claimed by a lane, or final. */
  tooLate: number;
}

/** Where all lines of the batch stand; of `marked` only those with a mark of their own, which an index finds. */
export async function countStands(sql: Sql, batchId: string, which: 'all' | 'marked'): Promise<BatchCounts> {
  const [row] = await sql.query<Record<'held' | 'by_operator' | 'free' | 'too_late', string>[]>(
    `SELECT count(*) FILTER (WHERE ${UNCLAIMED} AND ${HELD}) AS held,
            count(*) FILTER (WHERE ${UNCLAIMED} AND ${HOLD_MARK} = 'operator') AS by_operator,
            count(*) FILTER (WHERE ${UNCLAIMED} AND NOT ${HELD}) AS free,
            count(*) FILTER (WHERE NOT (${UNCLAIMED})) AS too_late
       FROM disbursement d JOIN batch b USING (batch_id)
       LEFT JOIN attempt a ON a.disbursement_id = d.disbursement_id AND a.attempt_no = 1
      WHERE d.batch_id = $1 ${which === 'all' ? '' : 'AND d.hold_mark IS NOT NULL'}`,
    [batchId],
  );
  return {
    held: Number(row!.held),
    byOperator: Number(row!.by_operator),
    free: Number(row!.free),
    tooLate: Number(row!.too_late),
  };
}

/** Lines that a decision came too late for, by line number. */
export function tooLateLines(sql: Sql, batchId: string, limit: number): Promise<LineStand[]> {
  return sql.query<LineStand[]>(
    `${STANDS} WHERE d.batch_id = $1 AND NOT (${UNCLAIMED}) ORDER BY d.line_no LIMIT $2`,
    [batchId, limit],
  );
}

/** Holds the whole batch at once, also lines that arrive later. @param cancelling only for the length of a cancel. */
export async function markBatch(
  sql: Sql,
  batchId: string,
  mark: HolderKind,
  cancelling: boolean,
): Promise<void> {
  await sql.query('UPDATE batch SET hold_mark = $2, cancelling = $3 WHERE batch_id = $1', [
    batchId,
    mark,
    cancelling,
  ]);
}

/** @param onlyCancelling end only the hold that a cancel made for itself. */
export async function unmarkBatch(sql: Sql, batchId: string, onlyCancelling: boolean): Promise<void> {
  await sql.query(
    `UPDATE batch SET hold_mark = NULL, cancelling = false, released_at = now()
      WHERE batch_id = $1 AND hold_mark IS NOT NULL AND (cancelling OR NOT $2)`,
    [batchId, onlyCancelling],
  );
}

export async function markLines(
  sql: Sql,
  ids: readonly string[],
  mark: HolderKind | 'released' | null,
): Promise<void> {
  await sql.query(
    `UPDATE disbursement d SET hold_mark = $2,
            released_at = CASE WHEN $2 IN ('sender', 'operator') THEN d.released_at ELSE now() END
       FROM (SELECT disbursement_id FROM disbursement WHERE disbursement_id = ANY($1)
              ORDER BY disbursement_id FOR UPDATE) u
      WHERE d.disbursement_id = u.disbursement_id`,
    [ids, mark],
  );
}

/** Lines with one of these marks of their own, by line number. */
export function linesMarked(
  sql: Sql,
  batchId: string,
  marks: readonly string[],
  limit: number,
): Promise<{ disbursement_id: string; hold_mark: string }[]> {
  return sql.query<{ disbursement_id: string; hold_mark: string }[]>(
    `SELECT disbursement_id, hold_mark FROM disbursement
      WHERE batch_id = $1 AND hold_mark IS NOT NULL AND hold_mark = ANY($2) ORDER BY line_no LIMIT $3`,
    [batchId, marks, limit],
  );
}

/** What was decided by whom, and why; kept for ever. */
export async function writeDecision(
  sql: Sql,
  decision: { batchId: string; action: string; ids: readonly string[] | null; actor: string; reason: string },
): Promise<void> {
  await sql.query(
    'INSERT INTO batch_decision (batch_id, action, disbursement_ids, actor, reason) VALUES ($1, $2, $3, $4, $5)',
    [decision.batchId, decision.action, decision.ids, decision.actor, decision.reason],
  );
}

/** Every decision about the batch, the first one first; `lines` null = the whole batch. */
export function readDecisions(sql: Sql, batchId: string): Promise<Record<string, unknown>[]> {
  return sql.query<Record<string, unknown>[]>(
    `SELECT action, actor, reason, cardinality(disbursement_ids) AS lines, at
       FROM batch_decision WHERE batch_id = $1 ORDER BY decision_id`,
    [batchId],
  );
}
