import { utcText, type Sql } from '@gpo/persistence';
import type { PagePosition } from '../status/page-position.js';

/** A disbursement that waits for an operator. */
export interface OpenHold {
  disbursement_id: string;
  batch_id: string;
  sender_id: string;
  transaction_id: string;
  reference_id: string;
  payee_fa: string;
  payee_name: string | null;
  amount: string;
  currency_code: string;
  lane: string;
  reason: string;
  duplicate_payee_of: string | null;
  /** ISO 8601 with microseconds, so that it can be the position of a page. */
  held_at: string;
}

export interface HoldFilter {
  /** Only this sender's; undefined = all. */
  senderId?: string;
  /** Position after which the page begins. */
  after?: PagePosition;
  limit: number;
}

/** What is on hold, longest waiting first, in keyset pages. */
export function readOpenHolds(sql: Sql, { senderId, after, limit }: HoldFilter): Promise<OpenHold[]> {
  return sql.query<OpenHold[]>(
    `SELECT h.disbursement_id, h.batch_id, b.sender_id, b.transaction_id, d.reference_id, d.payee_fa, d.payee_name,
            d.amount, d.currency_code, h.lane, h.reason, d.duplicate_payee_of,
            ${utcText('h.held_at')} AS held_at
       FROM hold h JOIN disbursement d USING (disbursement_id) JOIN batch b ON b.batch_id = h.batch_id
      WHERE h.ended_at IS NULL AND ($1::text IS NULL OR b.sender_id = $1)
        AND ($2::timestamptz IS NULL OR (h.held_at, h.disbursement_id) > ($2, $3::uuid))
      ORDER BY h.held_at, h.disbursement_id LIMIT $4`,
    [senderId ?? null, after?.at ?? null, after?.id ?? null, limit],
  );
}
