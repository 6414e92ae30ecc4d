import { HELD, HOLD_MARK, utcText } from '@gpo/persistence';
import type { LineFilter } from './batch.query.js';

/** A line that was cancelled keeps its mark, and waits for nobody. */
export const UNRESOLVED = `(d.unresolved AND d.state = 'received')`;

export interface Statement {
  sql: string;
  parameters: (string | number | null)[];
}

/** Collects the parameters of a statement, each under its number. */
class Parameters {
  readonly values: (string | number | null)[] = [];

  add(value: string | number): string {
    return `$${this.values.push(value)}`;
  }
}

/** Where a line stands, now or at a time: from its row, or from the last change of its history until then. */
function standingAt(asOf: string | undefined): {
  from: string;
  is: Record<'state' | 'attempt' | 'reason' | 'message' | 'at', string>;
} {
  if (asOf === undefined) {
    return {
      from: `FROM disbursement d JOIN batch b USING (batch_id) LEFT JOIN attempt a USING (disbursement_id, attempt_no)`,
      is: {
        state: 'd.state',
        attempt: 'd.attempt_no',
        reason: 'd.reason',
        message: 'd.message',
        at: 'd.updated_at',
      },
    };
  }
  return {
    from: `FROM disbursement d JOIN batch b ON b.batch_id = d.batch_id AND b.received_at <= ${asOf}
           LEFT JOIN LATERAL (SELECT to_state, reason, message, attempt_no, at FROM history h
                               WHERE h.disbursement_id = d.disbursement_id AND h.at <= ${asOf}
                               ORDER BY h.history_id DESC LIMIT 1) h ON true
           LEFT JOIN attempt a ON a.disbursement_id = d.disbursement_id
                              AND a.attempt_no = coalesce(h.attempt_no, 1) AND a.queued_at <= ${asOf}`,
    is: {
      ...{ state: `coalesce(h.to_state, 'received')`, attempt: 'coalesce(h.attempt_no, 1)' },
      ...{ reason: 'h.reason', message: 'h.message', at: 'coalesce(h.at, b.received_at)' },
    },
  };
}

/** Conditions that the filter puts on a line of `disbursement`; by indexes where they name few of many. */
function lineConditions(
  { state, reason, lane, asOf }: LineFilter,
  given: Parameters,
  is: Record<'state' | 'reason', string>,
): string {
  const conditions: string[] = [];
  const usual = state === 'received' || state === 'succeeded';
  if (state !== undefined) {
    const column = asOf === undefined && !usual ? 'd.exception_state' : is.state;
    conditions.push(`${column} = ${given.add(state)}`);
  }
  if (reason !== undefined) conditions.push(`${is.reason} = ${given.add(reason)}`);
  if (lane !== undefined) conditions.push(`a.lane = ${given.add(lane)}`);
  return conditions.map((condition) => ` AND ${condition}`).join('');
}

/** What each branch of a list of lines has in common, as SQL. */
interface Page {
  given: Parameters;
  batch: string;
  after: string;
  asOf: string | undefined;
  most: string;
}

/**
 * The lines of a batch by line number, refused ones included, as the filter wants them.
 * @param after only lines behind this one. @param limit undefined = all.
 */
export function linesOf(batchId: string, filter: LineFilter, after: number, limit?: number): Statement {
  const given = new Parameters();
  const page: Page = {
    given,
    batch: given.add(batchId),
    after: given.add(after),
    asOf: filter.asOf === undefined ? undefined : `${given.add(filter.asOf)}::timestamptz`,
    most: limit === undefined ? '' : `LIMIT ${given.add(limit)}`,
  };
  const stored = storedLines(page, filter);
  // A refused line has no lane, and is in no other state.
  const withRefused = filter.lane === undefined && (filter.state ?? 'malformed') === 'malformed';
  const sql = withRefused
    ? `SELECT l.* FROM ((${stored}) UNION ALL (${refusedLines(page, filter)})) l ORDER BY l.line_no ${page.most}`
    : stored;
  return { sql, parameters: given.values };
}

function storedLines({ given, batch, after, asOf, most }: Page, filter: LineFilter): string {
  const { from, is } = standingAt(asOf);
  const held = asOf === undefined ? `CASE WHEN ${HELD} THEN ${HOLD_MARK} END` : 'NULL::text';
  return `
    SELECT d.line_no, d.disbursement_id, d.reference_id, ${is.state} AS state, d.amount, d.currency_code, d.payer_fa, d.payee_fa,
           nullif(a.lane, '') AS lane, ${is.attempt} AS attempt, a.rail_reference, ${is.reason} AS reason, ${is.message} AS message,
           d.violations, d.duplicate_payee_of, ${held} AS held_by, ${asOf === undefined ? UNRESOLVED : 'false'} AS unresolved,
           ${utcText(is.at)} AS updated_at
      ${from}
     WHERE d.batch_id = ${batch} AND d.line_no > ${after}${lineConditions(filter, given, is)} ORDER BY d.line_no ${most}`;
}

function refusedLines({ given, batch, after, asOf, most }: Page, { reason }: LineFilter): string {
  const conditions = [
    ...(asOf === undefined ? [] : [` AND refused_at <= ${asOf}`]),
    ...(reason === undefined ? [] : [` AND errors[1] = ${given.add(reason)}`]),
  ].join('');
  return `
    SELECT line_no, NULL::uuid, reference_id, 'malformed', NULL, NULL, NULL, NULL, NULL, NULL::integer, NULL, errors[1], message,
           errors, NULL::uuid, NULL, false, ${utcText('refused_at')}
      FROM refused_line WHERE batch_id = ${batch} AND line_no > ${after}${conditions} ORDER BY line_no ${most}`;
}

/**
 * Lines and minor units of a batch per state, lane, currency and reason, counted from its rows: as they are, or as they stood then.
 * Takes time with the lines of the batch; the counts per state alone are the counters'.
 */
export function breakdownOf(batchId: string, asOf: string | undefined): Statement {
  const given = new Parameters();
  const batch = given.add(batchId);
  const time = asOf === undefined ? undefined : `${given.add(asOf)}::timestamptz`;
  const { from, is } = standingAt(time);
  const sql = `
    SELECT state, lane, currency_code, reason, sum(lines)::text AS lines, sum(minor)::text AS amount_minor FROM (
      SELECT ${is.state} AS state, nullif(a.lane, '') AS lane, d.currency_code, ${is.reason} AS reason, count(*) AS lines,
             coalesce(sum(d.amount_minor), 0) AS minor
        ${from} WHERE d.batch_id = ${batch} GROUP BY 1, 2, 3, 4
      UNION ALL
      SELECT 'malformed', NULL, '', errors[1], count(*), 0 FROM refused_line
       WHERE batch_id = ${batch}${time === undefined ? '' : ` AND refused_at <= ${time}`} GROUP BY errors[1]) counted
     GROUP BY state, lane, currency_code, reason ORDER BY state, lane NULLS FIRST, currency_code, reason NULLS FIRST`;
  return { sql, parameters: given.values };
}
