import { appendHistory, DECIDED, DECISION_CHAIN } from '@gpo/audit';
import { stopOtherAttempts, type Sql } from '@gpo/persistence';
import { STORED_LINE_COLUMNS, type StoredLine } from '../dispatch/request.message.js';
import { NOT_PAID_FROM } from './review.reader.js';

/** How the message of an attempt begins that an operator ended; the operator's own words follow. */
export const OPERATOR_DECIDED = 'An operator decided: ';

/** How an operator can end an attempt in review (rule L). */
export const REVIEW_DECISIONS = ['paid', 'returned', 'not-paid', 'pay-again'] as const;
export type ReviewDecision = (typeof REVIEW_DECISIONS)[number];

/** What becomes of the attempt. */
const FATES: Readonly<
  Record<ReviewDecision, { state: string; retryable: boolean | null; reason: string | null }>
> = {
  paid: { state: 'settled', retryable: null, reason: null },
  returned: { state: 'returned', retryable: null, reason: 'reversed' },
  'not-paid': { state: 'rejected', retryable: false, reason: 'unresolved' },
  'pay-again': { state: 'rejected', retryable: true, reason: 'unresolved' },
};

/** One decision of one operator, as it was made. */
export interface ReviewVerdict {
  disbursementId: string;
  /** The attempt and the version of it that the operator saw. */
  attemptNo: number;
  outcomeSeq: number;
  decision: ReviewDecision;
  operatorId: string;
  reason: string;
  /** Where the rail's statement or answer can be found again. */
  statement: string;
  /** The time up to which it tells everything; needed where it shows that nothing was paid. */
  statementAt: string | null;
  railReference: string | null;
}

/**
 * Rule L: the attempt changes only where it is in review as the operator saw it, and becomes rejected only by a
 * statement made after rule F's window over every send. The disbursement is not touched: it follows by g2p.response.
 * A settled one is looked at at once, which begins the rail's schedule of looks for a return.
 * @returns false where it changed nothing.
 */
export async function endReview(sql: Sql, verdict: ReviewVerdict): Promise<boolean> {
  const { state, retryable, reason } = FATES[verdict.decision];
  const [ended] = await sql.query<[{ disbursement_id: string; attempt_no: number }[], number]>(
    `UPDATE attempt a SET state = $4, retryable = $5, definite = true, reason = $6, message = $7,
            rail_reference = coalesce($8, a.rail_reference), outcome_seq = a.outcome_seq + 1, resolved_at = now(),
            updated_at = now(), not_before = NULL, next_at = CASE WHEN $4 = 'settled' AND a.sends > 0 THEN now() END
      WHERE a.disbursement_id = $1 AND a.attempt_no = $2 AND a.state = 'review' AND a.outcome_seq = $3
        AND ($4 <> 'rejected' OR $9::timestamptz BETWEEN
              (SELECT ${NOT_PAID_FROM} FROM (SELECT) one LEFT JOIN lane l ON l.lane = a.lane) AND now())
      RETURNING a.disbursement_id, a.attempt_no`,
    [
      ...[verdict.disbursementId, verdict.attemptNo, verdict.outcomeSeq, state, retryable, reason],
      ...[`${OPERATOR_DECIDED}${verdict.reason}`, verdict.railReference, verdict.statementAt],
    ],
  );
  if (ended.length === 0) return false;
  if (state !== 'rejected') await stopOtherAttempts(sql, [{ ...ended[0]!, state }]);
  await writeDecision(sql, verdict);
  return true;
}

/** Who decided what, and why; the change of state that follows has a row of its own. */
async function writeDecision(sql: Sql, verdict: ReviewVerdict): Promise<void> {
  const { statement, statementAt, reason } = verdict;
  const basis = statementAt === null ? statement : `${statement}, as of ${statementAt}`;
  const [line] = await sql.query<{ batch_id: string; state: string }[]>(
    'SELECT batch_id, state FROM disbursement WHERE disbursement_id = $1',
    [verdict.disbursementId],
  );
  const entry = {
    disbursementId: verdict.disbursementId,
    batchId: line!.batch_id,
    event: DECIDED,
    fromState: line!.state,
    toState: line!.state,
    attemptNo: verdict.attemptNo,
    reason: verdict.decision,
    message: `${reason} (${basis})`,
    cause: 'operator',
    scenario: null,
    scenarioVersion: null,
    actor: verdict.operatorId,
  };
  await appendHistory(sql, [entry], DECISION_CHAIN);
}

/** An attempt as a refused decision finds it. */
export interface ReviewStand {
  state: string;
  lane: string;
  seen: string;
  not_paid_from: Date | null;
}

/** The attempt as it is now; undefined where there is none. */
export async function readStand(
  sql: Sql,
  disbursementId: string,
  attemptNo: number,
): Promise<ReviewStand | undefined> {
  const [stand] = await sql.query<ReviewStand[]>(
    `SELECT a.state, a.lane, a.attempt_no || '.' || a.outcome_seq AS seen, ${NOT_PAID_FROM} AS not_paid_from
       FROM attempt a LEFT JOIN lane l ON l.lane = a.lane WHERE a.disbursement_id = $1 AND a.attempt_no = $2`,
    [disbursementId, attemptNo],
  );
  return stand;
}

/** The stored line, from which a new attempt is made; locked, so that its state stays until the transaction ends. */
export async function lockLine(sql: Sql, disbursementId: string): Promise<StoredLine | undefined> {
  const [line] = await sql.query<StoredLine[]>(
    `SELECT ${STORED_LINE_COLUMNS} FROM disbursement d JOIN batch b USING (batch_id)
      WHERE d.disbursement_id = $1 FOR UPDATE OF d`,
    [disbursementId],
  );
  return line;
}

/** Whether some process has hosted a lane of this name. */
export async function laneExists(sql: Sql, lane: string): Promise<boolean> {
  const rows = await sql.query<unknown[]>('SELECT lane FROM lane WHERE lane = $1', [lane]);
  return rows.length > 0;
}
