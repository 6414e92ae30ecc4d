import { utcText, type Sql } from '@gpo/persistence';
import type { BreakKind } from './breaks.js';
import { amountText } from './amount-text.js';

/** How a break stands: `explained` by later statements, `settled` by an operator. */
export const BREAK_STATES = ['open', 'explained', 'settled'] as const;
export type BreakState = (typeof BREAK_STATES)[number];

export interface BreakFilter {
  lane?: string;
  kind?: BreakKind;
  state?: BreakState;
  batchId?: string;
  /** After this time, and this id among those of the same time. */
  after?: { at: string; id: string };
  limit: number;
}

/** A break as users see it: amounts are decimal text, times UTC. */
export interface ReadBreak {
  break_id: string;
  lane: string;
  kind: BreakKind;
  state: BreakState;
  batch_id: string | null;
  sender_id: string | null;
  transaction_id: string | null;
  reference_id: string | null;
  disbursement_id: string | null;
  /** Account and day of the booking, and the rail's own reference of it. */
  account: string | null;
  booked_on: string | null;
  booking: string | null;
  currency_code: string;
  expected: string | null;
  actual: string | null;
  opened_at: string;
  closed_at: string | null;
  settled_by: string | null;
  reason: string | null;
}

const QUERY = `
  SELECT r.break_id, r.lane, r.kind, coalesce(r.closed_as, 'open') AS state, d.batch_id, b.sender_id, b.transaction_id, d.reference_id,
         r.disbursement_id, k.account, k.booked_on::text AS booked_on, k.reference AS booking, r.currency_code,
         r.expected_minor AS expected, r.actual_minor AS actual, ${utcText('r.opened_at')} AS opened_at, ${utcText('r.closed_at')} AS closed_at,
         r.actor AS settled_by, r.reason
    FROM reconciliation_break r
    LEFT JOIN disbursement d ON d.disbursement_id = r.disbursement_id
    LEFT JOIN batch b ON b.batch_id = d.batch_id
    LEFT JOIN booking k ON k.booking_id = r.booking_id
   WHERE ($1::text IS NULL OR r.lane = $1) AND ($2::text IS NULL OR r.kind = $2)
     AND ($3::text IS NULL OR coalesce(r.closed_as, 'open') = $3) AND ($4::uuid IS NULL OR d.batch_id = $4)
     AND ($5::timestamptz IS NULL OR (r.opened_at, r.break_id) > ($5, $6::uuid))
   ORDER BY r.opened_at, r.break_id LIMIT $7`;

/** What rail and record did or do not agree about, the oldest first. */
export async function readBreaks(sql: Sql, filter: BreakFilter): Promise<ReadBreak[]> {
  const { lane, kind, state, batchId, after, limit } = filter;
  const asked = [lane ?? null, kind ?? null, state ?? null, batchId ?? null];
  const rows = await sql.query<ReadBreak[]>(QUERY, [...asked, after?.at ?? null, after?.id ?? null, limit]);
  return rows.map((row) => {
    const text = (minor: string | null): string | null => amountText(minor, row.currency_code);
    return { ...row, expected: text(row.expected), actual: text(row.actual) };
  });
}
