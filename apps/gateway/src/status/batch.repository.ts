import { currencyExponent, formatAmount } from '@gpo/g2p-connect-schemas';
import type { PagePosition } from './page-position.js';
import { HELD, HOLD_MARK, type Sql } from '@gpo/persistence';
import { STATES } from '../outcome/states.js';

interface BatchRow {
  batch_id: string;
  sender_id: string;
  transaction_id: string;
  correlation_id: string;
  channel: string;
  received_at: Date;
  position: string;
  completed_at: Date | null;
  hold_mark: string | null;
  total_count: number;
  version: number;
  counters: { state: string; currency_code: string; lines: string; amount_minor: string }[];
  retried: string;
  unresolved: string;
  delivered: string;
  pending: string;
  failed: string;
  waiting: string;
  files: { stored_at: string; ended_at: string | null }[];
}

export interface BatchFilter {
  /** Only this sender's batches; undefined = all (auditor). */
  senderId?: string;
  batchId?: string;
  transactionId?: string;
  /** Position after which the page begins. */
  after?: PagePosition;
  limit: number;
}

/** A cancelled line keeps its mark, and waits for nobody. */
const UNRESOLVED = `(d.unresolved AND d.state = 'received')`;

const BATCHES = `
  SELECT b.batch_id, b.sender_id, b.transaction_id, b.correlation_id, b.channel, b.received_at, b.completed_at,
         b.total_count, b.version, b.hold_mark,
         to_char(b.received_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') AS position,
         (SELECT coalesce(jsonb_agg(jsonb_build_object('state', c.state, 'currency_code', c.currency_code,
                   'lines', c.lines::text, 'amount_minor', c.amount_minor::text)), '[]')
            FROM (SELECT state, currency_code, sum(lines) AS lines, sum(amount_minor) AS amount_minor
                    FROM batch_counter WHERE batch_id = b.batch_id GROUP BY state, currency_code) c
           WHERE c.lines <> 0) AS counters,
         (SELECT count(*) FROM disbursement d WHERE d.batch_id = b.batch_id AND d.attempt_no > 1) AS retried,
         (SELECT count(*) FROM disbursement d
           WHERE d.batch_id = b.batch_id AND ${UNRESOLVED}) AS unresolved,
         (SELECT count(*) FROM callback c WHERE c.batch_id = b.batch_id AND c.delivered_at IS NOT NULL) AS delivered,
         (SELECT count(*) FROM callback c WHERE c.batch_id = b.batch_id AND c.failed_at IS NOT NULL) AS failed,
         (SELECT count(*) FROM callback c
           WHERE c.batch_id = b.batch_id AND c.delivered_at IS NULL AND c.failed_at IS NULL) AS pending,
         (SELECT count(*) FROM callback_item i WHERE i.batch_id = b.batch_id AND i.callback_id IS NULL) AS waiting,
         (SELECT coalesce(jsonb_agg(jsonb_build_object('file_id', f.file_id, 'format', f.format, 'state', f.state,
                   'rows', f.rows, 'rows_loaded', f.rows_loaded, 'refusal', f.refusal, 'stored_at', f.stored_at,
                   'ended_at', f.ended_at) ORDER BY f.stored_at), '[]')
            FROM intake_file f WHERE f.batch_id = b.batch_id) AS files
    FROM batch b`;

/** A batch, and its place in the order: received_at to the microsecond. */
export interface FoundBatch {
  position: string;
  batch: Record<string, unknown>;
}

/** Batches, newest first, in keyset pages. Counts and amounts come from the counters, never from a recount. */
export async function readBatches(sql: Sql, filter: BatchFilter): Promise<FoundBatch[]> {
  const rows = await sql.query<BatchRow[]>(
    `${BATCHES}
      WHERE ($1::text IS NULL OR b.sender_id = $1) AND ($2::uuid IS NULL OR b.batch_id = $2)
        AND ($3::text IS NULL OR b.transaction_id = $3)
        AND ($4::timestamptz IS NULL OR (b.received_at, b.batch_id) < ($4, $5::uuid))
      ORDER BY b.received_at DESC, b.batch_id DESC LIMIT $6`,
    [
      filter.senderId ?? null,
      filter.batchId ?? null,
      filter.transactionId ?? null,
      filter.after?.at ?? null,
      filter.after?.id ?? null,
      filter.limit,
    ],
  );
  return rows.map((row) => ({ position: row.position, batch: toBatch(row) }));
}

function toBatch(row: BatchRow): Record<string, unknown> {
  const states = Object.fromEntries(STATES.map((state) => [state, stateOf(row, state)]));
  return {
    batch_id: row.batch_id,
    sender_id: row.sender_id,
    transaction_id: row.transaction_id,
    correlation_id: row.correlation_id,
    channel: row.channel,
    received_at: row.received_at.toISOString(),
    completed_at: row.completed_at?.toISOString() ?? null,
    total_count: row.total_count,
    held_by: row.hold_mark,
    retried: Number(row.retried),
    unresolved: Number(row.unresolved),
    states,
    callbacks: {
      delivered: Number(row.delivered),
      pending: Number(row.pending),
      failed: Number(row.failed),
      lines_waiting: Number(row.waiting),
    },
    files: row.files.map((file) => ({
      ...file,
      stored_at: new Date(file.stored_at).toISOString(),
      ended_at: file.ended_at === null ? null : new Date(file.ended_at).toISOString(),
    })),
    version: row.version,
  };
}

function stateOf(
  { counters }: BatchRow,
  state: string,
): { count: number; amounts: Record<string, string>[] } {
  const mine = counters.filter((counter) => counter.state === state);
  return {
    count: mine.reduce((sum, { lines }) => sum + Number(lines), 0),
    amounts: mine
      .filter(({ currency_code }) => currencyExponent(currency_code) !== undefined)
      .map(({ currency_code, amount_minor }) => ({
        currency_code,
        amount: formatAmount(BigInt(amount_minor), currencyExponent(currency_code)!),
        amount_minor,
      })),
  };
}

/** A page of a batch's lines, refused ones included, by line number. */
export function readLinesPage(
  sql: Sql,
  batchId: string,
  afterLine: number,
  limit: number,
): Promise<Record<string, unknown>[]> {
  return sql.query<Record<string, unknown>[]>(
    `SELECT l.* FROM (
       (SELECT d.line_no, d.disbursement_id, d.reference_id, d.state, d.amount, d.currency_code, d.payer_fa, d.payee_fa,
               nullif(a.lane, '') AS lane, d.attempt_no AS attempt, d.reason, d.message, d.violations, d.duplicate_payee_of,
               CASE WHEN ${HELD} THEN ${HOLD_MARK} END AS held_by, ${UNRESOLVED} AS unresolved, d.updated_at
          FROM disbursement d JOIN batch b USING (batch_id) LEFT JOIN attempt a USING (disbursement_id, attempt_no)
         WHERE d.batch_id = $1 AND d.line_no > $2 ORDER BY d.line_no LIMIT $3)
       UNION ALL
       (SELECT line_no, NULL, reference_id, 'malformed', NULL, NULL, NULL, NULL, NULL, NULL, errors[1], message, errors,
               NULL, NULL, false, refused_at
          FROM refused_line WHERE batch_id = $1 AND line_no > $2 ORDER BY line_no LIMIT $3)) l
      ORDER BY l.line_no LIMIT $3`,
    [batchId, afterLine, limit],
  );
}

/** One disbursement with its attempts and every state change; undefined where the caller may not see it. */
export async function readDisbursement(
  sql: Sql,
  disbursementId: string,
  senderId: string | undefined,
): Promise<Record<string, unknown> | undefined> {
  const [disbursement] = await sql.query<Record<string, unknown>[]>(
    `SELECT d.disbursement_id, d.batch_id, b.sender_id, b.transaction_id, d.line_no, d.reference_id, d.state, d.amount,
            d.currency_code, d.payer_fa, d.payee_fa, d.payee_name, d.attempt_no AS attempt, d.reason, d.message,
            d.violations, d.duplicate_payee_of, CASE WHEN ${HELD} THEN ${HOLD_MARK} END AS held_by,
            ${UNRESOLVED} AS unresolved,
            CASE WHEN d.resolved_at IS NOT NULL
                 THEN d.payee_scheme || ':' || d.payee_id || '@' || d.payee_provider END AS resolved_to,
            d.due_at, d.updated_at, b.received_at
       FROM disbursement d JOIN batch b USING (batch_id)
      WHERE d.disbursement_id = $1 AND ($2::text IS NULL OR b.sender_id = $2)`,
    [disbursementId, senderId ?? null],
  );
  if (disbursement === undefined) return undefined;
  const [attempts, history, decisions, [hold]] = await Promise.all([
    sql.query(
      `SELECT attempt_no AS attempt, lane, state, rail_id, rail_reference, sends, queries, reason, retryable, message,
              queued_at, first_send_at, resolved_at, scenario, scenario_version
         FROM attempt WHERE disbursement_id = $1 ORDER BY attempt_no`,
      [disbursementId],
    ),
    sql.query(
      `SELECT event, from_state, to_state, attempt_no AS attempt, reason, message, cause, actor, at, scenario,
              scenario_version
         FROM history WHERE disbursement_id = $1 ORDER BY history_id`,
      [disbursementId],
    ),
    sql.query(
      `SELECT action, actor, reason, at FROM batch_decision
        WHERE batch_id = $2 AND (disbursement_ids IS NULL OR $1 = ANY(disbursement_ids)) ORDER BY decision_id`,
      [disbursementId, disbursement.batch_id],
    ),
    sql.query<Record<string, unknown>[]>(
      `SELECT lane, reason, held_at, ended_at, released_at, published_at FROM hold WHERE disbursement_id = $1`,
      [disbursementId],
    ),
  ]);
  return { ...disbursement, attempts, history, decisions, hold: hold ?? null };
}
