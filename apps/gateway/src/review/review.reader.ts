import { utcText, type Sql } from '@gpo/persistence';
import type { PagePosition } from '../status/page-position.js';

/** An attempt of which nobody knows whether it was paid, with everything an operator needs to find out. */
export interface Review {
  disbursement_id: string;
  batch_id: string;
  sender_id: string;
  transaction_id: string;
  reference_id: string;
  payer_fa: string;
  payee_fa: string;
  payee_name: string | null;
  amount: string;
  currency_code: string;
  /** State of the disbursement. */
  state: string;
  attempt: number;
  lane: string;
  rail_id: string;
  rail_reference: string | null;
  sent_at: string[];
  send_by: string | null;
  queries: number;
  reason: string | null;
  message: string | null;
  /** ISO 8601 with microseconds, so that it can be the position of a page. */
  review_at: string;
  age_seconds: number;
  not_paid_from: string | null;
  seen: string;
}

export interface ReviewFilter {
  /** Only this sender's; undefined = all. */
  senderId?: string;
  disbursementId?: string;
  /** Position after which the page begins. */
  after?: PagePosition;
  limit: number;
}

/**
 * Rule F's end: a statement made later than this shows what became of every send. NULL where the lane has not said how
 * long its rail may take; where nothing was ever sent, since the attempt exists.
 */
export const NOT_PAID_FROM = `CASE WHEN a.sends = 0 THEN a.queued_at ELSE a.send_by
  + (l.hosted ->> 'absent_is_final_after_ms')::float8 * interval '1 millisecond' END`;

/** Attempts in review, longest waiting first, in keyset pages. */
export function readReviews(
  sql: Sql,
  { senderId, disbursementId, after, limit }: ReviewFilter,
): Promise<Review[]> {
  return sql.query<Review[]>(
    `SELECT a.disbursement_id, d.batch_id, b.sender_id, b.transaction_id, d.reference_id, d.payer_fa, d.payee_fa,
            d.payee_name, d.amount, d.currency_code, d.state, a.attempt_no AS attempt, a.lane, a.rail_id,
            a.rail_reference, ARRAY(SELECT ${utcText('s')} FROM unnest(
              array_remove(ARRAY[a.first_send_at] || a.resent_at[1:a.sends - 1], NULL)) AS s) AS sent_at,
            ${utcText('a.send_by')} AS send_by, a.queries, a.reason, a.message, ${utcText('a.resolved_at')} AS review_at,
            floor(extract(epoch FROM now() - a.resolved_at))::int AS age_seconds, ${utcText(NOT_PAID_FROM)} AS not_paid_from,
            a.attempt_no || '.' || a.outcome_seq AS seen
       FROM attempt a
       JOIN disbursement d USING (disbursement_id)
       JOIN batch b USING (batch_id)
       LEFT JOIN lane l ON l.lane = a.lane
      WHERE a.state = 'review' AND ($1::text IS NULL OR b.sender_id = $1)
        AND ($2::uuid IS NULL OR a.disbursement_id = $2)
        AND ($3::timestamptz IS NULL OR (a.resolved_at, a.disbursement_id) > ($3, $4::uuid))
      ORDER BY a.resolved_at, a.disbursement_id LIMIT $5`,
    [senderId ?? null, disbursementId ?? null, after?.at ?? null, after?.id ?? null, limit],
  );
}

/** How many attempts wait for an operator, and how long the oldest has waited, in seconds. */
export async function countReviews(sql: Sql): Promise<{ waiting: number; oldestSeconds: number }> {
  const [row] = await sql.query<{ waiting: number; oldest: number }[]>(
    `SELECT count(*)::int AS waiting, coalesce(extract(epoch FROM now() - min(resolved_at)), 0)::float8 AS oldest
       FROM attempt WHERE state = 'review'`,
  );
  return { waiting: row!.waiting, oldestSeconds: row!.oldest };
}
