import { WAITING, lockHoldsOut, type Sql } from '@gpo/persistence';
import { STORED_LINE_COLUMNS, type StoredLine } from '../dispatch/request.message.js';
import {
  ALL_LINES,
  ALL_OUTCOMES,
  OPEN_SPAN,
  RISEN,
  spanOfLines,
  type LinePlace,
  type Span,
} from './watchdog.steps.js';

/** An open row that is due and has made no progress for too long. */
export interface StuckLine extends StoredLine {
  state: string;
  attempt_no: number;
  /** How often it was published again already without effect. */
  times: number;
  /** The state of its current attempt; null when there is none. */
  attempt_state: string | null;
  /** The lane of the stored retry, and its record. */
  retry_lane: string | null;
  retry_record: Record<string, unknown> | null;
  /** The predecessor's lane, where a retry was decided but its message is not stored. */
  before_lane: string | null;
  /** What the operator released: it goes on from there, because the rules would only hold it again. */
  released_lane: string | null;
  released_record: string | null;
}

/**
 * Rule N: open rows that nobody is working on. Rows that wait for a reason (schedule, hold, retry time, queue of a
 * stopped lane, an accepted payment) are not returned. The mark keeps a row from coming back too soon, and from being
 * taken by two gateways; its `times` begin anew when the row made progress since.
 */
export async function takeStuck(
  sql: Sql,
  stuckMs: number,
  span: Span<LinePlace> = ALL_LINES,
): Promise<StuckLine[]> {
  return sql.query<StuckLine[]>(
    `WITH stuck AS (
       SELECT ${STORED_LINE_COLUMNS}, d.state, d.attempt_no, a.state AS attempt_state,
              r.lane AS retry_lane, r.record AS retry_record, p.lane AS before_lane,
              h.lane AS released_lane, h.record AS released_record,
              greatest(d.updated_at, a.updated_at, d.released_at, b.released_at) AS progress_at
         FROM batch b
         JOIN disbursement d USING (batch_id)
         LEFT JOIN attempt a ON a.disbursement_id = d.disbursement_id AND a.attempt_no = d.attempt_no
         LEFT JOIN attempt p ON p.disbursement_id = d.disbursement_id AND p.attempt_no = d.attempt_no - 1
         LEFT JOIN retry r ON r.disbursement_id = d.disbursement_id AND r.attempt_no = d.attempt_no
         LEFT JOIN hold h ON h.disbursement_id = d.disbursement_id AND h.released_at IS NOT NULL
         LEFT JOIN watchdog_mark w ON w.disbursement_id = d.disbursement_id
        WHERE ${OPEN_SPAN}
          AND (a.state IS NOT NULL OR (NOT ${WAITING}
               AND coalesce(greatest(d.released_at, b.released_at) < now() - $1 * interval '1 millisecond', true)))
          AND d.state IN ('received', 'retrying') AND d.due_at < now() - $1 * interval '1 millisecond'
          AND d.updated_at < now() - $1 * interval '1 millisecond'
          AND (w.last_at IS NULL OR w.last_at < now() - $1 * interval '1 millisecond')
          AND (a.state IS NULL OR (a.state IN ('rejected', 'settled', 'returned', 'review', 'void')
                                   AND a.updated_at < now() - $1 * interval '1 millisecond'
                                   AND a.published_seq >= a.outcome_seq))
          AND (d.state = 'received' OR r.due_at IS NULL OR (r.due_at < now() - $1 * interval '1 millisecond'
                                                           AND r.published_at IS NOT NULL))
          AND (h.released_at IS NULL OR h.published_at IS NOT NULL)
          AND NOT EXISTS (SELECT FROM dispatch_range g WHERE g.batch_id = d.batch_id AND g.published_at IS NULL
                             AND d.line_no BETWEEN g.first_line AND g.last_line AND g.due_at = d.due_at)),
     marked AS (
       INSERT INTO watchdog_mark AS m (disbursement_id, times, last_at)
       SELECT disbursement_id, 0, now() FROM stuck ORDER BY disbursement_id
       ON CONFLICT (disbursement_id) DO UPDATE
          SET last_at = now(), times = CASE WHEN m.last_at < (SELECT s.progress_at FROM stuck s
                 WHERE s.disbursement_id = m.disbursement_id) THEN 0 ELSE m.times END
        WHERE m.last_at < now() - $1 * interval '1 millisecond'
       RETURNING disbursement_id, times)
     SELECT stuck.*, marked.times FROM stuck JOIN marked USING (disbursement_id)`,
    [stuckMs, ...spanOfLines(span)],
  );
}

/** They were published again; counted only then, so that a Kafka that is down gives nobody to the operator. */
export async function countPublished(sql: Sql, disbursementIds: readonly string[]): Promise<void> {
  await sql.query('UPDATE watchdog_mark SET times = times + 1 WHERE disbursement_id = ANY($1)', [
    disbursementIds,
  ]);
}

/** An outcome that did not come through: rule K's publisher sends it again. */
export async function publishAgain(
  sql: Sql,
  stuck: readonly { disbursement_id: string; attempt_no: number }[],
): Promise<void> {
  await sql.query(
    `UPDATE attempt a SET published_seq = a.outcome_seq - 1
       FROM unnest($1::uuid[], $2::int[]) AS u(disbursement_id, attempt_no)
      WHERE a.disbursement_id = u.disbursement_id AND a.attempt_no = u.attempt_no AND a.outcome_seq > 0`,
    [stuck.map(({ disbursement_id }) => disbursement_id), stuck.map(({ attempt_no }) => attempt_no)],
  );
}

export interface UntoldOutcome {
  disbursement_id: string;
  attempt_no: number;
  times: number;
}

/** Most outcomes of one step that are published again; of many that came at the same time the others follow in the next round. */
const UNTOLD_MAX = 5000;

/**
 * Rules J and N: attempts whose outcome the disbursement does not follow, because the record of a later change got
 * lost (a return, a settlement after a refusal). Also those of final disbursements: the sender was told otherwise.
 */
export async function takeUntold(
  sql: Sql,
  stuckMs: number,
  span: Span<string> = ALL_OUTCOMES,
): Promise<UntoldOutcome[]> {
  return sql.query<UntoldOutcome[]>(
    `WITH untold AS (
       SELECT DISTINCT ON (a.disbursement_id) a.disbursement_id, a.attempt_no, a.updated_at
         FROM attempt a
         JOIN disbursement d USING (disbursement_id)
         JOIN LATERAL (SELECT bool_or(x.state = 'settled') AS settled FROM attempt x
                        WHERE x.disbursement_id = a.disbursement_id) f ON true
        WHERE ${RISEN} AND a.updated_at > $2::timestamptz AND a.updated_at <= $3::timestamptz
          AND a.updated_at < now() - $1 * interval '1 millisecond' AND a.published_seq >= a.outcome_seq
          AND CASE WHEN f.settled THEN a.state = 'settled' AND d.state <> 'succeeded'
                   WHEN a.state = 'returned' THEN d.state <> 'returned'
                   ELSE a.state = 'rejected' AND d.state = 'review' AND d.attempt_no = a.attempt_no END
        ORDER BY a.disbursement_id, a.attempt_no
        LIMIT ${UNTOLD_MAX}),
     marked AS (
       INSERT INTO watchdog_mark AS m (disbursement_id, times, last_at)
       SELECT disbursement_id, 0, now() FROM untold
       ON CONFLICT (disbursement_id) DO UPDATE
          SET last_at = now(), times = CASE WHEN m.last_at < (SELECT u.updated_at FROM untold u
                 WHERE u.disbursement_id = m.disbursement_id) THEN 0 ELSE m.times END
        WHERE m.last_at < now() - $1 * interval '1 millisecond'
       RETURNING disbursement_id, times)
     SELECT untold.disbursement_id, untold.attempt_no, marked.times FROM untold JOIN marked USING (disbursement_id)`,
    [stuckMs, span.after, span.to],
  );
}

/**
 * Attempts that wait for a lane which no process hosts any more: nobody would ever pay or ask about them.
 * @returns how many are new; each is told once.
 */
export async function reportUnhosted(
  sql: Sql,
  stuckMs: number,
  span: Span<LinePlace> = ALL_LINES,
): Promise<number> {
  const lanes = await sql.query<{ lane: string }[]>(
    `SELECT lane FROM lane WHERE state <> 'held' AND seen_at < now() - $1 * interval '1 millisecond'`,
    [stuckMs],
  );
  if (lanes.length === 0) return 0;
  const told = await sql.query<unknown[]>(
    `INSERT INTO incident (kind, disbursement_id, attempt_no, detail)
     SELECT 'lane_unhosted', a.disbursement_id, a.attempt_no, 'No process hosts the lane ' || a.lane || '.'
       FROM batch b JOIN disbursement d USING (batch_id) JOIN attempt a USING (disbursement_id)
      WHERE ${OPEN_SPAN} AND a.lane = ANY($6) AND a.state IN ('queued', 'sending', 'accepted', 'unknown')
        AND a.updated_at < now() - $1 * interval '1 millisecond'
        AND NOT EXISTS (SELECT FROM incident i WHERE i.kind = 'lane_unhosted'
                           AND i.disbursement_id = a.disbursement_id AND i.attempt_no = a.attempt_no)
     ON CONFLICT DO NOTHING RETURNING disbursement_id`,
    [stuckMs, ...spanOfLines(span), lanes.map(({ lane }) => lane)],
  );
  return told.length;
}

/**
 * Publishing again did not help: an operator must look. Where no attempt exists, attempt 1 becomes `review`, which is an
 * outcome with three lives of its own.
 */
export async function giveToOperator(
  sql: Sql,
  stuck: readonly { disbursement_id: string; attempt_no: number }[],
): Promise<void> {
  const ids = stuck.map(({ disbursement_id }) => disbursement_id);
  await lockHoldsOut(sql);
  const given = await sql.query<{ disbursement_id: string }[]>(
    `INSERT INTO attempt (disbursement_id, attempt_no, lane, state, rail_id, reason, message, outcome_seq, resolved_at)
     SELECT u.disbursement_id, 1, '', 'review', gen_random_uuid(), 'unresolved',
            'Published again three times without effect.', 1, now()
       FROM unnest($1::uuid[]) AS u(disbursement_id)
       JOIN disbursement d USING (disbursement_id) JOIN batch b USING (batch_id)
      WHERE d.attempt_no = 1 AND d.state = 'received' AND NOT ${WAITING}
      ORDER BY u.disbursement_id
     ON CONFLICT DO NOTHING RETURNING disbursement_id`,
    [ids],
  );
  await sql.query('UPDATE watchdog_mark SET times = 0 WHERE disbursement_id = ANY($1)', [
    given.map(({ disbursement_id }) => disbursement_id),
  ]);
  await sql.query(
    `INSERT INTO incident (kind, disbursement_id, attempt_no, detail)
     SELECT 'stuck', u.*, 'Published again three times without effect.'
       FROM unnest($1::uuid[], $2::int[]) AS u(disbursement_id, attempt_no) ON CONFLICT DO NOTHING`,
    [ids, stuck.map(({ attempt_no }) => attempt_no)],
  );
}
