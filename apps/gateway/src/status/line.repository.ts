import { currencyExponent, formatAmount } from '@gpo/g2p-connect-schemas';
import { HELD, HOLD_MARK, type Sql } from '@gpo/persistence';
import type { LineFilter } from './batch.query.js';
import { breakdownOf, linesOf, UNRESOLVED } from './line.query.js';

/** A page of a batch's lines, refused ones included, by line number. */
export function readLinesPage(
  sql: Sql,
  batchId: string,
  filter: LineFilter,
  afterLine: number,
  limit: number,
): Promise<Record<string, unknown>[]> {
  const statement = linesOf(batchId, filter, afterLine, limit);
  return sql.query<Record<string, unknown>[]>(statement.sql, statement.parameters);
}

/** Lines of a batch that have state, lane, currency and reason in common. */
export interface BreakdownRow {
  state: string;
  lane: string | null;
  currency_code: string | null;
  reason: string | null;
  count: number;
  amount: string | null;
  amount_minor: string | null;
}

/** See breakdownOf. */
export async function readBreakdown(
  sql: Sql,
  batchId: string,
  asOf: string | undefined,
): Promise<BreakdownRow[]> {
  const statement = breakdownOf(batchId, asOf);
  const rows = await sql.query<
    (Pick<BreakdownRow, 'state' | 'lane' | 'reason'> & {
      currency_code: string;
      lines: string;
      amount_minor: string;
    })[]
  >(statement.sql, statement.parameters);
  return rows.map(({ state, lane, currency_code, reason, lines, amount_minor }) => {
    // A line whose amount or currency cannot be read is counted, and adds nothing.
    const exponent = currencyExponent(currency_code);
    const amount = exponent === undefined ? null : formatAmount(BigInt(amount_minor), exponent);
    return {
      ...{
        state,
        lane,
        currency_code: currency_code === '' ? null : currency_code,
        reason,
        count: Number(lines),
        amount,
      },
      amount_minor: exponent === undefined ? null : amount_minor,
    };
  });
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
