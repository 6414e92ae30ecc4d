import type { Sql } from '@gpo/persistence';
import type { LineStanding } from './line-status.js';

export interface StatusLine extends LineStanding {
  transaction_id: string;
}

const LINE_COLUMNS = `b.transaction_id, d.reference_id, d.state, d.reason, d.message, d.violations, d.updated_at, d.amount,
  d.currency_code, CASE WHEN d.payer_absent THEN '' ELSE d.payer_fa END AS payer_fa, d.payer_name, d.payee_fa, d.payee_name, d.locale`;
const REFUSED_COLUMNS = `b.transaction_id, r.reference_id, 'malformed' AS state, r.errors[1] AS reason, r.message,
  r.errors AS violations, r.refused_at AS updated_at, NULL AS amount, NULL AS currency_code, NULL AS payer_fa,
  NULL AS payer_name, NULL AS payee_fa, NULL AS payee_name, NULL AS locale`;

/** The sender's lines with these references, in any of its batches (D14). */
export function linesByReference(
  sql: Sql,
  senderId: string,
  references: readonly string[],
): Promise<StatusLine[]> {
  return sql.query<StatusLine[]>(
    `SELECT ${LINE_COLUMNS} FROM disbursement d JOIN batch b USING (batch_id)
      WHERE d.reference_id = ANY($2) AND b.sender_id = $1 ORDER BY d.batch_id, d.line_no`,
    [senderId, references],
  );
}

/** All lines of one batch of the sender, refused ones included. */
export function linesOfBatch(
  sql: Sql,
  senderId: string,
  by: 'transaction_id' | 'correlation_id',
  value: string,
): Promise<StatusLine[]> {
  const condition = by === 'transaction_id' ? 'b.transaction_id = $2' : 'b.correlation_id::text = $2';
  return sql.query<StatusLine[]>(
    `SELECT l.* FROM (
       SELECT d.line_no, ${LINE_COLUMNS} FROM disbursement d JOIN batch b USING (batch_id)
        WHERE b.sender_id = $1 AND ${condition}
       UNION ALL
       SELECT r.line_no, ${REFUSED_COLUMNS} FROM refused_line r JOIN batch b USING (batch_id)
        WHERE b.sender_id = $1 AND ${condition}) l
      ORDER BY l.line_no`,
    [senderId, value],
  );
}

// The hash is what the index disbursement_payee holds. A payer has no index: its newest batches fill the limit at once.
const ADDRESS_CONDITION = {
  payee_fa: `hashtextextended(lower(d.payee_fa), 0) = hashtextextended(lower($2), 0) AND lower(d.payee_fa) = lower($2)`,
  payer_fa: 'lower(d.payer_fa) = lower($2)',
} as const;

/** The sender's newest lines that pay to this address, or from it; compared without regard to case (D2). */
export function linesByAddress(
  sql: Sql,
  senderId: string,
  by: 'payee_fa' | 'payer_fa',
  address: string,
  limit: number,
): Promise<StatusLine[]> {
  return sql.query<StatusLine[]>(
    `SELECT ${LINE_COLUMNS} FROM disbursement d JOIN batch b USING (batch_id)
      WHERE ${ADDRESS_CONDITION[by]} AND b.sender_id = $1
      ORDER BY b.received_at DESC, d.batch_id, d.line_no LIMIT $3`,
    [senderId, address, limit],
  );
}
