import { DECIDED } from '@gpo/audit';
import { HELD, HOLD_MARK, utcText } from '@gpo/persistence';
import { OPERATOR_DECIDED } from '../review/review.repository.js';
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

type Standing = Record<
  'state' | 'attempt' | 'reason' | 'message' | 'at' | 'lane' | 'railReference',
  string
> & {
  onLane: (lane: string) => string;
};

/** Whether the row keeps lane and reference of the attempt that ended it. */
const KEPT = 'd.ended_lane IS NOT NULL';

/** The attempt is asked only where the row does not keep what is wanted of it: its number is compared with NULL otherwise, and nothing is read. */
function attemptOf(kept: string, attemptNo: string, condition = 'true'): string {
  // OFFSET 0 keeps the subquery, and the number a key of the index, whatever it is made of.
  return `LEFT JOIN LATERAL (SELECT lane, rail_reference FROM attempt a WHERE a.disbursement_id = d.disbursement_id
                                AND a.attempt_no = CASE WHEN ${kept} THEN NULL ELSE ${attemptNo} END AND ${condition} OFFSET 0) a ON true`;
}

function fromAttempt(kept: string): Pick<Standing, 'lane' | 'railReference' | 'onLane'> {
  return {
    lane: `nullif(CASE WHEN ${kept} THEN d.ended_lane ELSE a.lane END, '')`,
    railReference: `CASE WHEN ${kept} THEN d.ended_rail_reference ELSE a.rail_reference END`,
    // As the planner sees it, half of the lines may be on it: it goes on line by line until the page is full.
    onLane: (lane) => `CASE WHEN ${kept} THEN d.ended_lane = ${lane} ELSE a.lane = ${lane} END`,
  };
}

/** Where a line stands, by its row. */
const STANDING_NOW: { from: string; is: Standing } = {
  from: `FROM disbursement d JOIN batch b USING (batch_id) ${attemptOf(KEPT, 'd.attempt_no')}`,
  is: {
    ...{ state: 'd.state', attempt: 'd.attempt_no', reason: 'd.reason', message: 'd.message' },
    ...{ at: 'd.updated_at', ...fromAttempt(KEPT) },
  },
};

/** What the row said after a change whose history row keeps an operator's own words. */
const MESSAGE_THEN = `CASE WHEN h.actor IS NULL OR h.event = 'cancel' THEN h.message
                           WHEN h.event = 'retry' THEN '${OPERATOR_DECIDED}' || h.message END`;

/**
 * Where a line stood at a time: by its row where that did not change since, or by the last change of its history until then. A row in
 * `received` is touched by more than changes, so its history is asked.
 */
function standingAt(asOf: string): { from: string; is: Standing } {
  const unchanged = `(d.updated_at <= ${asOf} AND d.state <> 'received')`;
  const either = (row: string, history: string): string =>
    `CASE WHEN ${unchanged} THEN ${row} ELSE ${history} END`;
  const kept = `${KEPT} AND ${unchanged}`;
  const attempt = either('d.attempt_no', 'coalesce(h.attempt_no, 1)');
  return {
    from: `FROM disbursement d JOIN batch b ON b.batch_id = d.batch_id AND b.received_at <= ${asOf}
           LEFT JOIN LATERAL (SELECT to_state, reason, message, attempt_no, at, event, actor FROM history h
                               WHERE NOT ${unchanged} AND h.disbursement_id = d.disbursement_id AND h.at <= ${asOf}
                                 AND h.event <> '${DECIDED}'
                               ORDER BY h.history_id DESC LIMIT 1) h ON true
           ${attemptOf(kept, attempt, `a.queued_at <= ${asOf}`)}`,
    is: {
      ...{ state: either('d.state', `coalesce(h.to_state, 'received')`), attempt },
      ...{ reason: either('d.reason', 'h.reason'), message: either('d.message', MESSAGE_THEN) },
      ...{ at: either('d.updated_at', 'coalesce(h.at, b.received_at)'), ...fromAttempt(kept) },
    },
  };
}

/** Conditions that the filter puts on a line of `disbursement`; by indexes where they name few of many. */
function lineConditions(
  { senderId, state, reason, lane, asOf }: LineFilter,
  given: Parameters,
  is: Standing,
): string {
  const conditions = senderId === undefined ? [] : [`b.sender_id = ${given.add(senderId)}`];
  const usual = state === 'received' || state === 'succeeded';
  if (state !== undefined) {
    const column = asOf === undefined && !usual ? 'd.exception_state' : is.state;
    conditions.push(`${column} = ${given.add(state)}`);
  }
  if (reason !== undefined) conditions.push(`${is.reason} = ${given.add(reason)}`);
  if (lane !== undefined) conditions.push(is.onLane(given.add(lane)));
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
  const { from, is } = asOf === undefined ? STANDING_NOW : standingAt(asOf);
  const held = asOf === undefined ? `CASE WHEN ${HELD} THEN ${HOLD_MARK} END` : 'NULL::text';
  return `
    SELECT d.line_no, d.disbursement_id, d.reference_id, ${is.state} AS state, d.amount, d.currency_code, d.payer_fa, d.payee_fa,
           ${is.lane} AS lane, ${is.attempt} AS attempt, ${is.railReference} AS rail_reference, ${is.reason} AS reason, ${is.message} AS message,
           d.violations, d.duplicate_payee_of, ${held} AS held_by, ${asOf === undefined ? UNRESOLVED : 'false'} AS unresolved,
           ${utcText(is.at)} AS updated_at
      ${from}
     WHERE d.batch_id = ${batch} AND d.line_no > ${after}${lineConditions(filter, given, is)} ORDER BY d.line_no ${most}`;
}

function refusedLines({ given, batch, after, asOf, most }: Page, { senderId, reason }: LineFilter): string {
  const conditions = [
    ...(senderId === undefined
      ? []
      : [
          ` AND EXISTS (SELECT FROM batch b WHERE b.batch_id = ${batch} AND b.sender_id = ${given.add(senderId)})`,
        ]),
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
  const { from, is } = time === undefined ? STANDING_NOW : standingAt(time);
  const sql = `
    SELECT state, lane, currency_code, reason, sum(lines)::text AS lines, sum(minor)::text AS amount_minor FROM (
      SELECT ${is.state} AS state, ${is.lane} AS lane, d.currency_code, ${is.reason} AS reason, count(*) AS lines,
             coalesce(sum(d.amount_minor), 0) AS minor
        ${from} WHERE d.batch_id = ${batch} GROUP BY 1, 2, 3, 4
      UNION ALL
      SELECT 'malformed', NULL, '', errors[1], count(*), 0 FROM refused_line
       WHERE batch_id = ${batch}${time === undefined ? '' : ` AND refused_at <= ${time}`} GROUP BY errors[1]) counted
     GROUP BY state, lane, currency_code, reason ORDER BY state, lane NULLS FIRST, currency_code, reason NULLS FIRST`;
  return { sql, parameters: given.values };
}
