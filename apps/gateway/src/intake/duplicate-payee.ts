import type { Sql } from '@gpo/persistence';
import type { DuplicatePayee } from '../senders/sender.js';

const SENDER_LOCK = 715_011;
const ALL_SENDERS_LOCK = 715_012;
// A line that moved no money, and never will, makes nobody a duplicate: its payee may be paid again.
const UNPAID = ['failed', 'returned', 'malformed', 'cancelled'];

/** The lines that one intake transaction stored. */
export interface StoredRange {
  senderId: string;
  batchId: string;
  firstLine: number;
  lastLine: number;
}

/**
 * Intakes whose lines are compared with each other take turns from here to the end of the transaction, so that of
 * two batches at the same instant the later one sees the lines of the earlier one. A sender without the setting
 * takes part only where another sender compares with everybody (`comparesAll`).
 */
async function takeTurns(
  sql: Sql,
  senderId: string,
  setting: DuplicatePayee | undefined,
  comparesAll: boolean,
): Promise<void> {
  if (setting?.scope === 'sender')
    await sql.query('SELECT pg_advisory_xact_lock($1, hashtext($2))', [SENDER_LOCK, senderId]);
  if (setting?.scope === 'all') await sql.query('SELECT pg_advisory_xact_lock($1)', [ALL_SENDERS_LOCK]);
  else if (comparesAll) await sql.query('SELECT pg_advisory_xact_lock_shared($1)', [ALL_SENDERS_LOCK]);
}

/**
 * Flags lines whose payee is paid by another disbursement due within the window, before or after; of two such lines
 * the one that was stored later is flagged, in one batch the one further down. It is a word for the rules: it is no
 * violation and refuses nothing by itself. Called after the lines are stored, in the same transaction.
 * @returns how many lines were flagged.
 */
export async function flagDuplicatePayees(
  sql: Sql,
  stored: StoredRange,
  setting: DuplicatePayee | undefined,
  comparesAll: boolean,
): Promise<number> {
  await takeTurns(sql, stored.senderId, setting, comparesAll);
  if (setting === undefined) return 0;
  // Only flagged rows are written again. The hash finds candidates in the index, the address itself decides.
  const [, flagged] = await sql.query<[unknown[], number]>(
    `UPDATE disbursement f SET duplicate_payee_of = found.other
       FROM (SELECT d.disbursement_id, e.disbursement_id AS other
               FROM disbursement d
               CROSS JOIN LATERAL (
                 SELECT x.disbursement_id FROM disbursement x JOIN batch b ON b.batch_id = x.batch_id
                  WHERE hashtextextended(lower(x.payee_fa), 0) = hashtextextended(lower(d.payee_fa), 0)
                    AND x.due_at BETWEEN d.due_at - $4 * interval '24 hours' AND d.due_at + $4 * interval '24 hours'
                    AND lower(x.payee_fa) = lower(d.payee_fa)
                    AND (x.batch_id <> d.batch_id OR x.line_no < d.line_no)
                    AND x.violations = '{}' AND x.state <> ALL($5) AND ($6::text IS NULL OR b.sender_id = $6)
                  ORDER BY x.due_at DESC, x.disbursement_id LIMIT 1) e
              WHERE d.batch_id = $1 AND d.line_no BETWEEN $2 AND $3 AND d.violations = '{}') found
      WHERE f.disbursement_id = found.disbursement_id`,
    [
      stored.batchId,
      stored.firstLine,
      stored.lastLine,
      setting.window_days,
      UNPAID,
      setting.scope === 'sender' ? stored.senderId : null,
    ],
  );
  return flagged;
}
